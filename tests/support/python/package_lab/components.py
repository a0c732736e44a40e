# SPDX-License-Identifier: Apache-2.0
"""What our programs contain of others, as packaging/bill-of-materials sees it."""

import importlib.machinery
import importlib.util
import tomllib

from package_lab.artefacts import TREE

SCRIPT = TREE / "packaging" / "bill-of-materials"
COMPONENTS = tomllib.loads((TREE / "packaging" / "components.toml").read_text())["component"]


def load_script():
    """The script as a module."""
    loader = importlib.machinery.SourceFileLoader("bill_of_materials", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("bill_of_materials", loader))
    loader.exec_module(module)
    return module
