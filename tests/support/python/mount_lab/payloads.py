# SPDX-License-Identifier: Apache-2.0
"""Payloads, good ones and ones broken in a chosen place."""

import base64
import copy
import json

from nydus_stack.payload import verity

EXTRA_OPTION = {"source": "/snapshots/3/image.boot", "config": "{}", "snapshotdir": "/snapshots/4", "fs_version": "v6"}
VERITY = verity()
VOLUME = {
    "volume_type": "image_raw_block",
    "source": "/snapshots/3/disk",
    "fs_type": "erofs",
    "options": ["ro"],
    "dm_verity": VERITY,
}
GONE = object()


def changed(document, path, value):
    """A copy with one member replaced, added, or taken out (GONE). `path` is its name, or names joined by dots."""
    document = copy.deepcopy(document)
    place = document
    *above, name = path.split(".")
    for member in above:
        place = place[member]
    if value is GONE:
        del place[name]
    else:
        place[name] = value
    return document


def encode(content):
    text = content if isinstance(content, (str, bytes)) else json.dumps(content)
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def extra_option(content=None):
    return "extraoption=" + encode(EXTRA_OPTION if content is None else content)


def kata_volume(content=None):
    return "io.katacontainers.volume=" + encode(VOLUME if content is None else content)
