# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What every script of this directory shares: messages, the cache and how an entry gets into it.

unset CDPATH
setup_directory=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${NYDUS_TEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nydus-overlayfs-tests}
# shellcheck disable=SC2034 # the scripts that source this use them
readonly setup_directory cache

say() {
  printf 'setup: %s\n' "$*"
}

fail() {
  printf 'setup: error: %s\n' "$*" >&2
  exit 1
}

# provide ENTRY PROGRAM [ARGUMENT...]: has PROGRAM fill a new directory (its last argument), then gives that directory
# the name ENTRY. A name in the cache therefore always means a whole entry, whatever was killed when.
provide() {
  local entry=$1 building lock_descriptor started=$SECONDS
  shift
  [[ -d $cache/$entry ]] && return 0
  mkdir -p "$cache"
  exec {lock_descriptor}>"$cache/.$entry.lock"
  flock "$lock_descriptor"
  if [[ ! -d $cache/$entry ]]; then
    rm -rf "$cache/.building-$entry"
    building=$cache/.building-$entry
    mkdir "$building"
    say "$entry: preparing (log: $cache/$entry.log)"
    if ! "$@" "$building" >"$cache/$entry.log" 2>&1; then
      rm -rf "$building"
      fail "$entry: $(explain_failure "$cache/$entry.log")"
    fi
    mv -T "$building" "$cache/$entry"
    say "$entry: ready after $((SECONDS - started)) s, $(du -sm "$cache/$entry" | cut -f1) MB"
  fi
  exec {lock_descriptor}>&-
}

# A source explains itself in the last line that starts with `reason: `; without one the log has to speak.
explain_failure() {
  local reason
  reason=$(sed -n 's/^reason: //p' "$1" | tail -n 1)
  printf '%s; last words in %s' "${reason:-failed}" "$1"
}

# The machine's own Debian mirror, whatever its sources look like. A fresh machine has no package lists to tell it.
debian_mirror() {
  known_debian_mirror || { apt-get update -q >/dev/null 2>&1 && known_debian_mirror; } || {
    reason "apt knows no Debian mirror; run apt-get update and check the network"
    return 1
  } >&2
}

known_debian_mirror() {
  local mirrors
  # shellcheck disable=SC2016 # apt expands it
  mirrors=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' | grep '/debian/*$') || return 1
  printf '%s\n' "${mirrors%%$'\n'*}"
}

# reason TEXT: for the scripts in sources/, whose output is the log.
reason() {
  printf 'reason: %s\n' "$*"
}
