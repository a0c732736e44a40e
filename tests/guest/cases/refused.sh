# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=ash disable=SC2154
# Mounts that must fail and leave nothing behind.

begin payload-not-base64
layer "$base/1" 1
mount_with "$writable,lowerdir=$base/1,extraoption=!!!"
end

begin payload-good
layer "$base/1" 1
payload=$(printf '{"source":"/s","config":"{}","snapshotdir":"/d","fs_version":"6"}' | base64 | tr -d '\n')
mount_with "$writable,lowerdir=$base/1,extraoption=$payload"
content top "$target/top"
end

begin missing-lower
layer "$base/1" 1
mount_with "$writable,lowerdir=$base/1:$base/absent"
fact left-in-work "$(ls -A "$work")"
end

begin unknown-word
layer "$base/1" 1
mount_with "$writable,lowerdir=$base/1,bogus=1"
fact left-in-work "$(ls -A "$work")"
end

begin volatile
layer "$base/1" 1
mount_with "$writable,lowerdir=$base/1,volatile"
content top "$target/top"
end
# The mark of a volatile mount that may have lost data is a warning that must survive a refused mount.
mount_with "$writable,lowerdir=$base/1,volatile" again-
fact mark-kept "$(ls -d "$work/work/incompat/volatile" 2>&1)"
end

begin volatile-upper-missing
layer "$base/1" 1
rmdir "$upper"
mount_with "$writable,lowerdir=$base/1,volatile"
fact mark "$(ls -d "$work/work/incompat/volatile" 2>/dev/null)"
mkdir "$upper"
mount_with "$writable,lowerdir=$base/1,volatile" corrected-
content top "$target/top"
end

# The kernel notices the third level only after it has prepared the work folder.
begin volatile-too-deep
layer "$base/1" 1
for level in 1 2; do
  mkdir -p "$base/level-$level" "$base/upper-$level" "$base/work-$level"
done
mount -t overlay -o "lowerdir=$base/1,upperdir=$base/upper-1,workdir=$base/work-1" overlay "$base/level-1"
mount -t overlay -o "lowerdir=$base/level-1,upperdir=$base/upper-2,workdir=$base/work-2" overlay "$base/level-2"
mount_with "$writable,lowerdir=$base/level-2,volatile"
fact mark "$(ls -d "$work/work/incompat/volatile" 2>/dev/null)"
fact left-in-work "$(ls -A "$work")"
mount_with "$writable,lowerdir=$base/1,volatile" corrected-
content top "$target/top"
end
umount "$base/level-2" "$base/level-1"

begin volatile-too-deep-long
layer "$base/1" 1
layers "$base/$(repeat p 80)" 45
for level in 1 2; do
  mkdir -p "$base/level-$level" "$base/upper-$level" "$base/work-$level"
done
mount -t overlay -o "lowerdir=$base/1,upperdir=$base/upper-1,workdir=$base/work-1" overlay "$base/level-1"
mount -t overlay -o "lowerdir=$base/level-1,upperdir=$base/upper-2,workdir=$base/work-2" overlay "$base/level-2"
mount_with "$writable,lowerdir=$list:$base/level-2,volatile"
fact mark "$(ls -d "$work/work/incompat/volatile" 2>/dev/null)"
mount_with "$writable,lowerdir=$list,volatile" corrected-
content top "$target/top"
end
umount "$base/level-2" "$base/level-1"
