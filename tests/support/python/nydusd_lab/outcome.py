# SPDX-License-Identifier: Apache-2.0
"""How a verb of the tool failed."""


def failed(done, status, *parts):
    """One line on standard error that says all `parts`, and nothing else."""
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.count("\n") == 1
    for part in parts:
        assert part in done.stderr
