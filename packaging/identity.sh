# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # whoever sources this uses them
# What every package says of itself. The version has its home in CMakeLists.txt.

# With it `cd` goes elsewhere, and says so on standard output.
unset CDPATH
project_directory=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

# Placeholders, until somebody gives the real ones.
readonly maintainer=${NYDUS_MAINTAINER:-nydus-overlayfs maintainers <maintainers@nydus-overlayfs.example>}
readonly homepage=${NYDUS_HOMEPAGE:-https://nydus-overlayfs.example}

version=$(sed -n 's/^project(nydus-overlayfs VERSION \([0-9.]*\) .*/\1/p' "$project_directory/CMakeLists.txt")
[[ -n $version ]] || {
  printf 'packaging: no version in CMakeLists.txt\n' >&2
  exit 1
}

readonly project_directory version

# Whether the tree is a git work tree; an unpacked source archive is none, though there may be one around it.
is_work_tree() {
  [[ -e $project_directory/.git ]] || return 1
  [[ $(git -C "$project_directory" rev-parse --show-toplevel) == "$project_directory" ]] || {
    printf 'packaging: git does not know %s, which has a .git\n' "$project_directory" >&2
    exit 1
  }
}

# Whether the other places that say the version say the same.
check_versions() {
  local said place
  for place in debian/changelog rpm/nydus-overlayfs.spec; do
    said=$(sed -nE '1s/^nydus-overlayfs \(([^)-]*)-[^)]*\) .*/\1/p; s/^Version:[[:space:]]*//p' "$project_directory/packaging/$place")
    [[ $said == "$version" ]] || {
      printf 'packaging: packaging/%s says version %s, CMakeLists.txt %s\n' "$place" "${said:-nothing}" "$version" >&2
      return 1
    }
  done
}

# Of the last commit; in a tree without commits, or from a source archive, of a file that every version changes.
time_of_tree() {
  { is_work_tree && git -C "$project_directory" log -1 --format=%ct 2>/dev/null; } ||
    stat --format=%Y "$project_directory/CMakeLists.txt"
}

# The time that every file of an artefact bears, so that two builds of one commit are the same (seconds since 1970).
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(time_of_tree)}
export SOURCE_DATE_EPOCH

# A text that sed puts in between commas as it is.
as_replacement() {
  # shellcheck disable=SC2001 # what & means in ${variable//} depends on bash's version
  sed 's/[&,\\]/\\&/g' <<<"$1"
}

# fill_in FILE...: writes version, maintainer and home page where the files say @VERSION@, @MAINTAINER@ and @HOMEPAGE@.
fill_in() {
  sed -i "s,@VERSION@,$version,g; s,@MAINTAINER@,$(as_replacement "$maintainer"),g
    s,@HOMEPAGE@,$(as_replacement "$homepage"),g" "$@"
}
