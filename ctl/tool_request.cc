// SPDX-License-Identifier: Apache-2.0
#include "ctl/tool_request.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <climits>
#include <optional>
#include <utility>

#include "base/base64.h"
#include "base/file_reading.h"
#include "base/text.h"
#include "mount_helper/tool_exec.h"
#include "snapshot/payload/json_reading.h"
#include "snapshot/payload/json_text.h"

namespace nydus {

namespace {

constexpr std::string_view kForTheHelper =
    "mount.fuse.nydus-overlayfs hands mounts over by it, and nobody else";

// The members as they stand in the text.
struct RequestText {
  std::uint64_t version = 0;
  std::string source;
  std::string target;
  std::string options;
  bool fake = false;
  bool verbose = false;
  std::optional<std::uint64_t> namespace_fd;
};

Result<> ReadBoolean(bool& field, const JsonValue& value) {
  if (value.kind != JsonValue::Kind::kBool) return Fail(ErrorKind::kUsage, "is not a boolean");
  field = value.boolean;
  return {};
}

// No word of a command line holds a NUL.
Result<> ReadBytes(std::string& field, const JsonValue& value, const JsonReading& reading) {
  std::string base64;
  if (Result<> read = ReadString(base64, value, reading); !read) return read;
  Result<std::string> bytes = DecodeBase64(base64, Base64Reading::kStrict);
  if (!bytes) return Failure(std::move(bytes.error()));
  if (bytes->contains('\0')) return Fail(ErrorKind::kUsage, "holds a NUL");
  field = std::move(*bytes);
  return {};
}

// The helper writes -1 for none, and no other negative number.
Result<> ReadDescriptor(std::optional<std::uint64_t>& field, const JsonValue& value,
                        const JsonReading& reading) {
  if (value.kind == JsonValue::Kind::kOtherNumber) return {};
  return ReadUnsigned(field.emplace(), value, reading);
}

constexpr JsonField<RequestText> kFields[] = {
    {"version",
     [](RequestText& text, const JsonValue& value, const JsonReading& reading) {
       return ReadUnsigned(text.version, value, reading);
     },
     true},
    {"source",
     [](RequestText& text, const JsonValue& value, const JsonReading& reading) {
       return ReadBytes(text.source, value, reading);
     },
     true},
    {"target",
     [](RequestText& text, const JsonValue& value, const JsonReading& reading) {
       return ReadBytes(text.target, value, reading);
     },
     true},
    {"options",
     [](RequestText& text, const JsonValue& value, const JsonReading& reading) {
       return ReadBytes(text.options, value, reading);
     },
     true},
    {"fake",
     [](RequestText& text, const JsonValue& value, const JsonReading&) {
       return ReadBoolean(text.fake, value);
     },
     true},
    {"verbose",
     [](RequestText& text, const JsonValue& value, const JsonReading&) {
       return ReadBoolean(text.verbose, value);
     },
     true},
    {"namespace_fd",
     [](RequestText& text, const JsonValue& value, const JsonReading& reading) {
       return ReadDescriptor(text.namespace_fd, value, reading);
     },
     true},
};

Failure NotForPeople(std::string_view why) {
  return Fail(ErrorKind::kUsage, StrCat("--request-fd: ", why), std::string(kForTheHelper));
}

// Takes a descriptor that this program inherited, save a standard stream.
Result<UniqueFd> TakeDescriptor(std::uint64_t number) {
  const int fd = number > STDERR_FILENO && number <= INT_MAX ? static_cast<int>(number) : -1;
  if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return NotForPeople("names no descriptor");
  return UniqueFd(fd);
}

Result<UniqueFd> TakeDescriptor(std::string_view number) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc() || end != number.data() + number.size()) {
    return NotForPeople("names no descriptor");
  }
  return TakeDescriptor(value);
}

// Only a memfd can have these seals (memfd_create(2)): the text is the same whenever it is read.
bool IsSealed(int fd) {
  constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  const int seals = fcntl(fd, F_GET_SEALS);
  return seals >= 0 && (seals & kSeals) == kSeals;
}

// The version is looked at before anything else: another one may have other members.
Result<> CheckVersion(const JsonValue& json) {
  for (std::size_t i = 0; i < json.keys.size(); ++i) {
    const JsonValue& value = json.elements[i];
    if (json.keys[i] != "version" || value.kind != JsonValue::Kind::kUnsigned) continue;
    if (value.number == kToolRequestVersion) return {};
  }
  return Fail(ErrorKind::kSystem, StrCat("the request is not of version ", kToolRequestVersion),
              "mount.fuse.nydus-overlayfs and nydus-overlayctl must come from the same release");
}

Result<RequestText> ParseRequest(std::string_view text) {
  const Result<JsonValue> json = ParseJson(text);
  if (!json) return Failure(json.error());
  if (Result<> version = CheckVersion(*json); !version) return Failure(std::move(version.error()));
  RequestText request;
  JsonOddities oddities;
  const JsonReading reading{.dialect = JsonDialect::kRust, .oddities = &oddities};
  Result<> read = ReadObject(request, kFields, *json, reading);
  if (read && oddities.unknown_key) read = Fail(ErrorKind::kUsage, "a member is not known");
  if (!read) return Failure(std::move(read.error()));
  return request;
}

Result<RequestText> ReadRequest(std::string_view number) {
  const Result<UniqueFd> fd = TakeDescriptor(number);
  if (!fd) return Failure(fd.error());
  if (!IsSealed(fd->get())) return NotForPeople("the descriptor is no sealed request");
  const Result<std::string> text = ReadAll(fd->get(), kMaxToolRequestBytes);
  if (!text) return Failure(Wrap(text.error(), "--request-fd"));
  Result<RequestText> request = ParseRequest(*text);
  if (!request) return Failure(Wrap(std::move(request.error()), "--request-fd"));
  return request;
}

}  // namespace

CommandLine ToolRequest::AsCommandLine() const {
  return {.source = source,
          .target = target,
          .options = options,
          .has_options = true,
          .fake = fake,
          .verbose = verbose};
}

Result<ToolRequest> ReadToolRequest(std::string_view number) {
  Result<RequestText> text = ReadRequest(number);
  if (!text) return Failure(std::move(text.error()));
  ToolRequest request{.source = std::move(text->source),
                      .target = std::move(text->target),
                      .options = std::move(text->options),
                      .fake = text->fake,
                      .verbose = text->verbose,
                      .mount_namespace = {}};
  if (!text->namespace_fd) return request;
  Result<UniqueFd> mount_namespace = TakeDescriptor(*text->namespace_fd);
  if (!mount_namespace) return Failure(Wrap(std::move(mount_namespace.error()), "namespace_fd"));
  request.mount_namespace = std::move(*mount_namespace);
  return request;
}

}  // namespace nydus
