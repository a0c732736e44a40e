// SPDX-License-Identifier: Apache-2.0
#include "kata/nydusd_claims.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/state/state_directory.h"
#include "base/text.h"
#include "kata/member_reader.h"
#include "kata/process_json.h"
#include "snapshot/payload/json_text.h"

namespace nydus {

namespace {

using Json = nlohmann::ordered_json;

constexpr char kClaimsName[] = ".claims.json";
constexpr std::uint64_t kClaimsVersion = 1;

struct Claim {
  std::string sandbox;
  ProcessIdentity process;
  bool served = false;  // its mount of the share was made, and may be gone again
};

Result<Claim> ReadClaim(const JsonValue& value) {
  Claim claim;
  MemberReader members(value);
  claim.sandbox = members.String("sandbox");
  if (const JsonValue* process = members.Object("nydusd")) {
    members.Take(ReadProcess(claim.process, *process), "nydusd");
  }
  claim.served = members.Bool("served");
  if (Result<> read = members.Finish(); !read) return Failure(std::move(read.error()));
  return claim;
}

Result<std::vector<Claim>> ParseClaims(std::string_view text) {
  const Result<JsonValue> value = ParseJson(text);
  if (!value) return Failure(value.error());
  MemberReader members(*value);
  if (members.Unsigned("version") != kClaimsVersion) {
    members.Refuse("version", "is that of another version of nydus-overlayctl");
  }
  std::vector<Claim> claims;
  if (const JsonValue* array = members.Array("claims", kMaxClaims)) {
    for (const JsonValue& element : array->elements) {
      Result<Claim> claim = ReadClaim(element);
      members.Take(claim ? Result<>() : Failure(claim.error()), "claims");
      if (claim) claims.push_back(std::move(*claim));
    }
  }
  if (Result<> read = members.Finish(); !read) return Failure(std::move(read.error()));
  return claims;
}

std::string FormatClaims(const std::vector<Claim>& claims) {
  Json array = Json::array();
  for (const Claim& claim : claims) {
    array.push_back({{"sandbox", claim.sandbox},
                     {"nydusd", ProcessToJson(claim.process)},
                     {"served", claim.served}});
  }
  return Json({{"version", kClaimsVersion}, {"claims", array}}).dump() + '\n';
}

bool HasEnded(const Claim& claim) {
  const Result<std::optional<UniqueFd>> process = OpenProcess(claim.process);
  return process && !*process;
}

// Locked, as long as it is open.
struct ClaimsFile {
  LockedState files;
  std::vector<Claim> claims;

  static Result<ClaimsFile> Open(const KataDirectories& directories, Deadline deadline) {
    const Result<StateRoot> root = StateRoot::Open(directories.state);
    if (!root) return Failure(root.error());
    Result<LockedState> files = root->LockItself(deadline);
    if (!files) return Failure(std::move(files.error()));
    const Result<std::optional<std::string>> text = files->Read(kClaimsName);
    if (!text) return Failure(text.error());
    Result<std::vector<Claim>> claims = *text ? ParseClaims(**text) : std::vector<Claim>();
    if (!claims) {
      return Failure(
          Wrap(std::move(claims.error()), StrCat(Escape(files->path()), "/", kClaimsName)));
    }
    return ClaimsFile{.files = std::move(*files), .claims = std::move(*claims)};
  }

  Claim* Find(const ProcessIdentity& process) {
    const auto found = std::ranges::find(claims, process, &Claim::process);
    return found == claims.end() ? nullptr : &*found;
  }

  [[nodiscard]] Result<> Save() const { return files.Write(kClaimsName, FormatClaims(claims)); }
};

Failure IsClaimed(const Claim& claim) {
  const std::string sandbox = Quote(claim.sandbox);
  const std::string name = StrCat("nydusd, process ", claim.process.pid);
  if (claim.served) {
    return Fail(ErrorKind::kMount, StrCat(name, ", has served sandbox ", sandbox, " already"),
                "one nydusd serves one sandbox: start another");
  }
  return Fail(ErrorKind::kMount, StrCat(name, ", is being given to sandbox ", sandbox),
              "if that call was killed, `nydus-overlayctl sandbox delete` of it frees nydusd");
}

}  // namespace

Result<> ClaimNydusd(const KataDirectories& directories, const ProcessIdentity& process,
                     const std::string& sandbox, Deadline deadline) {
  Result<ClaimsFile> file = ClaimsFile::Open(directories, deadline);
  if (!file) return Failure(std::move(file.error()));
  std::erase_if(file->claims, HasEnded);
  if (const Claim* claimed = file->Find(process)) {
    const bool is_left_over = claimed->sandbox == sandbox && !claimed->served;
    return is_left_over ? Result<>() : IsClaimed(*claimed);
  }
  if (file->claims.size() == kMaxClaims) {
    return Fail(ErrorKind::kMount, StrCat("more than ", kMaxClaims, " nydusds are claimed"));
  }
  file->claims.push_back({.sandbox = sandbox, .process = process});
  return file->Save();
}

Result<bool> NoteServed(const KataDirectories& directories, const ProcessIdentity& process,
                        const std::string& sandbox, Deadline deadline) {
  Result<ClaimsFile> file = ClaimsFile::Open(directories, deadline);
  if (!file) return Failure(std::move(file.error()));
  Claim* claim = file->Find(process);
  if (claim != nullptr && claim->sandbox != sandbox) return false;
  if (claim == nullptr || claim->served) return true;
  claim->served = true;
  const Result<> saved = file->Save();
  return saved ? Result<bool>(true) : Failure(saved.error());
}

Result<> DropUnservedClaim(const KataDirectories& directories, const std::string& sandbox,
                           Deadline deadline) {
  Result<ClaimsFile> file = ClaimsFile::Open(directories, deadline);
  if (!file) return Failure(std::move(file.error()));
  const std::size_t dropped = std::erase_if(
      file->claims, [&](const Claim& claim) { return claim.sandbox == sandbox && !claim.served; });
  return dropped == 0 ? Result<>() : file->Save();
}

}  // namespace nydus
