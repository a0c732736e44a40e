# SPDX-License-Identifier: Apache-2.0
"""Directories to mount, programs to mount them with, and what the kernel records about it."""
