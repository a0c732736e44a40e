#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the files that lie beside this script, switches a node to them in one step, and takes them back. See --help.
#
# It must run where little else does: a POSIX shell and the programs of coreutils, or busybox. Where there is flock, two
# runs at once keep out of each other's way.
#
# Every file is first written whole beside its destination; only then do they get their names, each by one rename. So a
# full disk changes nothing, and there is no moment without a helper. What is going to be in place is written down
# before (the record), so that whoever comes after a killed run knows what is ours. Both are on the disk before anything
# gets a new name, and the new names before the record forgets the old ones: losing power is no worse than a kill.
set -u
umask 022
LC_ALL=C
export LC_ALL
# With it `cd` goes elsewhere, and says so on standard output.
unset CDPATH

readonly helper=sbin/nydus-overlayfs
readonly tool=nydus-overlayctl
# Where the helper looks for the tool first. Below any other prefix the tool must lie beside the helper, too.
readonly compiled_in_prefix=/usr/local
readonly newline='
'

usage() {
  cat <<END
usage: install.sh [--uninstall] [--prefix DIR] [--root DIR] [--helper-only] [--dry-run]

Installs the mount helper nydus-overlayfs, $tool and their documents from the folder of this script.
A file that is in the way and is not ours is kept, and --uninstall puts it back. May be repeated, and interrupted at
any time: the next run completes it, or --uninstall takes it back.

  --prefix DIR   where to install (default /usr/local)
  --root DIR     the root of the node, as seen from a container (default /); links in it stay in it
  --helper-only  the mount helper alone
  --uninstall    removes what was installed, except what was changed since
  --dry-run      says what would be done
END
}

# Names in a node's root may hold anything.
say() {
  printf 'install.sh: %s\n' "$*" | tr -c '\012\040-\176' '?'
}

fail() {
  say "error: $*" >&2
  exit 1
}

