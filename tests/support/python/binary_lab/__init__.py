# SPDX-License-Identifier: Apache-2.0
"""Programs as files: what they link, and how each kind of them is hardened."""

import stat
import subprocess

# Feature, and for each kind of program True or the reason why the feature cannot apply. Where a reason stands the
# feature must be absent, so that the table is corrected when the reason goes away.
NO_PIE = "static-PIE costs 5 % of the process's start (one relocation pass, one more page fault)"
HARDENING = {
    "stack protector": {"musl": True, "static": True, "shared": True, "tool": True},
    "no executable stack": {"musl": True, "static": True, "shared": True, "tool": True},
    "RELRO": {"musl": True, "static": True, "shared": True, "tool": True},
    "immediate binding": {
        "musl": "nothing is bound at run time",
        "static": "nothing is bound at run time",
        "shared": True,
        "tool": True,
    },
    "position independent": {"musl": NO_PIE, "static": NO_PIE, "shared": True, "tool": True},
    "FORTIFY_SOURCE": {
        "musl": "musl has no checking variants of functions",
        "static": True,
        "shared": True,
        "tool": True,
    },
    "control-flow protection": {
        "musl": "the distribution's musl is built without it, and one object without takes it from all",
        "static": True,
        "shared": True,
        "tool": True,
    },
}


def output_of(*command):
    return subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE, text=True).stdout


def build_id_of(path):
    notes = output_of("readelf", "-nW", path)
    return next(line.split()[-1] for line in notes.splitlines() if "Build ID:" in line)


class Binary:
    """An ELF file as readelf tells of it. Its symbols are its own or, where it is stripped, those of a debug file or
    the dynamic ones."""

    def __init__(self, path, symbols_from=None):
        self.path = path
        self.symbols_from = symbols_from or path
        self.sections = output_of("readelf", "-SW", path)
        self.header = output_of("readelf", "-hW", path)
        self.segments = output_of("readelf", "-lW", path)
        self.dynamic = output_of("readelf", "-dW", path)
        self.symbols = output_of("readelf", "-sW", self.symbols_from)
        if symbols_from:
            self.symbols += output_of("readelf", "--dyn-syms", "-W", path)

    def needed(self):
        lines = [line for line in self.dynamic.splitlines() if "(NEEDED)" in line]
        return {line[line.index("[") + 1 : line.index("]")] for line in lines}

    def has(self, feature):
        stack = next(line for line in self.segments.splitlines() if "GNU_STACK" in line)
        return {
            "stack protector": "__stack_chk_fail" in self.symbols,
            "no executable stack": " RWE " not in stack,
            "RELRO": "GNU_RELRO" in self.segments,
            "immediate binding": "BIND_NOW" in self.dynamic,
            "position independent": "DYN (" in self.header,
            "FORTIFY_SOURCE": "_chk@" in self.symbols or "__fortify_fail" in self.symbols,
            "control-flow protection": "GNU_PROPERTY" in self.segments,
        }[feature]


def hardening_differences(path, kind):
    """What of the table is not as it says, as sentences. A stripped static program has no symbols to tell by."""
    binary = Binary(path)
    by_symbol = {"stack protector", "FORTIFY_SOURCE"} if not binary.symbols.strip() else set()
    return [
        f"{path}: {feature}: {'missing' if kinds[kind] is True else f'present although {kinds[kind]}'}"
        for feature, kinds in HARDENING.items()
        if feature not in by_symbol and binary.has(feature) != (kinds[kind] is True)
    ]


def privileges(folder):
    """The files below a folder that give whoever runs them more than he has."""
    special = [str(path) for path in folder.rglob("*") if path.lstat().st_mode & (stat.S_ISUID | stat.S_ISGID)]
    capable = output_of("getcap", "-r", folder).splitlines()
    return special + capable
