# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=ash disable=SC2154
# Mounts around and above the 4095 bytes that the old interface takes.

parent=$(repeat p 40)/$(repeat q 40)

for count in 64 111; do
  begin "common-parent-$count"
  layers "$base/$parent" "$count" fs
  mkdir -p "$base/$parent/new/fs" "$base/$parent/new/work"
  options=upperdir=$base/$parent/new/fs,workdir=$base/$parent/new/work,lowerdir=$list
  fact bytes "${#options}"
  mount_with "nosuid,nodev,noatime,$options"
  content top "$target/top"
  content first "$target/own-1"
  content middle "$target/own-$((count / 2))"
  content last "$target/own-$count"
  fact layers-seen "$(find "$target" -name 'own-*' | wc -l)"
  echo new >"$target/written"
  content upper "$base/$parent/new/fs/written"
  end
done

# filled_list LENGTH: as many layers as leave one more path to reach LENGTH bytes, one short enough for `lowerdir+`.
filled_list() {
  local count
  count=$((($1 - 130) / (${#base} + ${#parent} + 5)))
  layers "$base/$parent" "$count"
}

# boundary BYTES: data of exactly that many bytes, the last layer's name taking what is missing.
boundary() {
  begin "exactly-$1"
  filled_list $(($1 - ${#writable}))
  last=$base/$(repeat x $(($1 - ${#writable} - ${#list} - ${#base} - 12)))
  layer "$last" last
  options=$writable,lowerdir=$list:$last
  fact bytes "${#options}"
  fact last-path "${#last}"
  mount_with "$options"
  content top "$target/top"
  content last "$target/own-last"
  fact layers-seen "$(find "$target" -name 'own-*' | wc -l)"
  end
}
boundary 4095
boundary 4096

# Cut at 4095 bytes, the last layer's name d12 would become d1, which exists too.
begin truncation
filled_list 4095
last=$base/$(repeat x $((4095 - 9 - ${#list} - 1 - ${#base} - 4)))/d1
layer "$last" wrong
layer "${last}2" right
options=lowerdir=$list:${last}2
fact bytes "${#options}"
fact cut "$(printf %.4095s "$options" | tail -c 4)"
mount_with "ro,$options"
content right "$target/own-right"
content wrong "$target/own-wrong"
end

# many NAME COUNT: layers that are too long even below their common parent.
many() {
  begin "$1"
  layers "$base/n" "$2" "$(repeat z 20)"
  options=$writable,lowerdir=$list
  fact bytes "${#options}"
  mount_with "$options"
  content top "$target/top"
  content last "$target/own-$2"
  fact layers-seen "$(find "$target" -name 'own-*' | wc -l)"
  fact left-in-work "$(ls -A "$work")"
  end
}
many layers-500 500
many layers-501 501

begin long-paths-common-parent
layers "$base/$(repeat p 130)/$(repeat q 130)" 20 fs
options=$writable,lowerdir=$list
fact bytes "${#options}"
mount_with "$options"
content top "$target/top"
content last "$target/own-20"
end

# No parent in common that would shorten anything.
begin long-paths-apart
list=
for number in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  path=$base/$number$(repeat p 130)/$(repeat q 130)
  layer "$path" "$number"
  list=$list${list:+:}$path
done
options=$writable,lowerdir=$list
fact bytes "${#options}"
mount_with "$options"
content top "$target/top"
content last "$target/own-20"
fact left-in-work "$(ls -A "$work")"
end

begin long-escapes
layers "$base/$parent" 60 fs
layer "$base/$parent/a:b" colon
layer "$base/$parent/a,b" comma
layer "$base/$parent/a\\b" backslash
layer "$base/$parent/a b
c" blank
mkdir -p "$base/u,\\b" "$base/w,\\b"
options="upperdir=$base/u\\,\\\\b,workdir=$base/w\\,\\\\b,lowerdir=$list:$base/$parent/a\\:b:$base/$parent/a\\,b:$base/$parent/a\\\\b:$base/$parent/a b
c"
fact bytes "${#options}"
mount_with "$options"
for own in 1 colon comma backslash blank; do
  content "own-$own" "$target/own-$own"
done
echo new >"$target/written"
content upper "$base/u,\\b/written"
end
