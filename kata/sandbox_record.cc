// SPDX-License-Identifier: Apache-2.0
#include "kata/sandbox_record.h"

#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/identifier.h"
#include "base/text.h"
#include "kata/member_reader.h"
#include "kata/process_json.h"
#include "kata/shared_file_name.h"
#include "snapshot/payload/json_text.h"

namespace nydus {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kRecordVersion = 1;
constexpr std::size_t kDigestCharacters = 64;
constexpr std::size_t kMaxPathBytes = 4096;

constexpr std::string_view kDisagrees = "does not agree with own_nydusd";

constexpr std::array<std::string_view, 3> kSandboxPhases = {"creating", "ready", "deleting"};
constexpr std::array<std::string_view, 4> kContainerPhases = {"sharing", "shared", "unsharing",
                                                              "spent"};

template <typename Phase, std::size_t kCount>
Phase ReadPhase(MemberReader& members, const std::array<std::string_view, kCount>& names) {
  const std::string name = members.String("phase");
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) {
    members.Refuse("phase", "is none that is known");
    return Phase{};
  }
  return static_cast<Phase>(found - names.begin());
}

std::string ReadIdentifier(MemberReader& members, std::string_view key) {
  std::string text = members.String(key);
  if (!IsIdentifier(text)) members.Refuse(key, kIdentifierRule);
  return text;
}

// An absolute path, or nothing.
std::string ReadPath(MemberReader& members, std::string_view key) {
  std::string text = members.String(key);
  if (!text.empty() && (text[0] != '/' || text.size() > kMaxPathBytes || text.contains('\0'))) {
    members.Refuse(key, "is not an absolute path");
  }
  return text;
}

std::string ReadDigest(MemberReader& members) {
  std::string text = members.String("request_digest");
  if (text.size() != kDigestCharacters ||
      text.find_first_not_of("0123456789abcdef") != std::string::npos) {
    members.Refuse("request_digest", "is not 64 hexadecimal digits");
  }
  return text;
}

// The name of a file in a directory.
std::string ReadFileName(MemberReader& members, std::string_view key) {
  std::string text = members.String(key);
  if (text.empty() || text == "." || text == ".." || text.contains('/') || text.contains('\0')) {
    members.Refuse(key, "is not the name of a file");
  }
  return text;
}

Json ToJson(const SandboxBindRecord& bind) {
  return {{"name", bind.name}, {"mount", bind.mount}};
}

Result<> ReadBind(SandboxBindRecord& bind, const JsonValue& value) {
  MemberReader members(value);
  bind.name = ReadFileName(members, "name");
  bind.mount = members.Unsigned("mount");
  return members.Finish();
}

Json ToJson(const SharedFileRecord& file) {
  return {{"name", file.name}, {"mount", file.mount}, {"shared", file.shared}};
}

Result<> ReadFile(SharedFileRecord& file, const JsonValue& value) {
  MemberReader members(value);
  file.name = members.String("name");
  file.mount = members.Unsigned("mount");
  file.shared = members.Bool("shared");
  return members.Finish();
}

Json ToJson(const ContainerRecord& container);

template <typename T>
Json ToJsonArray(const std::vector<T>& elements) {
  Json array = Json::array();
  for (const T& element : elements) array.push_back(ToJson(element));
  return array;
}

template <typename T>
void ReadArray(std::vector<T>& field, MemberReader& members, std::string_view key,
               std::size_t limit, Result<> (*read)(T&, const JsonValue&)) {
  const JsonValue* array = members.Array(key, limit);
  if (array == nullptr) return;
  for (const JsonValue& element : array->elements) {
    members.Take(read(field.emplace_back(), element), key);
  }
}

// Another name is somebody else's, and would be removed.
void CheckFileNames(const ContainerRecord& container, MemberReader& members) {
  for (const SharedFileRecord& file : container.files) {
    if (!IsSharedFileName(container.id, file.name)) {
      members.Refuse("files", "have a name that is none of the container's");
    }
  }
}

Json ToJson(const ContainerRecord& container) {
  return {{"id", container.id},
          {"phase", kContainerPhases[static_cast<std::size_t>(container.phase)]},
          {"request_digest", container.request_digest},
          {"rafs", container.rafs},
          {"bound_rootfs", container.bound_rootfs},
          {"bind_mount", container.bind_mount},
          {"direct_volume", container.direct_volume},
          {"direct_volume_inode", container.direct_volume_inode},
          {"files", ToJsonArray(container.files)}};
}

Result<> ReadContainer(ContainerRecord& container, const JsonValue& value) {
  MemberReader members(value);
  container.id = ReadIdentifier(members, "id");
  container.phase = ReadPhase<ContainerRecord::Phase>(members, kContainerPhases);
  container.request_digest = ReadDigest(members);
  container.rafs = members.Bool("rafs");
  container.bound_rootfs = members.Bool("bound_rootfs");
  container.bind_mount = members.Unsigned("bind_mount");
  container.direct_volume = ReadPath(members, "direct_volume");
  container.direct_volume_inode = members.Unsigned("direct_volume_inode");
  ReadArray(container.files, members, "files", kMaxFilesOfContainer, ReadFile);
  CheckFileNames(container, members);
  return members.Finish();
}

