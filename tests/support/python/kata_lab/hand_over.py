# SPDX-License-Identifier: Apache-2.0
"""Mounts in mode kata by the helper, and how one has to look that is refused."""

import os
import select
import signal

from mount_lab.running import run

from kata_lab.inventory import take_inventory

PATIENCE = 10


def target_of(container):
    return container.snapshot / "empty"


def mount(container, *options, switches=(), target=None, **settings):
    """The helper with these options alone."""
    words = ",".join(option for option in options if option)
    target = target_of(container) if target is None else target
    return run(container.sandbox.node.helper, "overlay", target, *switches, "-o", words, **settings)


def settings_of(container):
    return f"nydus.mode=kata,nydus.sandbox={container.sandbox.name},nydus.container={container.name}"


def assert_refused(container, code, options, *phrases, target=None, switches=()):
    """One line that begins with the directory, a code of mount(8), and nothing is there that was not there before."""
    before = take_inventory()
    target = target_of(container) if target is None else target
    outcome = mount(container, *options, target=target, switches=switches)
    assert (outcome.code, outcome.out) == (code, ""), outcome
    assert outcome.err.startswith(f"mount.fuse.nydus-overlayfs: {target}: "), outcome
    assert outcome.err.endswith("\n") and outcome.err.count("\n") == 1, outcome
    for phrase in phrases:
        assert phrase in outcome.err
    assert take_inventory().difference(before) == []
    return outcome.err


def end_process(number):
    """Kills a process and waits until it has ended."""
    process = os.pidfd_open(number)
    try:
        signal.pidfd_send_signal(process, signal.SIGKILL)
        assert select.select([process], [], [], PATIENCE)[0]
    finally:
        os.close(process)
