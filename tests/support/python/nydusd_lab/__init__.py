# SPDX-License-Identifier: Apache-2.0
"""A nydusd to ask, the real one or a fake, and the bytes of its API."""
