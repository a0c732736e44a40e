# SPDX-License-Identifier: Apache-2.0
"""/etc/nydus-overlayfs/config.toml: what it says for mounts that leave it out, and that nothing is guessed."""

import os
import shutil
from pathlib import Path

import pytest
from kata_lab.hand_over import assert_refused, mount, settings_of
from mount_lab.running import check, private_copy

pytest_plugins = ["kata_lab.fixtures"]

MARKER = "HUNTER2SECRET"


@pytest.fixture
def configuration(node):
    """Where the node's configuration lies."""
    scratch = Path("/run/etc")
    scratch.mkdir()
    with private_copy("/etc", scratch) as etc:
        (etc / "nydus-overlayfs").mkdir()
        yield etc / "nydus-overlayfs" / "config.toml"
    shutil.rmtree(scratch)


def test_configured(container, configuration):
    """Sandbox, layout and snapshot roots come from the file where the mount does not name them."""
    configuration.write_text(f"sandbox = 's'\nlayout = 'go'\nsnapshot_roots = ['{container.snapshot.parent}']\n")
    options = f"nydus.mode=kata,nydus.container=c,{container.payload()}"
    check(mount(container, options))
    assert container.sandbox.show()["containers"] == [{"id": "c", "phase": "shared"}]


WRONG_CONFIGURATIONS = {
    "key": ("\nsandbocks = 's'\n", "config.toml: line 2: 'sandbocks' is not known"),
    "type": ("sandbox = 's'\n\nsnapshot_roots = '/'\n", "line 3: 'snapshot_roots' is not an array"),
    "value": (f"sandbox = '/{MARKER}'\n", "line 1: 'sandbox' is not an identifier"),
    "syntax": ("sandbox = 's'\nlayout = \n", "line 2"),
}


@pytest.mark.parametrize("name", WRONG_CONFIGURATIONS)
def test_wrong_configuration(container, configuration, name):
    text, phrase = WRONG_CONFIGURATIONS[name]
    configuration.write_text(text)
    message = assert_refused(container, 1, (settings_of(container), container.options()), phrase)
    assert MARKER not in message
    outcome = container.sandbox.node.run_tool("sandbox", "create", "t")
    assert outcome.code == 1 and phrase in outcome.err


UNTRUSTED = {
    "others-write": lambda file: file.chmod(0o666),
    "not-root's": lambda file: os.chown(file, 65534, 0),
    "link": lambda file: (file.rename(file.with_name("other")), file.symlink_to("other")),
}


@pytest.mark.parametrize("name", UNTRUSTED)
def test_untrusted_configuration(container, configuration, name):
    configuration.write_text("sandbox = 's'\n")
    UNTRUSTED[name](configuration)
    assert_refused(container, 1, (settings_of(container), container.options()), str(configuration))
