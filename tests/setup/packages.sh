# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154 # setup_directory and cache come from library.sh
# Debian packages that get installed. apt is only asked when one is missing, so a prepared machine needs no network.

# missing_packages LIST: the packages of packages/LIST that are not installed.
missing_packages() {
  local package
  while read -r package; do
    # shellcheck disable=SC2016 # dpkg-query expands it
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || printf '%s\n' "$package"
  done < <(grep -v '^#' "$setup_directory/packages/$1")
}

# announce_packages LIST...: one line on what apt is going to fetch.
announce_packages() {
  local list packages=() sizes
  for list in "$@"; do
    mapfile -t -O "${#packages[@]}" packages < <(missing_packages "$list")
  done
  [[ ${#packages[@]} -gt 0 ]] || return 0
  refresh_package_lists "${packages[@]}"
  sizes=$(LC_ALL=C apt-get install --assume-no --no-install-recommends "${packages[@]}" 2>/dev/null |
    sed -n -e 's/^Need to get \([^/]* [kMG]\?B\).*/\1 to download/p' -e 's/^After this operation, \(.* [kMG]\?B\) .*/, \1 on disk/p' |
    tr -d '\n') || true
  say "Debian packages to install: ${packages[*]} (${sizes:-size unknown})"
}

# refresh_package_lists PACKAGE...: a fresh root has no package lists at all.
refresh_package_lists() {
  apt-get install --simulate --no-install-recommends "$@" >/dev/null 2>&1 && return 0
  say "fetching the Debian package lists (about 20 MB)"
  apt-get update -q >/dev/null || fail "apt-get update failed: no Debian mirror reachable; check the network and /etc/apt/sources.list"
}

# install_packages LIST: installs what is missing of packages/LIST.
install_packages() {
  local packages
  mapfile -t packages < <(missing_packages "$1")
  [[ ${#packages[@]} -gt 0 ]] || return 0
  [[ $(id -u) == 0 ]] || fail "these Debian packages are missing and only root can install them: ${packages[*]}"
  refresh_package_lists "${packages[@]}"
  say "installing ${#packages[@]} Debian packages"
  mkdir -p "$cache"
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
    -o DPkg::Lock::Timeout=600 "${packages[@]}" >"$cache/apt.log" 2>&1 ||
    fail "apt-get could not install ${packages[*]}; last words in $cache/apt.log (outdated package lists? try apt-get update)"
}
