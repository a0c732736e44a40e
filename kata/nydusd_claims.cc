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
};

Result<Claim> ReadClaim(const JsonValue& value) {
  Claim claim;
  MemberReader members(value);
  claim.sandbox = members.String("sandbox");
  if (const JsonValue* process = members.Object("nydusd")) {
    members.Take(ReadProcess(claim.process, *process), "nydusd");
  }
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
    array.push_back({{"sandbox", claim.sandbox}, {"nydusd", ProcessToJson(claim.process)}});
  }
  return Json({{"version", kClaimsVersion}, {"claims", array}}).dump() + '\n';
}

bool HasEnded(const Claim& claim) {
  const Result<std::optional<UniqueFd>> process = OpenProcess(claim.process);
  return process && !*process;
}

}  // namespace

Result<> ClaimNydusd(const KataDirectories& directories, const ProcessIdentity& process,
                     const std::string& sandbox, Deadline deadline) {
  const Result<StateRoot> root = StateRoot::Open(directories.state);
  if (!root) return Failure(root.error());
  const Result<LockedState> files = root->LockItself(deadline);
  if (!files) return Failure(files.error());
  const Result<std::optional<std::string>> text = files->Read(kClaimsName);
  if (!text) return Failure(text.error());
  Result<std::vector<Claim>> claims = *text ? ParseClaims(**text) : std::vector<Claim>();
  if (!claims) {
    return Failure(
        Wrap(std::move(claims.error()), StrCat(Escape(files->path()), "/", kClaimsName)));
  }
  std::erase_if(*claims, HasEnded);
  const auto claimed = std::ranges::find(*claims, process, &Claim::process);
  if (claimed != claims->end()) {
    return Fail(ErrorKind::kMount,
                StrCat("nydusd, process ", process.pid, ", has served sandbox ",
                       Quote(claimed->sandbox), " already"),
                "one nydusd serves one sandbox: start another");
  }
  if (claims->size() == kMaxClaims) {
    return Fail(ErrorKind::kMount, StrCat("more than ", kMaxClaims, " nydusds are claimed"));
  }
  claims->push_back({.sandbox = sandbox, .process = process});
  return files->Write(kClaimsName, FormatClaims(*claims));
}

}  // namespace nydus
