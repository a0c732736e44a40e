# SPDX-License-Identifier: Apache-2.0
"""Adds up what gcov tells. usage: gcov --json-format --stdout ... | coverage_summary.py TREE"""

import collections
import json
import pathlib
import sys

FOLDERS = ("base", "snapshot", "mount_helper", "fuse", "kata")


def executed_lines(documents, tree):
    """File -> line -> whether any object file's copy of it was executed."""
    lines = collections.defaultdict(lambda: collections.defaultdict(bool))
    for document in documents:
        for file in document["files"]:
            # The build maps the top of the tree to "." (-ffile-prefix-map), which gcov takes for its own folder.
            path = pathlib.Path(file["file"])
            if path.is_relative_to(document["current_working_directory"]):
                path = tree / path.relative_to(document["current_working_directory"])
            if not path.is_relative_to(tree) or path.relative_to(tree).parts[0] not in FOLDERS:
                continue
            for line in file["lines"]:
                lines[path.relative_to(tree)][line["line_number"]] |= line["count"] > 0
    return lines


def ranges(numbers):
    groups = []
    for number in sorted(numbers):
        if groups and groups[-1][1] == number - 1:
            groups[-1][1] = number
        else:
            groups.append([number, number])
    return ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in groups)


def main():
    tree = pathlib.Path(sys.argv[1]).resolve()
    lines = executed_lines((json.loads(text) for text in sys.stdin if text.strip()), tree)
    for folder in FOLDERS:
        inside = [hit for path, hits in lines.items() if path.parts[0] == folder for hit in hits.values()]
        if inside:
            print(f"{folder:14} {100 * sum(inside) / len(inside):5.1f} % of {len(inside)} lines")
    for path, hits in sorted(lines.items()):
        missed = [number for number, hit in hits.items() if not hit]
        if missed:
            print(f"not executed: {path}: {ranges(missed)}")


if __name__ == "__main__":
    main()
