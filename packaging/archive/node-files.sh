# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# shellcheck disable=SC2154 # root, prefix, record and newline are set by install.sh, which sources this
# shellcheck disable=SC2034 # what these functions answer is read there
# The files of a node as install.sh sees them: where they are, whose they are, and the record of what is ours.

# Where containerd looks for nydus-overlayfs: the PATH that systemd gives it.
readonly node_path='/usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin'

# complain TEXT: for a step that fails
complain() {
  say "error: $*" >&2
  return 1
}

# resolve PATH: `resolved` is that path in the node's root, without links and never outside; it need not exist.
resolve() {
  pending=$1 resolved='' links=0
  while [ -n "$pending" ]; do
    component=${pending%%/*}
    case $pending in */*) pending=${pending#*/} ;; *) pending='' ;; esac
    case $component in
      '' | .) continue ;;
      ..) resolved=${resolved%/*}; continue ;;
      *"$newline"*) complain "$1: a newline in a link" || return 1 ;;
    esac
    if [ -L "$root$resolved/$component" ]; then
      links=$((links + 1))
      [ "$links" -le 40 ] || complain "$1: too many links" || return 1
      target=$(readlink "$root$resolved/$component") || complain "$1: cannot read a link" || return 1
      case $target in /*) resolved='' ;; esac
      pending=$target/$pending
    else
      resolved=$resolved/$component
    fi
  done
}

# locate PATH: `located` is the file of that name below the prefix, and beside it lie `new` (staged), `old` (what was
# there before this run) and `kept` (what was there before us). Its directory is resolved, its last name is not.
locate() {
  resolve "$prefix/${1%/*}" || return 1
  directory=$root$resolved
  located=$directory/${1##*/}
  set -- "$directory/.${1##*/}.nydus"
  new=$1-new old=$1-old kept=$1-kept
}

is_there() {
  [ -e "$1" ] || [ -L "$1" ]
}

# is_program PATH: for the node; `resolved` is the file.
is_program() {
  resolve "$1" 2>/dev/null && [ -f "$root$resolved" ] && [ -x "$root$resolved" ]
}

# find_on_path NAME: `found` is where the node finds that program, `found_file` the file behind it.
find_on_path() {
  for directory in $node_path; do
    if is_program "$directory/$1"; then found=$directory/$1 found_file=$root$resolved; return; fi
  done
  found='' found_file=''
}

# What is ours is told by lines `IDENTITY  PATH`, of the archive (`wanted`) and of the record (`recorded`).
# identify FILE: `identity` is its checksum, or `link:TARGET`, `absent`, or `other` for what cannot be read.
identify() {
  if [ -L "$1" ]; then
    identity=link:$(readlink "$1")
  elif [ -f "$1" ]; then
    identity=$(sha256sum <"$1") || identity=other
    identity=${identity%% *}
  elif [ -e "$1" ]; then
    identity=other
  else
    identity=absent
  fi
}

# is_listed PATH LINES: whether what lies there now is in the lines.
is_listed() {
  identify "$located"
  case $2$newline in *"$newline$identity  $1$newline"*) return 0 ;; esac
  return 1
}

# is_ours PATH: what lies there was put there by us. What merely equals ours is its owner's, unless we have been there,
# as what we kept proves.
is_ours() {
  is_listed "$1" "$recorded" && return
  is_there "$kept" && is_listed "$1" "$wanted"
}

is_harmless() {
  case $1 in
    *[!A-Za-z0-9._/-]* | *..* | */ | *//*) return 1 ;;
    sbin/?* | bin/?* | share/?*) return 0 ;;
  esac
  return 1
}

