# SPDX-License-Identifier: Apache-2.0
"""What system calls a helper makes, as strace(1) sees them."""

from mount_lab.running import run


def traced(log, calls, *command, inject=(), **settings):
    """Runs a command; its outcome and one line per call of the named kinds. `inject` holds strace's own terms."""
    tampering = [word for term in inject for word in ("-e", f"inject={term}")]
    strace = ["strace", "-f", "-qq", "-s", "200000", "-o", str(log), "-e", f"trace={calls}", *tampering, "--"]
    outcome = run(*strace, *command, **settings)
    return outcome, log.read_text(errors="replace").splitlines()
