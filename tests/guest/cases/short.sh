# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=ash disable=SC2154
# Mounts whose data fits the old interface's page.

for count in 1 2 8; do
  begin "lowers-$count"
  layers "$base" "$count"
  mount_with "$writable,lowerdir=$list"
  content top "$target/top"
  content last "$target/own-$count"
  echo new >"$target/written"
  content upper "$upper/written"
  end
done

begin one-lower-read-only
layer "$base/1" 1
mount_with "rw,lowerdir=$base/1,dev,suid"
fact layer-mountinfo "$(grep ' /cases ' /proc/self/mountinfo)"
content top "$target/top"
(echo x >"$target/refused") 2>/dev/null
fact write-rc $?
end

begin two-lowers-read-only
layers "$base" 2
mount_with "ro,lowerdir=$list"
content top "$target/top"
content last "$target/own-2"
end

begin containerd-words
layer "$base/1" 1
mount_with "$writable,lowerdir=$base/1,dev,suid"
end

begin attributes
layer "$base/1" 1
mount_with "rw,nosuid,nodev,noexec,noatime,$writable,lowerdir=$base/1"
end

begin no-proc
layers "$base" 2
# The folder is seen from inside the namespace only, so the facts are gathered there.
export name base target upper work writable list program helper
# shellcheck disable=SC2016 # the inner shell expands
unshare -m sh -c '
  umount -l /proc
  "$program" overlay "$target" -o "$writable,lowerdir=$list" 2>/tmp/errors
  echo "CASE $name rc $?"
  while read -r line; do echo "CASE $name error $line"; done </tmp/errors
  echo "CASE $name top $(head -n 1 "$target/top" 2>&1)"
  mount -t proc proc /proc
  echo "CASE $name mountinfo $(grep " $target " /proc/self/mountinfo)"
'
end

# escaped NAME FOLDER OPTION: FOLDER as a layer and, below another name, as upper and work folder; OPTION is its spelling.
escaped() {
  begin "escape-$1"
  layer "$base/$2" lower
  mkdir -p "$base/u$2" "$base/w$2"
  mount_with "upperdir=$base/u$3,workdir=$base/w$3,lowerdir=$base/$3"
  content top "$target/top"
  echo new >"$target/written"
  content upper "$base/u$2/written"
  end
}
escaped comma 'a,b' 'a\,b'
escaped backslash 'a\b' 'a\\b'
escaped space 'a b' 'a b'
escaped newline 'a
b' 'a
b'

begin escape-colon
layer "$base/a:b" lower
mount_with "$writable,lowerdir=$base/a\:b"
content top "$target/top"
end

begin remount
layer "$base/1" 1
mount_with "rw,nosuid,nodev,$writable,lowerdir=$base/1"
mount_with "ro,remount" read-only-
(echo x >"$target/refused") 2>/dev/null
fact write-rc $?
mount_with "remount,rw" writable-
echo new >"$target/written"
content upper "$upper/written"
end

begin fake
layer "$base/1" 1
"$program" overlay "$target" -f -o "$writable,lowerdir=$base/1"
fact rc $?
record ''
end
