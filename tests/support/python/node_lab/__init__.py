# SPDX-License-Identifier: Apache-2.0
"""Nodes that an installer finds: a root file system with what the installer looks at, and nothing more."""
