# SPDX-License-Identifier: Apache-2.0
"""Sandboxes of Kata on a node of their own: real nydusd, real images, and what is left of them."""
