# SPDX-License-Identifier: Apache-2.0
"""Configuration files of the neighbours, all paths below one directory."""

import json
from dataclasses import dataclass

from nydus_stack.image import ARCHITECTURE

SNAPSHOTTER = "nydus"

# The garbage collector would take the views that ctr 1.7 makes: it gives them no label to keep them.
CONTAINERD = """version = 2
root = "{directory}/containerd/root"
state = "{directory}/containerd/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt", "io.containerd.internal.v1.tracing",
  "io.containerd.tracing.processor.v1.otlp", "io.containerd.nri.v1.nri", "io.containerd.internal.v1.restart",
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs"]
[grpc]
  address = "{directory}/containerd.sock"
[ttrpc]
  address = "{directory}/containerd.ttrpc"
[plugins."io.containerd.gc.v1.scheduler"]
  startup_delay = "1h"
  schedule_delay = "1h"
[proxy_plugins.{snapshotter}]
  type = "snapshot"
  address = "{directory}/snapshotter.sock"
[proxy_plugins.{snapshotter}.exports]
  root = "{directory}/snapshotter"
  enable_remote_snapshot_annotations = "true"
"""

# containerd 2 pulls in the daemon and has to be told which snapshotter unpacks.
TRANSFER_SERVICE = """[[plugins."io.containerd.transfer.v1.local".unpack_config]]
  platform = "linux/{architecture}"
  snapshotter = "{snapshotter}"
  differ = "walking"
"""

NYDUS_SNAPSHOTTER = """version = 1
root = "{directory}/snapshotter"
address = "{directory}/snapshotter.sock"
daemon_mode = "{daemon_mode}"
cleanup_on_close = true
[system]
enable = true
address = "{directory}/system.sock"
[daemon]
nydusd_config = "{directory}/nydusd.json"
nydusd_path = "{directory}/nydusd"
nydusimage_path = "{nydus_image}"
fs_driver = "{fs_driver}"
recover_policy = "none"
threads_number = 2
log_rotation_size = 1
failover_policy = "resend"
[cgroup]
enable = false
[log]
log_to_stdout = true
level = "info"
[metrics]
address = ""
[remote]
skip_ssl_verify = true
[snapshot]
enable_nydus_overlayfs = {enable_nydus_overlayfs}
nydus_overlayfs_path = "{overlayfs_path}"
enable_kata_volume = {enable_kata_volume}
sync_remove = true
enable_overlayfs_volatile = {volatile}
[cache_manager]
disable = false
gc_period = "24h"
cache_dir = ""
"""

TARFS = """[experimental.tarfs]
enable_tarfs = true
mount_tarfs_on_host = false
export_mode = "{export_mode}"
"""

# nydusd raises its limit of open files when it starts, and gives up where it may not.
NYDUSD = """#!/bin/sh
case "$1" in --version | -V) exec {nydusd} "$@" ;; esac
exec {nydusd} "$@" --rlimit-nofile 0
"""


@dataclass(frozen=True)
class Snapshotter:
    """How nydus-snapshotter is set up. `proxy` needs no nydusd and hands out the layers as they were downloaded."""

    fs_driver: str = "fusedev"
    volatile: bool = False
    daemon_mode: str = "dedicated"
    overlayfs: bool = True
    overlayfs_path: str = "nydus-overlayfs"
    kata_volume: bool = False
    registry_token: str = ""
    tarfs_export: str = ""
    nydus_image: str = ""

    @property
    def is_proxy(self):
        return self.fs_driver == "proxy"


def containerd(directory, has_transfer_service):
    text = CONTAINERD.format(directory=directory, snapshotter=SNAPSHOTTER)
    if has_transfer_service:
        text += TRANSFER_SERVICE.format(architecture=ARCHITECTURE, snapshotter=SNAPSHOTTER)
    return text


def nydus_snapshotter(directory, nydus_image, options):
    def toml(value):
        return "true" if value else "false"

    text = NYDUS_SNAPSHOTTER.format(
        directory=directory,
        nydus_image=options.nydus_image or nydus_image,
        fs_driver=options.fs_driver,
        daemon_mode="none" if options.is_proxy else options.daemon_mode,
        enable_nydus_overlayfs=toml(options.overlayfs and not options.is_proxy),
        overlayfs_path=options.overlayfs_path,
        enable_kata_volume=toml(options.kata_volume or options.is_proxy),
        volatile=toml(options.volatile),
    )
    return text + TARFS.format(export_mode=options.tarfs_export) if options.tarfs_export else text


def nydusd(directory, options):
    registry = {"scheme": "http", "timeout": 5, "connect_timeout": 5, "retry_limit": 2}
    if options.registry_token:
        registry["registry_token"] = options.registry_token
    return json.dumps(
        {
            "device": {
                "backend": {"type": "registry", "config": registry},
                "cache": {"type": "blobcache", "config": {"work_dir": f"{directory}/snapshotter/cache"}},
            },
            "mode": "direct",
            "digest_validate": False,
            "iostats_files": False,
            "enable_xattr": True,
            "fs_prefetch": {"enable": True, "threads_count": 2, "merging_size": 131072, "prefetch_all": False},
        }
    )


def nydusd_wrapper(program):
    return NYDUSD.format(nydusd=program)
