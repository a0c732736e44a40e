# SPDX-License-Identifier: Apache-2.0
"""Which releases a test runs on, where not on all."""

import pytest

# For what one release shows for all of them.
on_debian_12 = pytest.mark.parametrize("release", ["debian12"], indirect=True, scope="module")