void ReadNydusd(SandboxRecord& record, MemberReader& members) {
  const JsonValue* array = members.Array("nydusd", 1);
  if (array == nullptr || array->elements.empty()) return;
  members.Take(ReadProcess(record.nydusd.emplace(), array->elements[0]), "nydusd");
}

void CheckContainerNames(const SandboxRecord& record, MemberReader& members) {
  std::vector<std::string_view> names;
  names.reserve(record.containers.size());
  for (const ContainerRecord& container : record.containers) names.emplace_back(container.id);
  std::ranges::sort(names);
  if (std::ranges::adjacent_find(names) != names.end()) {
    members.Refuse("containers", "hold one name twice");
  }
}

// Whose nydusd it is decides whether it is stopped, and its members must not say two things.
void CheckOwner(const SandboxRecord& record, MemberReader& members) {
  const bool own = record.own_nydusd;
  if (record.api_socket.empty()) members.Refuse("api_socket", "is empty");
  if (own == record.vhost_socket.empty()) members.Refuse("vhost_socket", kDisagrees);
  if (own == record.log_file.empty()) members.Refuse("log_file", kDisagrees);
}

Result<> ReadRecord(SandboxRecord& record, const JsonValue& value, std::string_view sandbox) {
  MemberReader members(value);
  if (members.Unsigned("version") != kRecordVersion) {
    members.Refuse("version", "is that of another version of nydus-overlayctl");
  }
  record.id = members.String("id");
  if (record.id != sandbox) members.Refuse("id", "is that of another sandbox");
  record.phase = ReadPhase<SandboxRecord::Phase>(members, kSandboxPhases);
  const std::optional<ShareLayout> layout = ParseShareLayout(members.String("layout"));
  if (!layout) members.Refuse("layout", "is none that is known");
  record.layout = layout.value_or(ShareLayout::kGo);
  record.request_digest = ReadDigest(members);
  record.namespaces.mount = members.Unsigned("mount_namespace");
  record.namespaces.process = members.Unsigned("process_namespace");
  record.share_inode = members.Unsigned("share_inode");
  record.view_mount = members.Unsigned("view_mount");
  ReadArray(record.binds, members, "binds", kMaxSandboxBinds, ReadBind);
  record.own_nydusd = members.Bool("own_nydusd");
  ReadNydusd(record, members);
  record.api_socket = ReadPath(members, "api_socket");
  record.vhost_socket = ReadPath(members, "vhost_socket");
  record.log_file = ReadPath(members, "log_file");
  CheckOwner(record, members);
  record.mounts_made = members.Unsigned("mounts_made");
  ReadArray(record.containers, members, "containers", kMaxContainers, ReadContainer);
  CheckContainerNames(record, members);
  return members.Finish();
}

}  // namespace

const ContainerRecord* SandboxRecord::FindContainer(std::string_view container) const {
  const auto found = std::ranges::find(containers, container, &ContainerRecord::id);
  return found == containers.end() ? nullptr : &*found;
}

ContainerRecord* SandboxRecord::FindContainer(std::string_view container) {
  const auto found = std::ranges::find(containers, container, &ContainerRecord::id);
  return found == containers.end() ? nullptr : &*found;
}

void SandboxRecord::ForgetMount(std::uint64_t mount) {
  for (ContainerRecord& container : containers) {
    if (container.bind_mount == mount) container.bind_mount = 0;
    for (SharedFileRecord& file : container.files) {
      if (file.mount == mount) file.mount = 0;
    }
  }
}

std::string_view SandboxPhaseName(SandboxRecord::Phase phase) {
  return kSandboxPhases[static_cast<std::size_t>(phase)];
}

std::string_view ContainerPhaseName(ContainerRecord::Phase phase) {
  return kContainerPhases[static_cast<std::size_t>(phase)];
}

std::string FormatSandboxRecord(const SandboxRecord& record) {
  Json nydusd = Json::array();
  if (record.nydusd) nydusd.push_back(ProcessToJson(*record.nydusd));
  const Json json = {{"version", kRecordVersion},
                     {"id", record.id},
                     {"phase", SandboxPhaseName(record.phase)},
                     {"layout", ShareLayoutName(record.layout)},
                     {"mount_namespace", record.namespaces.mount},
                     {"process_namespace", record.namespaces.process},
                     {"request_digest", record.request_digest},
                     {"share_inode", record.share_inode},
                     {"view_mount", record.view_mount},
                     {"binds", ToJsonArray(record.binds)},
                     {"own_nydusd", record.own_nydusd},
                     {"nydusd", nydusd},
                     {"api_socket", record.api_socket},
                     {"vhost_socket", record.vhost_socket},
                     {"log_file", record.log_file},
                     {"mounts_made", record.mounts_made},
                     {"containers", ToJsonArray(record.containers)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

Result<SandboxRecord> ParseSandboxRecord(std::string_view text, std::string_view sandbox) {
  const Result<JsonValue> value = ParseJson(text);
  if (!value) {
    return Fail(ErrorKind::kSystem, StrCat("is no JSON: ", value.error().message));
  }
  SandboxRecord record;
  if (Result<> read = ReadRecord(record, *value, sandbox); !read) {
    return Failure(std::move(read.error()));
  }
  return record;
}

}  // namespace nydus
