# SPDX-License-Identifier: Apache-2.0
"""nydusd can make 255 mounts in its life. What it refuses is none, and what is refused before it is asked even less."""

import pytest
from kata_lab.refusal import refused
from mount_lab.payloads import extra_option

pytest_plugins = ["kata_lab.fixtures"]

MORE_THAN_NYDUSD_COUNTS = 260

SOURCES = {"no-image": ("/etc/passwd", 32, "nydusd says"), "relative": ("image.boot", 1, "is no absolute path")}


@pytest.mark.parametrize("name", SOURCES)
def test_refused_images_do_not_use_up_a_sandbox(sandbox, container, name):
    source, code, why = SOURCES[name]
    content = {
        "source": source,
        "config": container.image.configuration(container.cache),
        "snapshotdir": str(container.snapshot),
    }
    options = container.options().replace(container.payload(), extra_option(content))
    for _ in range(MORE_THAN_NYDUSD_COUNTS):
        refused(container.hand_over_command(options), why, code=code)
    container.hand_over()
    assert sandbox.show()["containers"] == [{"id": "c", "phase": "shared"}]
