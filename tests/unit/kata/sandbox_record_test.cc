// SPDX-License-Identifier: Apache-2.0
#include "kata/sandbox_record.h"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

SandboxRecord ARecord() {
  SandboxRecord record{.id = "s1"};
  record.phase = SandboxRecord::Phase::kReady;
  record.layout = ShareLayout::kRust;
  record.view_mount = 4294967297;
  record.binds = {{.name = "ca.pem", .mount = 7}};
  record.nydusd = ProcessIdentity{.pid = 42, .start_time = 1234567, .boot_id = "b-o-o-t"};
  record.api_socket = "/run/nydus-overlayfs/s1/.nydusd/api.sock";
  record.vhost_socket = "/run/nydus-overlayfs/s1/.nydusd/vhost.sock";
  record.log_file = "/run/nydus-overlayfs/s1/.nydusd/nydusd.log";
  record.request_digest = std::string(64, 'a');
  record.mounts_made = 2;
  ContainerRecord container{.id = "c1", .phase = ContainerRecord::Phase::kShared};
  container.request_digest = std::string(64, '0');
  container.rafs = true;
  container.bind_mount = 9;
  container.files = {{.name = "c1-0123456789abcdef-hosts", .mount = 11, .shared = true}};
  record.containers = {container};
  return record;
}

// The text of ARecord() with one piece replaced, which must occur in it once.
std::string Edited(std::string_view piece, std::string_view replacement) {
  std::string text = FormatSandboxRecord(ARecord());
  const std::size_t position = text.find(piece);
  EXPECT_NE(position, std::string::npos) << piece << " is not in " << text;
  EXPECT_EQ(text.find(piece, position + 1), std::string::npos) << piece << " occurs twice";
  return text.replace(position, piece.size(), replacement);
}

TEST(SandboxRecord, IsReadBackAsItWasWritten) {
  const auto read = ParseSandboxRecord(FormatSandboxRecord(ARecord()), "s1");
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(*read, ARecord());
}

TEST(SandboxRecord, WithoutNydusdAndContainersIsReadBackToo) {
  SandboxRecord record{.id = "s1"};
  record.request_digest = std::string(64, 'f');
  record.own_nydusd = false;
  record.api_socket = "/run/nydusd.sock";
  const auto read = ParseSandboxRecord(FormatSandboxRecord(record), "s1");
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(*read, record);
}

TEST(SandboxRecord, FindsAContainerByItsName) {
  const SandboxRecord record = ARecord();
  EXPECT_EQ(record.FindContainer("c1"), &record.containers[0]);
  EXPECT_EQ(record.FindContainer("c2"), nullptr);
}

TEST(SandboxRecord, ForgetsAMountThatAFileIsRecordedWith) {
  SandboxRecord record = ARecord();
  record.ForgetMount(11);
  EXPECT_EQ(record.containers[0].files[0].mount, 0U);
  EXPECT_EQ(record.containers[0].bind_mount, 9U);
}

TEST(SandboxRecord, ForgetsAMountThatTwoContainersAreRecordedWith) {
  SandboxRecord record = ARecord();
  record.containers.push_back(record.containers[0]);
  record.containers.push_back({.id = "c3", .bind_mount = 10});
  record.ForgetMount(9);
  EXPECT_EQ(record.containers[0].bind_mount, 0U);
  EXPECT_EQ(record.containers[1].bind_mount, 0U);
  EXPECT_EQ(record.containers[2].bind_mount, 10U);
}

struct EditedByHand {
  std::string_view piece;
  std::string_view replacement;
  std::string_view complaint;
};

class SandboxRecordEditedByHand : public testing::TestWithParam<EditedByHand> {};

TEST_P(SandboxRecordEditedByHand, IsRefused) {
  const EditedByHand& edit = GetParam();
  EXPECT_THAT(ParseSandboxRecord(Edited(edit.piece, edit.replacement), "s1"),
              HasError(ErrorKind::kSystem, edit.complaint));
}