# What earlier runs put into place: `recorded` and `recorded_paths` (last first). `directories` are those made for it,
# as lines, deepest first: the recorded ones, and before them what is in it already.
read_record() {
  recorded='' recorded_paths='' recorded_directories=''
  [ -f "$record" ] && [ ! -L "$record" ] || return 0
  while read -r identity path; do
    if [ "$identity" = directory ]; then
      recorded_directories=$recorded_directories$newline$identity'  '$path
    elif is_harmless "$path"; then
      recorded=$recorded$newline$identity'  '$path
      case " $recorded_paths" in *" $path "*) ;; *) recorded_paths="$path $recorded_paths" ;; esac
    fi
  done <"$record"
  directories=$directories$recorded_directories
}

# with_identity IDENTITY PATH LINES: `changed` is the lines, but of this path it is that identity.
with_identity() {
  changed=''
  while read -r line_identity line_path; do
    case $line_path in '') continue ;; "$2") line_identity=$1 ;; esac
    changed=$changed$newline$line_identity'  '$line_path
  done <<END
$3
END
}

# `claimed` is what to record before anything is changed. What lies there and equals ours by chance is not claimed: the
# identity `foreign` is that of no file.
claim() {
  claimed=$wanted
  for path in $paths; do
    locate "$path" || return 1
    if ! is_listed "$path" "$wanted" || is_ours "$path"; then continue; fi
    with_identity foreign "$path" "$claimed"
    claimed=$changed
  done
}

# disclaim PATH: what lies there equals ours, but is what its owner had there.
disclaim() {
  with_identity foreign "$1" "$recorded"
  recorded=$changed
  write_record "$recorded$wanted"
}

# write_record LINES
write_record() {
  rm -f "$record.new" && printf '%s\n' "$1$directories" >"$record.new" &&
    flush "$record.new" && rename "$record.new" "$record" && flush "${record%/*}"
}

# note_missing_directories PATH...: adds to `directories` those of the paths that are not there yet.
note_missing_directories() {
  for path in "$@"; do
    resolve "$prefix/${path%/*}" || return 1
    chain=''
    while [ -n "$resolved" ] && [ ! -e "$root$resolved" ]; do
      case $directories$newline in *"  $resolved$newline"*) ;; *) chain=$chain$newline'directory  '$resolved ;; esac
      resolved=${resolved%/*}
    done
    directories=$chain$directories
  done
}

# Removes the directories that were made for us, as far as they are empty.
remove_directories() {
  while read -r _ path; do
    resolve "$path" 2>/dev/null && [ -n "$resolved" ] && rmdir "$root$resolved" 2>/dev/null
  done <<END
ours $prefix/lib/nydus-overlayfs$directories
END
  return 0
}

# Not every sync takes files.
flush() {
  sync "$@" 2>/dev/null || sync
}

# keep FILE NAME: the same file by another name. Where links are not possible, a copy; without the privilege to give it
# its owner it belongs to root, and has no rights but the ordinary ones. Never half a file.
keep() {
  rm -f "$2" || return 1
  ln "$1" "$2" 2>/dev/null || cp -pP "$1" "$2" 2>/dev/null || { rm -f "$2" && cp -P "$1" "$2"; } && return
  rm -f "$2"
  return 1
}

# rename FILE NAME: as rename(2). mv refuses two names of one file, and that of busybox a link to a directory.
rename() {
  if is_one_file "$1" "$2"; then rm -f "$1"; return; fi
  if [ -L "$2" ] && [ -d "$2" ]; then rm -f "$2" || return 1; fi
  mv -fT "$1" "$2"
}

is_one_file() {
  first=$(stat -c %d:%i "$1" 2>/dev/null) && [ "$(stat -c %d:%i "$2" 2>/dev/null)" = "$first" ]
}

# are_same FILE FILE: one file, or two of the same content.
are_same() {
  is_one_file "$1" "$2" && return
  identify "$1"
  first=$identity
  identify "$2"
  [ "$identity" = "$first" ] && [ "$identity" != other ]
}

# What a run leaves beside its destinations until its end.
remove_temporary() {
  rm -f "$new" "$old" "$kept-new" "$kept-old"
}
