// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/value_kind.h"

#include <initializer_list>
#include <string>

#include <gtest/gtest.h>

namespace nydus {
namespace {

using Texts = std::initializer_list<std::string_view>;
using enum ValueKind;

void ExpectFits(ValueKind kind, Texts good, Texts bad) {
  for (const std::string_view text : good) EXPECT_TRUE(Fits(kind, text)) << text;
  for (const std::string_view text : bad) EXPECT_FALSE(Fits(kind, text)) << text;
  EXPECT_TRUE(Fits(kind, ""));
}

TEST(ValueKind, WordIsOneOfAList) {
  ExpectFits(kWord, {"registry", "direct", "blobcache", "v6", "sha256", "off"},
             {"hunter2", "Registry", "registry ", "registry\n"});
}

TEST(ValueKind, VolumeTypeIsOneOfKata) {
  ExpectFits(kVolumeType, {"image_guest_pull", "layer_raw_block"}, {"hunter2", "registry"});
}

TEST(ValueKind, NameIsShortAndLowerCase) {
  ExpectFits(kName, {"my-bucket", "oss-cn.x"},
             {"Bucket", "a/b", "a:b", "a_b", std::string(64, 'a')});
}

TEST(ValueKind, IdentifierHasNoSlash) {
  ExpectFits(kIdentifier, {"0f3e", "pod_1.A-b"}, {"a/b", "a:b", "a b", std::string(129, 'a')});
}

TEST(ValueKind, SnapshotIsANumberBehindASlash) {
  ExpectFits(kSnapshot, {"/3", "/12345"}, {"3", "/", "/3a", "/hunter2", "/3/4"});
}

TEST(ValueKind, NumberHasDigitsAlone) {
  ExpectFits(kNumber, {"0", "1000"}, {"-1", "1.5", "0x1", "123456789012345678901"});
}

TEST(ValueKind, BooleanIsTrueOrFalse) {
  ExpectFits(kBoolean, {"true", "false"}, {"1", "yes"});
}

TEST(ValueKind, HexadecimalHasNoOtherLetter) {
  ExpectFits(kHexadecimal, {"00ff", "ABCD"}, {"0g", "0x0", "sha256:00"});
}

TEST(ValueKind, DigestHasItsAlgorithm) {
  ExpectFits(kDigest, {"sha256:00ff", "sha512:aa"}, {"sha256:", "sha256:xyz", "md5:00", "00"});
  ExpectFits(kDigests, {"sha256:00", "sha256:00,sha256:11"}, {"sha256:00,", "sha256:00,u:p@h"});
}

TEST(ValueKind, BlockVerityHasBlocksOffsetAndDigest) {
  ExpectFits(kBlockVerity, {"8964,4591616,sha256:00ff"},
             {"8964", "8964,1", "8964,1,hunter2", "x,1,sha256:00"});
}

TEST(ValueKind, HostHasNoUserPathQueryOrFragment) {
  ExpectFits(kHost,
             {"127.0.0.1:5000", "h", "https://reg.io", "http://reg.io:80", "[::1]:5000", "[::1]"},
             {"https://u:p@shanghai.reg.io", "https://u:p/q@reg.io", "//u:p@h/x", "u:p", "h/x",
              "http://h/http://u:p@b", "http%3A%2F%2Fu%3Ap%40h", "h?x", "h#x", "ftp://h",
              "h:", "h:123456", "[::1", "[u:p]", "Bearer x"});
}

TEST(ValueKind, ReferenceHasNoUserQueryOrFragment) {
  ExpectFits(kReference,
             {"bb", "lib/bb", "docker.io/library/a:1", "h:5000/a/b:1.2_3-x", "a@sha256:00",
              "h:5000/a:1@sha512:ff", "prefix/"},
             {"https://h/a", "//u:p@h/x", "u:p@h/x", "u:p/a", "h:5000/u:p/a", "a:b:c", "h/u:p/x",
              "reg.io/?token=x", "h/x#f", "a@sha1x", "a@shanghai.reg.io", "a%40b", "Bearer x"});
}

TEST(ValueKind, PathIsAbsoluteAndHasNoUrlInIt) {
  ExpectFits(kPath, {"/", "/var/lib/a@b", "/a/b:c", "/a~b/c+d", "/a\\,b", "/sch\xC3\xB6n"},
             {"a/b", "/a?x", "/a#x", "/a%20", "/a=x", "/a b", "//u@h", "/x/http://h", "/u:p@h",
              "/a\nb", std::string_view("/a\0b", 4)});
  ExpectFits(kPathOrReference, {"/a", "h:5000/a:1"}, {"https://h/a", "u:p@h"});
  ExpectFits(kPathOrWord, {"/a", "overlay", "fuse./opt/nydus-overlayfs", "../a"},
             {"u:p", "https://u:p@h", "//u@h", "fuse.x y"});
}

TEST(ValueKind, LayersAreDirectories) {
  ExpectFits(kDirectory, {"/a", "3/fs"}, {"hunter2", "https://u:p@h"});
  ExpectFits(kLayers, {"/a", "/a:/b::/c", "3/fs:2/fs", "/a\\:b:/c"},
             {"/a:hunter2", "https://u:p@h", "//u:/p@h", "/a:/b?x"});
}

TEST(ValueKind, SecurityContextHasUserRoleAndType) {
  ExpectFits(
      kSecurityContext,
      {"system_u:object_r:container_file_t:s0:c1,c2", "a_u:b_r:c_t", "a_u:b_r:c_t:s0-s1:c0.c9"},
      {"u:p", "a_u:b_r", "a_u:b_r:hunter2", "a_u:b_r:c_t:hunter2", "a_u:b_r:c_t@h"});
}

}  // namespace
}  // namespace nydus
