# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # whoever sources this uses them
# What every package says of itself. The version has its home in CMakeLists.txt.

project_directory=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Placeholders, until somebody gives the real ones.
readonly maintainer=${NYDUS_MAINTAINER:-nydus-overlayfs maintainers <maintainers@nydus-overlayfs.example>}
readonly homepage=${NYDUS_HOMEPAGE:-https://nydus-overlayfs.example}

version=$(sed -n 's/^project(nydus-overlayfs VERSION \([0-9.]*\) .*/\1/p' "$project_directory/CMakeLists.txt")
[[ -n $version ]] || {
  printf 'packaging: no version in CMakeLists.txt\n' >&2
  exit 1
}

# The time that every file of an artefact bears, so that two builds of one commit are the same (seconds since 1970).
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$project_directory" log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH
readonly project_directory version
