// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/payload_check.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>

#include "base/file_reading.h"
#include "base/text.h"

namespace nydus {

namespace {

Result<> CheckPayload(const Payload& payload, PayloadPolicy policy) {
  if (payload.kind == PayloadKind::kExtraOption) {
    const Result<ExtraOption> option = CheckExtraOption(payload.base64, policy);
    return option ? Result<>() : Failure(option.error());
  }
  const Result<KataVolume> volume = CheckKataVolume(payload.base64, policy);
  return volume ? Result<>() : Failure(volume.error());
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

Result<> CheckAll(const std::vector<Payload>& payloads, PayloadPolicy policy) {
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    if (Result<> checked = CheckPayload(payloads[i], policy); !checked) {
      return Failure(Wrap(std::move(checked.error()), NameOf(payloads, i)));
    }
  }
  if (policy == PayloadPolicy::kStrict && CountOf(payloads, PayloadKind::kExtraOption) > 1) {
    return Fail(ErrorKind::kUsage, "extraoption is given twice, refused by the strict policy");
  }
  return {};
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

Result<> CheckPayloads(const MountRequest& request, std::vector<std::string>& notes) {
  const PayloadPolicy policy = request.policy.value_or(PayloadPolicy::kCompatible);
  if (policy == PayloadPolicy::kIgnore) return {};
  Result<> checked = CheckAll(request.payloads, policy);
  if (checked || request.policy) return checked;

  const Result<bool> ignored = NodeIgnoresPayloads();
  if (ignored && !*ignored) return checked;
  if (!ignored) {
    checked.error().hint = StrCat("not rescued: ", ignored.error().message);
    return checked;
  }
  notes.push_back(
      StrCat(checked.error().message, ", ignoring it as ", kPayloadPolicyFile, " says"));
  return {};
}

}  // namespace nydus
