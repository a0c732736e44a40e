# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# shellcheck disable=SC2154 # root, prefix, record and newline are set by install.sh, which sources this
# shellcheck disable=SC2034 # what these functions answer is read there
# The files of a node as install.sh sees them: where they are, whose they are, and the record of what is ours.

# Where containerd looks for nydus-overlayfs: the PATH that systemd gives it.
readonly node_path='/usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin'

# resolve PATH: `resolved` is that path in the node's root, without links and never outside; it need not exist.
resolve() {
  pending=$1 resolved='' links=0
  while [ -n "$pending" ]; do
    component=${pending%%/*}
    case $pending in */*) pending=${pending#*/} ;; *) pending='' ;; esac
    case $component in
      '' | .) continue ;;
      ..) resolved=${resolved%/*}; continue ;;
      *"$newline"*) fail "a newline in a path" ;;
    esac
    if [ -L "$root$resolved/$component" ]; then
      links=$((links + 1))
      [ "$links" -le 40 ] || fail "$1: too many links"
      target=$(readlink "$root$resolved/$component") || fail "$1: cannot read a link"
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
  resolve "$prefix/${1%/*}"
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
  resolve "$1"
  [ -f "$root$resolved" ] && [ -x "$root$resolved" ]
}

# find_on_path NAME: `found` is where the node finds that program, `found_file` the file behind it.
find_on_path() {
  for directory in $node_path; do
    if is_program "$directory/$1"; then found=$directory/$1 found_file=$root$resolved; return; fi
  done
  found='' found_file=''
}

# What is ours is told by lines `IDENTITY  PATH`, of the archive (`wanted`) and of the record (`recorded`).
# identify FILE: `identity` is its checksum, or `link:TARGET`, `absent` or `other`.
identify() {
  if [ -L "$1" ]; then
    identity=link:$(readlink "$1")
  elif [ -f "$1" ]; then
    identity=$(sha256sum <"$1") || fail "cannot read $1"
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

is_harmless() {
  case $1 in
    *[!A-Za-z0-9._/-]* | *..* | */ | *//*) return 1 ;;
    sbin/?* | bin/?* | share/?*) return 0 ;;
  esac
  return 1
}

# What earlier runs put into place: `recorded` and `recorded_paths` (last first); the `directories` made for it, as
# lines, deepest first.
read_record() {
  recorded='' recorded_paths='' directories=''
  [ -f "$record" ] && [ ! -L "$record" ] || return 0
  while read -r identity path; do
    if [ "$identity" = directory ]; then
      directories=$directories$newline$identity'  '$path
    elif is_harmless "$path"; then
      recorded=$recorded$newline$identity'  '$path
      case " $recorded_paths" in *" $path "*) ;; *) recorded_paths="$path $recorded_paths" ;; esac
    fi
  done <"$record"
}

# write_record LINES
write_record() {
  rm -f "$record.new" && printf '%s\n' "$1$directories" >"$record.new" &&
    flush "$record.new" && mv -f "$record.new" "$record"
}

# Adds to `directories` those that are not there yet.
note_missing_directories() {
  for path in lib/nydus-overlayfs/any $paths; do
    resolve "$prefix/${path%/*}"
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
    resolve "$path"
    [ -z "$resolved" ] || rmdir "$root$resolved" 2>/dev/null
  done <<END
ours $prefix/lib/nydus-overlayfs$directories
END
  return 0
}

# Not every sync takes files.
flush() {
  sync "$@" 2>/dev/null || sync
}

# keep FILE NAME: the same file by another name; where links are not possible, a copy.
keep() {
  rm -f "$2" && { ln "$1" "$2" 2>/dev/null || cp -pP "$1" "$2"; }
}

# are_same FILE FILE: mv refuses two names of one file.
are_same() {
  identify "$1"
  first=$identity
  identify "$2"
  [ "$identity" = "$first" ]
}
