# SPDX-License-Identifier: Apache-2.0
"""Mounts and processes are told by numbers that hold in one namespace: in any other a sandbox is left alone."""

import pytest
from kata_lab.refusal import refused_without_a_change

pytest_plugins = ["kata_lab.fixtures"]

REASON = "sandbox s was made in another mount or process namespace"
OTHER_NAMESPACES = {
    "mount": ["unshare", "--mount", "--propagation", "unchanged"],
    "private-mount": ["unshare", "--mount", "--propagation", "private"],
    "process": ["unshare", "--pid", "--fork"],
    "both": ["unshare", "--pid", "--fork", "--mount", "--propagation", "unchanged", "--mount-proc"],
}


@pytest.mark.parametrize("layout", ("go", "rs"))
@pytest.mark.parametrize("name", OTHER_NAMESPACES)
def test_sandbox_of_another_namespace(node, image_of_version, name, layout):
    sandbox = node.sandbox("s", layout).create()
    shared, new = (sandbox.container(name, image_of_version["6"]) for name in ("shared", "new"))
    shared.hand_over()
    verb_input = {"stdin": None, "input": new.options().encode()}
    for command, settings in (
        (new.hand_over_command(), {}),
        (shared.hand_over_command(), {}),
        (new.share_command(), verb_input),
        (shared.unshare_command(), {}),
        (sandbox.create_command(), {}),
        (sandbox.delete_command(), {}),
        ([node.tool, "nydusd", "status", "--sandbox=s"], {}),
        ([node.tool, "nydusd", "mount", "/m", "--type=passthrough_fs", "--source=/", "--sandbox=s"], {}),
        ([node.tool, "nydusd", "stop", "--sandbox=s"], {}),
    ):
        refused_without_a_change(command, REASON, through=OTHER_NAMESPACES[name], **settings)
    new.hand_over()
    shared.unshare()
    sandbox.delete()
    assert node.left_over() == []
