# SPDX-License-Identifier: Apache-2.0
"""usage: container_start.py SHOW_USER_IDS

Runs on a node: starts its containerd, with the stand-in snapshotter, and one container by runc. Prints as JSON how that
went.
"""

import json
import subprocess
import sys
from pathlib import Path

from nydus_stack import image, layers
from nydus_stack.programs import InstalledPrograms
from nydus_stack.stack import Stack

# Debian's containerd 1.6 loses the exit status of a helper now and then, at worst of all its calls.
ATTEMPTS = 3
SCRIPT = f"""cat /data/of-layer-2
test ! -e /data/removed && echo removed
echo new >/data/new && cat /data/new
/bin/show-user-ids {layers.USER_ID}
grep ' / / ' /proc/self/mountinfo"""


def doctor():
    done = subprocess.run(["nydus-overlayctl", "doctor", "--json"], capture_output=True, text=True, check=False)
    return {"status": done.returncode, "stdout": done.stdout, "stderr": done.stderr}


def start(show_user_ids):
    with Stack(InstalledPrograms(), None, "1.7") as stack:
        directories = layers.write_sample_layers(stack.directory / "layers", InstalledPrograms.busybox, show_user_ids)
        reference = stack.add_image("sample", image.plain_image(directories))
        for _ in range(ATTEMPTS):
            outcome = stack.run(reference, SCRIPT, "--allow-new-privs")
            if outcome.status == 0 or "ECHILD" not in outcome.errors:
                break
        found = doctor() if Path("/usr/bin/nydus-overlayctl").exists() else None
    return {
        "status": outcome.status,
        "output": outcome.output,
        "errors": outcome.errors,
        "leftovers": stack.leftovers,
        "doctor": found,
    }


if __name__ == "__main__":
    print(json.dumps(start(sys.argv[1])))