INSTANTIATE_TEST_SUITE_P(
    Members, SandboxRecordEditedByHand,
    testing::Values(
        EditedByHand{R"("version":1)", R"("version":2)", "version: is that of another"},
        EditedByHand{R"("version":1,)", "", "version: is missing"},
        EditedByHand{R"("version":1)", R"("version":1,"version":1)", "version: is given twice"},
        EditedByHand{R"("version":1)", R"("version":1,"more":0)", "has a member that is not known"},
        EditedByHand{R"("id":"s1")", R"("id":"s2")", "id: is that of another sandbox"},
        EditedByHand{R"("phase":"ready")", R"("phase":"done")", "phase: is none that is known"},
        EditedByHand{R"("layout":"rs")", R"("layout":"c")", "layout: is none that is known"},
        EditedByHand{R"("view_mount":4294967297)", R"("view_mount":-1)",
                     "view_mount: is not a whole number"},
        EditedByHand{R"("name":"ca.pem")", R"("name":"../etc")",
                     "binds: name: is not the name of a file"},
        EditedByHand{R"("name":"ca.pem")", R"("name":"..")",
                     "binds: name: is not the name of a file"},
        EditedByHand{R"("pid":42)", R"("pid":1)", "nydusd: pid: is no process ID"},
        EditedByHand{R"("pid":42)", R"("pid":0)", "nydusd: pid: is no process ID"},
        EditedByHand{R"("pid":42)", R"("pid":4294967297)", "nydusd: pid: is no process ID"},
        EditedByHand{R"("pid":42)", R"("pid":"42")", "nydusd: pid: is not a whole number"},
        EditedByHand{R"("own_nydusd":true)", R"("own_nydusd":1)",
                     "own_nydusd: is not true or false"},
        EditedByHand{R"("api_socket":"/run)", R"("api_socket":"run)",
                     "api_socket: is not an absolute path"},
        EditedByHand{R"("own_nydusd":true)", R"("own_nydusd":false)",
                     "vhost_socket: does not agree with own_nydusd"},
        EditedByHand{R"("log_file":"/run/nydus-overlayfs/s1/.nydusd/nydusd.log")",
                     R"("log_file":"")", "log_file: does not agree with own_nydusd"},
        EditedByHand{R"("api_socket":"/run/nydus-overlayfs/s1/.nydusd/api.sock")",
                     R"("api_socket":"")", "api_socket: is empty"},
        EditedByHand{R"("id":"c1")", R"("id":"../c1")", "containers: id: is not an identifier"},
        EditedByHand{R"("rafs":true)", R"("rafs":null)", "containers: rafs: is not true or false"},
        EditedByHand{R"("bound_rootfs":false)", R"("bound_rootfs":0)",
                     "containers: bound_rootfs: is not true or false"},
        EditedByHand{R"("name":"c1-0123456789abcdef-hosts")", R"("name":"c2")",
                     "containers: files: have a name that is none of the container's"},
        EditedByHand{R"("name":"c1-0123456789abcdef-hosts")",
                     R"("name":"c1-0123456789abcdef-hosts/../..")",
                     "containers: files: have a name that is none of the container's"},
        EditedByHand{R"("shared":true)", R"("shared":1)",
                     "containers: files: shared: is not true or false"},
        EditedByHand{R"("mounts_made":2)", R"("mounts_made":2.5)",
                     "mounts_made: is not a whole number"},
        EditedByHand{R"("containers":[)", R"("containers":[7,)",
                     "containers: is not a JSON object"},
        EditedByHand{R"({"version")", R"(["version")", "is no JSON"}));

TEST(SandboxRecord, RefusesTwoContainersOfOneName) {
  SandboxRecord record = ARecord();
  record.containers.push_back(record.containers[0]);
  EXPECT_THAT(ParseSandboxRecord(FormatSandboxRecord(record), "s1"),
              HasError(ErrorKind::kSystem, "containers: hold one name twice"));
}

TEST(SandboxRecord, RefusesMoreFilesThanAContainerTakes) {
  SandboxRecord record = ARecord();
  record.containers[0].files.resize(kMaxFilesOfContainer + 1, record.containers[0].files[0]);
  EXPECT_THAT(ParseSandboxRecord(FormatSandboxRecord(record), "s1"),
              HasError(ErrorKind::kSystem, "containers: files: has more than 128 elements"));
}

TEST(SandboxRecord, RefusesMoreContainersThanNydusdServes) {
  SandboxRecord record = ARecord();
  const ContainerRecord container = record.containers[0];
  for (std::size_t i = 0; i < kMaxContainers; ++i) {
    record.containers.push_back(container);
    record.containers.back().id = "more" + std::to_string(i);
  }
  EXPECT_THAT(ParseSandboxRecord(FormatSandboxRecord(record), "s1"),
              HasError(ErrorKind::kSystem, "containers: has more than 254 elements"));
}

}  // namespace
}  // namespace nydus
