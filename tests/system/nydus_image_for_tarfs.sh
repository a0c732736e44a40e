#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Stands in for a nydus-image that makes tarfs, which the crate of nydus-image 2.2.0 cannot. It makes
# empty files where nydus-snapshotter wants some, and tells made-up dm-verity information.
set -eu
verb=$1
output='' verity='' last=''
while [ $# -gt 0 ]; do
  case $1 in
    --bootstrap) [ "$verb" = export ] || output=$2 ;;
    --output) output=$2 ;;
    --verity) verity=yes ;;
  esac
  last=$1
  shift
done
# The layer comes through a pipe.
[ "$verb" != create ] || cat "$last" >/dev/null
: >"$output"
[ -z "$verity" ] || printf 'dm-verity options: --no-superblock --format=1 -s "" --hash=sha256 %s %s %s\n' \
  '--data-block-size=512 --hash-block-size=4096' '--data-blocks 2361 --hash-offset 1212416' \
  "$(printf %s "$output" | sha256sum | cut -d ' ' -f 1)"