# want IDENTITY PATH
want() {
  wanted="$wanted$newline$1  $2"
  case $2 in sbin/*) helpers="$helpers $2" ;; *) documents="$documents $2" ;; esac
}

# The files of this archive as `wanted` and `paths`; the helper's names come last, and the one on PATH at the very end.
read_archive() {
  [ -f "$archive/SHA256SUMS" ] || fail "$archive/SHA256SUMS is missing: unpack the whole archive"
  wanted='' helpers='' documents='' left_out=''
  while read -r sum path; do
    path=${path#\*} path=${path#./}
    is_harmless "$path" || continue
    if [ -n "$helper_only" ] && [ "${path%%/*}" != sbin ]; then left_out="$left_out$newline$sum  "; continue; fi
    identify "$archive/$path"
    [ "$identity" = "$sum" ] || fail "$archive/$path is not what SHA256SUMS says: unpack the archive again"
    want "$sum" "$path"
    [ "$path" != bin/$tool ] || [ "$prefix" = $compiled_in_prefix ] || want "$sum" sbin/$tool
  done <"$archive/SHA256SUMS"
  target=$(readlink "$archive/$helper") || fail "$archive/$helper is missing: unpack the whole archive"
  case $wanted$newline in
    *"  sbin/$target$newline"*) ;;
    *) fail "$archive/$helper leads to no file of SHA256SUMS" ;;
  esac
  want "link:$target" $helper
  paths="$documents $helpers"
}

# What follows is told the path below the prefix. Here: writes the file of the archive as `new`.
write_new() {
  source=$archive/$1
  [ "$1" != sbin/$tool ] || source=$archive/bin/$tool
  cp "$source" "$new" || return 1
  if [ -x "$source" ]; then chmod 755 "$new"; else chmod 644 "$new"; fi || return 1
  flush "$new" || return 1
  identify "$new"
  case $wanted$newline in
    *"$newline$identity  $1$newline"*) ;;
    *) complain "$new was not written as it should be" || return 1 ;;
  esac
  case $1 in sbin/mount.*) ;; *) return 0 ;; esac
  "$new" --version >/dev/null || complain "$new does not run on this machine"
}

# Writes the new file beside its destination, and gives what is there a second name.
stage() {
  locate "$1" && mkdir -p "$directory" || return 1
  [ -L "$located" ] || [ ! -d "$located" ] || complain "$located is a directory" || return 1
  remove_temporary || return 1
  staged="$1 $staged"
  if [ "$1" = $helper ]; then ln -s "$(readlink "$archive/$helper")" "$new"; else write_new "$1"; fi || return 1
  is_there "$located" || return 0
  keep "$located" "$old" || complain "cannot keep $located" || return 1
  if is_ours "$1" || are_same "$located" "$kept"; then return; fi
  keep "$located" "$kept-new" || return 1
  say "keeping what is in place: $located"
}

# The new file gets the name. Two paths may be one file, where sbin is a link to bin: then the first has got it.
switch() {
  locate "$1" || return 1
  is_there "$new" || return 0
  switched="$1 $switched"
  if is_there "$kept-new"; then
    if is_there "$kept"; then keep "$kept" "$kept-old" || return 1; else newly_kept="$newly_kept $1 "; fi
    rename "$kept-new" "$kept" && flush "$directory" || return 1
  fi
  rename "$new" "$located"
}

# Undoes a switch, wherever it has failed. What is still in place stays: its second name may be a mere copy.
undo() {
  locate "$1" || return 1
  if ! is_there "$new" || ! is_there "$located"; then
    if is_there "$old"; then rename "$old" "$located"; else rm -f "$located"; fi || return 1
  fi
  if is_there "$kept-old"; then rename "$kept-old" "$kept" || return 1; fi
  case $newly_kept in *" $1 "*) rm -f "$kept" ;; esac
}

# What we replaced has its name again, or nothing has it.
take_back() {
  locate "$1" && remove_temporary || return 1
  if is_listed "$1" "$recorded" || [ "$identity" = absent ]; then
    if is_there "$kept"; then
      keep "$kept" "$new" && flush "$directory" && rename "$new" "$located" || return 1
      ! is_listed "$1" "$recorded" || disclaim "$1" || return 1
      rm -f "$kept" || return 1
      say "put back $located"
    elif [ "$identity" != absent ]; then
      rm -f "$located" || return 1
      say "removed $located"
    fi
    return 0
  fi
  if are_same "$located" "$kept"; then rename "$kept" "$located"; return; fi
  say "left $located: it is not what was installed"
  ! is_there "$kept" || say "what was there before us is $kept"
}

# Sets `on_path` if the helper goes to a directory of the node's PATH; refuses if another helper comes before.
foresee_path() {
  on_path='' earlier=''
  resolve "$prefix/sbin" || exit 1
  destination=$resolved
  for directory in $node_path; do
    resolve "$directory" 2>/dev/null || continue
    if [ "$resolved" = "$destination" ]; then on_path=yes; break; fi
    if is_program "$directory/nydus-overlayfs" && [ "${resolved%/*}" != "$destination" ]; then
      earlier="$earlier $directory/nydus-overlayfs"
    fi
  done
  [ -z "$on_path" ] || [ -z "$earlier" ] ||
    fail "on the node's PATH$earlier comes before $prefix/$helper: remove it or use --prefix /usr/local; nothing changed"
}

# Whether the node finds ours; says so.
judge_path() {
  resolve "$prefix/$helper" || return 1
  ours=$root$resolved
  find_on_path nydus-overlayfs
  if [ "$found_file" = "$ours" ]; then
    say "on the node's PATH nydus-overlayfs is $found, which is this one"
  elif [ -z "$on_path" ]; then
    say "$prefix/sbin is not on the node's PATH, where nydus-overlayfs is ${found:-missing};" \
      "to use this one set nydus_overlayfs_path = \"$prefix/$helper\" for nydus-snapshotter"
  else
    complain "the node would run ${found:-nothing} and not $prefix/$helper" || return 1
  fi
  find_on_path mount.fuse
  [ -n "$found" ] ||
    say "warning: no mount.fuse on the node's PATH: containerd needs it to call the helper (package fuse3 or fuse)"
}

# Whoever changes anything below the prefix holds its lock; so an installation makes the prefix first.
lock() {
  resolve "$prefix" || exit 1
  [ -d "$root$resolved/." ] || return 0
  command -v flock >/dev/null || return 0
  exec 9<"$root$resolved/."
  flock -n 9 || fail "another install.sh is at work in $root$resolved"
}

# What does not work, and what to do about it.
readonly cannot_write='(if it is read-only or full, --prefix DIR chooses another place)'

make_prefix() {
  note_missing_directories ./any && resolve "$prefix" && mkdir -p "$root$resolved" && return
  remove_directories
  fail "cannot write below $root$prefix $cannot_write; nothing changed"
}

# What a killed run has left beside paths that this one did not stage is nothing to go by.
give_up() {
  outcome='nothing changed'
  for path in $switched; do undo "$path" || outcome='not all could be undone: run it again, or --uninstall'; done
  for path in $staged; do locate "$path" && remove_temporary; done
  rm -f "$record.new"
  [ -n "$recorded" ] || rm -f "$record"
  remove_directories
  directories=$recorded_directories
  [ -z "$recorded" ] || write_record "$recorded" 2>/dev/null
  fail "$1; $outcome"
}

prepare() {
  # shellcheck disable=SC2086 # words
  note_missing_directories lib/nydus-overlayfs/any $paths && claim || return 1
  mkdir -p "${record%/*}" && write_record "$recorded$claimed" || return 1
  for path in $paths; do stage "$path" || return 1; done
}

# Takes back what an earlier version had and this one has not. The helper alone leaves the rest as it is: `left`.
finish() {
  left='' flushed=''
  for path in $recorded_paths; do
    case "$paths " in *" $path "*) continue ;; esac
    locate "$path" || return 1
    if [ -z "$helper_only" ]; then
      take_back "$path" || return 1
    elif is_listed "$path" "$recorded"; then
      left="$newline$identity  $path$left"
      case $left_out in *"$newline$identity  "*) ;; *) another_version=yes ;; esac
    fi
  done
  for path in $paths; do
    locate "$path" && remove_temporary || return 1
    [ "$directory" = "$flushed" ] || flush "$directory" || return 1
    flushed=$directory
  done
  write_record "$wanted$left"
}

install() {
  read_archive
  foresee_path
  [ -n "$dry_run" ] || make_prefix
  lock
  read_record
  if [ -n "$dry_run" ]; then
    for path in $paths; do
      locate "$path" || exit 1
      also=' and keep what is there'
      if is_ours "$path" || ! is_there "$located"; then also=''; fi
      say "would install $located$also"
    done
    return
  fi
  staged='' switched='' newly_kept='' another_version=''
  prepare || give_up "cannot write below $root$prefix $cannot_write"
  for path in $paths; do
    switch "$path" || give_up "cannot switch $prefix/$path"
  done
  judge_path || give_up "another helper would run"
  finish || fail "cannot finish: run it again, or --uninstall"
  say "installed $("$ours" --version) below $prefix"
  [ -z "$another_version" ] ||
    say "the tool and the documents below $prefix stay those of another version: --helper-only does not change them"
}

uninstall() {
  lock
  read_record
  for path in $recorded_paths; do
    if [ -n "$dry_run" ]; then
      locate "$path" || exit 1
      if is_listed "$path" "$recorded"; then say "would take back $located"; fi
    else
      take_back "$path" || fail "cannot take back $prefix/$path: run --uninstall again"
    fi
  done
  [ -z "$dry_run" ] || return 0
  [ -n "$recorded" ] || say "nothing was installed below $prefix"
  rm -f "$record.new" "$record" || fail "cannot remove $record: run --uninstall again"
  remove_directories
  find_on_path nydus-overlayfs
  say "on the node's PATH nydus-overlayfs is now ${found:-missing}"
}

read_arguments() {
  prefix=/usr/local root='' helper_only='' dry_run='' action=install
  while [ $# -gt 0 ]; do
    case $1 in --prefix | --root) [ -n "${2:-}" ] || fail "$1 needs a directory" ;; esac
    case $1 in
      --prefix) prefix=$2; shift ;;
      --root) root=$2; shift ;;
      --helper-only) helper_only=yes ;;
      --uninstall) action=uninstall ;;
      --dry-run) dry_run=yes ;;
      -h | --help) usage; exit 0 ;;
      *) usage >&2; exit 1 ;;
    esac
    shift
  done
  prefix=${prefix%/}
  case $prefix/ in
    [!/]* | / | *[!A-Za-z0-9._/+@:-]* | */../* | */./* | *//*)
      fail "--prefix must be an absolute path below /, plain: letters, digits and ._+@:-"
      ;;
  esac
  [ -n "$root" ] || return 0
  root=$(cd "$root" && pwd -P) || fail "--root: no such directory"
  root=${root%/}
}

main() {
  read_arguments "$@"
  archive=$(cd "$(dirname "$0")" && pwd -P) || fail "cannot find the folder of this script"
  [ "$(id -u)" = 0 ] || fail "only root can do this: the files must belong to root"
  [ -f "$archive/node-files.sh" ] || fail "$archive/node-files.sh is missing: unpack the whole archive"
  # shellcheck source=node-files.sh
  . "$archive/node-files.sh"
  resolve "$prefix/lib/nydus-overlayfs" || exit 1
  record=$root$resolved/installed
  wanted='' directories=''
  $action
}

main "$@"
