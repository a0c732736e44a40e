// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/payload_check.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/file_reading.h"
#include "base/text.h"

namespace nydus {

namespace {

Result<> Decode(const Payload& payload, PayloadPolicy policy, DecodedPayloads& decoded) {
  if (payload.kind == PayloadKind::kExtraOption) {
    Result<ExtraOption> option = CheckExtraOption(payload.base64, policy);
    if (!option) return Failure(std::move(option.error()));
    decoded.extra_option = std::move(*option);
    return {};
  }
  Result<KataVolume> volume = CheckKataVolume(payload.base64, policy);
  if (!volume) return Failure(std::move(volume.error()));
  decoded.volumes.push_back(std::move(*volume));
  return {};
}

std::ptrdiff_t CountOf(std::span<const Payload> payloads, PayloadKind kind) {
  return std::ranges::count(payloads, kind, &Payload::kind);
}

// "io.katacontainers.volume", or "io.katacontainers.volume 2 of 3".
std::string NameOf(const std::vector<Payload>& payloads, std::size_t index) {
  const PayloadKind kind = payloads[index].kind;
  const std::ptrdiff_t count = CountOf(payloads, kind);
  if (count == 1) return std::string(PayloadOptionName(kind));
  const std::ptrdiff_t number = CountOf(std::span(payloads).first(index + 1), kind);
  return StrCat(PayloadOptionName(kind), " ", number, " of ", count);
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

Result<bool> NodeIgnoresPayloads() {
  const Result<std::optional<std::string>> text = ReadTrustedFile(kPayloadPolicyFile);
  if (!text) return Failure(text.error());
  return *text && ParsePayloadPolicy(Trim(**text)) == PayloadPolicy::kIgnore;
}

}  // namespace

Result<DecodedPayloads> DecodePayloads(const std::vector<Payload>& payloads, PayloadPolicy policy) {
  DecodedPayloads decoded;
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    if (Result<> good = Decode(payloads[i], policy, decoded); !good) {
      return Failure(Wrap(std::move(good.error()), NameOf(payloads, i)));
    }
  }
  if (policy == PayloadPolicy::kStrict && CountOf(payloads, PayloadKind::kExtraOption) > 1) {
    return Fail(ErrorKind::kUsage, "extraoption is given twice, refused by the strict policy");
  }
  return decoded;
}

Result<> CheckPayloads(const MountRequest& request, std::vector<std::string>& notes) {
  const PayloadPolicy policy = request.policy.value_or(PayloadPolicy::kCompatible);
  if (policy == PayloadPolicy::kIgnore) return {};
  Result<DecodedPayloads> decoded = DecodePayloads(request.payloads, policy);
  if (decoded) return {};
  Error& bad = decoded.error();
  if (request.policy) return Failure(std::move(bad));

  const Result<bool> ignored = NodeIgnoresPayloads();
  if (!ignored) bad.hint = StrCat("not rescued: ", ignored.error().message);
  if (!ignored || !*ignored) return Failure(std::move(bad));
  notes.push_back(StrCat(bad.message, ", ignoring it as ", kPayloadPolicyFile, " says"));
  return {};
}

}  // namespace nydus
