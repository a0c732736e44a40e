# SPDX-License-Identifier: Apache-2.0
"""Packages as a user gets them: built, and installed on a machine that was just set up."""
