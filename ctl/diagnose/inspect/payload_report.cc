// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/payload_report.h"

#include <algorithm>

#include "base/base64.h"
#include "base/text.h"
#include "snapshot/payload/extra_option.h"
#include "snapshot/payload/kata_volume.h"
#include "snapshot/payload/volume_validation.h"

namespace nydus {

namespace {

constexpr std::string_view kSnapshotter = "nydus-snapshotter";
constexpr std::string_view kKataGo = "Kata, Go";
constexpr std::string_view kKataRust = "Kata, Rust";
constexpr std::string_view kCompatible = "helper, compatible";
constexpr std::string_view kStrict = "helper, strict";

template <typename T>
Verdict Judge(std::string_view judge, const Result<T>& result) {
  if (result) return {judge, true, {}};
  return {judge, false, result.error().message};
}

Result<JsonValue> DecodeAs(std::string_view base64, Base64Reading reading) {
  if (base64.size() / 2 > kMaxPayloadBytes) {
    return Fail(ErrorKind::kUsage, StrCat("is longer than ", kMaxPayloadBytes, " bytes"));
  }
  const Result<std::string> json = DecodeBase64(base64, reading);
  if (!json) return Failure(json.error());
  return ParseJson(*json);
}

Result<> AcceptedByKataGo(const JsonValue& json) {
  const Result<ExtraOption> option = ReadExtraOption(json, {});
  if (!option) return Failure(option.error());
  return ValidateExtraOption(*option);
}

// All four members, and a version it knows: crates/resource/src/rootfs/nydus_rootfs.rs.
Result<> AcceptedByKataRust(std::string_view base64) {
  const Result<JsonValue> json = DecodeAs(base64, Base64Reading::kStrict);
  if (!json) return Failure(json.error());
  const Result<ExtraOption> option = ReadExtraOption(*json, {.dialect = JsonDialect::kRust});
  if (!option) return Failure(option.error());
  if (option->fs_version != "v5" && option->fs_version != "v6") {
    return Fail(ErrorKind::kUsage, "fs_version: is neither v5 nor v6");
  }
  return {};
}

std::vector<Verdict> JudgeExtraOption(std::string_view base64, const JsonValue& json) {
  return {Judge(kKataGo, AcceptedByKataGo(json)), Judge(kKataRust, AcceptedByKataRust(base64)),
          Judge(kCompatible, CheckExtraOption(base64, PayloadPolicy::kCompatible)),
          Judge(kStrict, CheckExtraOption(base64, PayloadPolicy::kStrict))};
}

Result<> VolumeAccepted(const JsonValue& json, Result<> (*validate)(const KataVolume&),
                        JsonDialect dialect) {
  const Result<KataVolume> volume = ReadKataVolume(json, {.dialect = dialect});
  if (!volume) return Failure(volume.error());
  return validate(*volume);
}

Result<> VolumeAcceptedByRust(std::string_view base64) {
  const Result<JsonValue> json = DecodeAs(base64, Base64Reading::kStrict);
  if (!json) return Failure(json.error());
  return VolumeAccepted(*json, ValidateForKataRust, JsonDialect::kRust);
}

std::vector<Verdict> JudgeVolume(std::string_view base64, const JsonValue& json) {
  return {Judge(kSnapshotter, VolumeAccepted(json, ValidateForSnapshotter, JsonDialect::kGo)),
          Judge(kKataGo, VolumeAccepted(json, ValidateForKataGo, JsonDialect::kGo)),
          Judge(kKataRust, VolumeAcceptedByRust(base64)),
          Judge(kCompatible, CheckKataVolume(base64, PayloadPolicy::kCompatible)),
          Judge(kStrict, CheckKataVolume(base64, PayloadPolicy::kStrict))};
}

PayloadReport ReportOne(const Payload& payload) {
  PayloadReport report{.kind = payload.kind, .bytes = payload.base64.size()};
  const Result<JsonValue> json = DecodeAs(payload.base64, Base64Reading::kGo);
  if (!json) {
    report.problem = json.error().message;
    return report;
  }
  const bool is_volume = payload.kind == PayloadKind::kKataVolume;
  // A volume in the wrong option is shown as what it is.
  report.fields =
      is_volume || LooksLikeKataVolume(*json) ? ShowKataVolume(*json) : ShowExtraOption(*json);
  report.verdicts =
      is_volume ? JudgeVolume(payload.base64, *json) : JudgeExtraOption(payload.base64, *json);
  return report;
}

// What the runtimes would do with each payload depends on those beside it.
struct Company {
  bool kata_go_takes_type = false;
  bool kata_rust_takes_type = false;
  std::ptrdiff_t extra_options = 0;
  std::ptrdiff_t volumes = 0;
};

std::vector<Use> UsesOfExtraOption(const Company& company, bool is_last) {
  std::string go = "mounts the image through nydusd for the guest";
  if (company.volumes > 0) {
    go = "passes over it: a Kata volume beside it comes first";
  } else if (!company.kata_go_takes_type) {
    go = "passes over it: the type of the mount is not fuse.nydus-overlayfs or the like";
  } else if (!is_last) {
    go = "passes over it: the last extraoption counts";
  }
  std::string rust = "mounts the image through nydusd for the guest";
  if (!company.kata_rust_takes_type) {
    rust = "passes over it: the type of the mount is not exactly fuse.nydus-overlayfs";
  } else if (company.extra_options > 1) {
    rust = "refuses the mount: there must be one extraoption";
  }
  return {{kKataGo, std::move(go)}, {kKataRust, std::move(rust)}};
}

// The type of a volume, or nothing if it is broken.
std::string VolumeTypeOf(const Payload& payload) {
  const Result<JsonValue> json = DecodeAs(payload.base64, Base64Reading::kGo);
  if (!json) return {};
  const Result<KataVolume> volume = ReadKataVolume(*json, {});
  return volume ? volume->volume_type : std::string();
}

std::vector<Use> UsesOfVolume(std::string_view volume_type, bool is_first) {
  const bool guest_pull = volume_type == "image_guest_pull";
  std::string go = "checks it and drops it: the container has no root file system";
  if (guest_pull) go = "lets the guest pull the image";
  std::string rust = "lets the guest pull the image, unless the sandbox shares a file system";
  if (!is_first) {
    rust = "passes over it: the first volume counts";
  } else if (!guest_pull) {
    rust = "refuses the mount: only image_guest_pull is known";
  }
  return {{kKataGo, std::move(go)}, {kKataRust, std::move(rust)}};
}

}  // namespace

bool KataGoTakesType(std::string_view type) {
  constexpr std::string_view kPrefix = "fuse.";
  if (!type.starts_with(kPrefix)) return false;
  type.remove_prefix(kPrefix.size());
  return type.substr(type.rfind('/') + 1).starts_with("nydus-overlayfs");
}

bool KataRustTakesType(std::string_view type) {
  return type == "fuse.nydus-overlayfs";
}

std::vector<PayloadReport> ReportPayloads(const std::vector<Payload>& payloads,
                                          std::string_view type) {
  const auto count = [&](PayloadKind kind) {
    return std::ranges::count(payloads, kind, &Payload::kind);
  };
  const Company company{.kata_go_takes_type = KataGoTakesType(type),
                        .kata_rust_takes_type = KataRustTakesType(type),
                        .extra_options = count(PayloadKind::kExtraOption),
                        .volumes = count(PayloadKind::kKataVolume)};
  std::vector<PayloadReport> reports;
  std::ptrdiff_t extra_options = 0;
  std::ptrdiff_t volumes = 0;
  for (const Payload& payload : payloads) {
    PayloadReport report = ReportOne(payload);
    if (payload.kind == PayloadKind::kExtraOption) {
      report.uses = UsesOfExtraOption(company, ++extra_options == company.extra_options);
    } else {
      report.uses = UsesOfVolume(VolumeTypeOf(payload), ++volumes == 1);
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace nydus
