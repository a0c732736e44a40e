# SPDX-License-Identifier: Apache-2.0
"""The neighbours of the mount helper as in production: registry, containerd, nydus-snapshotter, nydusd, runc."""
