# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=ash
# What a case in the guest is made of. Runs under busybox; only reports, never judges: one `CASE name key value` line
# for each fact.

program=/sbin/mount.fuse.nydus-overlayfs
: "${helper:?}"

# begin NAME: a fresh folder for the case, with the target and an upper and work folder in it.
begin() {
  name=$helper/$1
  base=/cases/$name
  target=$base/target
  upper=$base/upper
  work=$base/work
  # shellcheck disable=SC2034 # for the cases
  writable=upperdir=$upper,workdir=$work
  mkdir -p "$target" "$upper" "$work"
}

fact() {
  local key=$1
  shift
  printf 'CASE %s %s %s\n' "$name" "$key" "$*"
}

# layer FOLDER TEXT: a layer whose file `top` shows which layer won, and whose file `own-TEXT` shows that it is there.
layer() {
  mkdir -p "$1"
  echo "$2" >"$1/top"
  echo "$2" >"$1/own-$2"
}

# layers FOLDER COUNT [BELOW]: FOLDER/1, FOLDER/2, ... as layers; sets `list` to them, the first on top.
layers() {
  local number=1
  list=
  while [ "$number" -le "$2" ]; do
    layer "$1/$number${3:+/$3}" "$number"
    list=$list${list:+:}$1/$number${3:+/$3}
    number=$((number + 1))
  done
}

# repeat TEXT COUNT
repeat() {
  printf "%$2s" '' | sed "s/ /$1/g"
}

# mount_with OPTIONS [PREFIX]: runs the helper; reports its exit code, its error lines and what the kernel recorded.
mount_with() {
  local line
  "$program" overlay "$target" -o "$1" >/tmp/output 2>/tmp/errors
  fact "${2:-}rc" $?
  while read -r line; do fact "${2:-}error" "$line"; done </tmp/errors
  [ ! -s /tmp/output ] || fact "${2:-}output" "$(tr '\n' ' ' </tmp/output)"
  record "${2:-}"
}

record() {
  local count
  count=$(grep -c " $target " /proc/self/mountinfo)
  fact "$1mounts" "$count"
  [ "$count" = 0 ] || fact "$1mountinfo" "$(grep " $target " /proc/self/mountinfo | tail -n 1)"
}

# content KEY FILE: the first line of FILE.
content() {
  fact "$1" "$(head -n 1 "$2" 2>&1)"
}

# end: takes the mounts away, so that nothing of a case is seen by the next.
end() {
  while umount "$target" 2>/dev/null; do :; done
}
