// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/mount_request.h"

#include <algorithm>
#include <utility>

#include "base/identifier.h"
#include "base/share_layout.h"
#include "base/text.h"
#include "mount_helper/escapes.h"
#include "mount_helper/option_string.h"

namespace nydus {

namespace {

// A payload may stand for every layer, and an image has one more.
constexpr std::size_t kMaxPayloads = kMaxLayers + 1;

Failure BadOption(std::string_view name, std::string_view why) {
  return Fail(ErrorKind::kUsage, StrCat("option ", Quote(name), " ", why));
}

// Text from between quotes, in the form that needs none: commas escaped. A backslash at its end,
// which escapes nothing, would escape what comes to stand behind it.
std::string WithoutNeedOfQuotes(std::string_view quoted) {
  std::string value;
  for (std::size_t i = 0; i < quoted.size(); ++i) {
    if (quoted[i] == '\\' && i + 1 == quoted.size()) break;
    if (quoted[i] == ',') value += '\\';
    value += quoted[i];
    if (quoted[i] == '\\') value += quoted[++i];
  }
  return value;
}

class RequestParser {
 public:
  explicit RequestParser(const CommandLine& line) {
    request_.source = line.source.empty() ? "overlay" : line.source;
    request_.target = line.target;
  }

  Result<MountRequest> Parse(std::string_view options) {
    for (std::string_view rest = options;;) {
      const Result<std::optional<OptionWord>> word = NextOption(rest);
      if (!word) return Failure(word.error());
      if (!*word) break;
      if (Result<> taken = Take(**word); !taken) return Failure(std::move(taken.error()));
    }
    if (Result<> mode = SettleMode(); !mode) return Failure(std::move(mode.error()));
    return std::move(request_);
  }

 private:
  Result<> Take(const OptionWord& word) {
    const OptionRow* row = FindOption(word.name, word.value.has_value());
    if (row == nullptr) {
      const bool is_layer = word.name == "lowerdir+" || word.name == "datadir+";
      if (is_layer && NamesDescriptor(word.value.value_or(""))) {
        return BadOption(word.name, "names a descriptor, not a directory");
      }
      AddData({.key = std::string(word.name), .value = DataValue(word)});
      return {};
    }
    if (row->value == OptionValue::kNeeded && !word.value) {
      return BadOption(word.name, "needs a value");
    }
    return TakeKnown(*row, word);
  }

  Result<> TakeKnown(const OptionRow& row, const OptionWord& word) {
    const std::string_view value = word.value.value_or("");
    switch (row.kind) {
      case OptionKind::kAttribute:
      case OptionKind::kAtime:
      case OptionKind::kSuperBlock: request_.flags.Apply(row); return {};
      case OptionKind::kPropagation: request_.propagation.push_back(row.mount_flag); return {};
      case OptionKind::kRemount: request_.remount = true; return {};
      case OptionKind::kLowerDirectory:
      case OptionKind::kUpperDirectory:
      case OptionKind::kWorkDirectory: return TakeDirectory(row, word);
      case OptionKind::kVolatile:
        AddData({row.kind, true, std::string(word.name), DataValue(word)});
        return {};
      case OptionKind::kSecurityContext:
        if (value.contains('\\')) return BadOption(word.name, "holds a backslash");
        AddData({row.kind, true, std::string(word.name), std::string(value)});
        return {};
      case OptionKind::kExtraOption: return TakePayload(PayloadKind::kExtraOption, value);
      case OptionKind::kKataVolume: return TakePayload(PayloadKind::kKataVolume, value);
      case OptionKind::kMode: return TakeMode(value);
      case OptionKind::kPayloadPolicy: return TakePolicy(value);
      case OptionKind::kSandbox: return TakeIdentifier(word, request_.hand_over.sandbox);
      case OptionKind::kContainer: return TakeIdentifier(word, request_.hand_over.container);
      case OptionKind::kApiSocket: return TakeApiSocket(value);
      case OptionKind::kLayout: return TakeLayout(value);
      case OptionKind::kDropped: return {};
      case OptionKind::kRefused: return BadOption(word.name, row.reason);
    }
    std::unreachable();
  }

  static std::optional<std::string> DataValue(const OptionWord& word) {
    if (!word.value) return std::nullopt;
    return word.quoted ? WithoutNeedOfQuotes(*word.value) : std::string(*word.value);
  }

  void AddData(DataWord word) { request_.data.push_back(std::move(word)); }

  // A later lowerdir=, upperdir= or workdir= replaces an earlier one, as it does in the kernel.
  Result<> TakeDirectory(const OptionRow& row, const OptionWord& word) {
    DataWord data{row.kind, true, std::string(word.name), DataValue(word)};
    if (row.kind == OptionKind::kLowerDirectory) {
      Result<std::vector<Layer>> layers = ParseLowerDirectories(*data.value);
      if (!layers) return Failure(std::move(layers.error()));
      request_.layers = std::move(*layers);
    } else {
      const bool upper = row.kind == OptionKind::kUpperDirectory;
      std::string path = UnescapePath(*data.value);
      if (path.empty()) return BadOption(word.name, "needs a value");
      if (NamesDescriptor(path)) return BadOption(word.name, "names a descriptor, not a directory");
      (upper ? request_.upper_directory : request_.work_directory) = std::move(path);
    }
    std::erase_if(request_.data,
                  [&](const DataWord& old) { return old.known && old.kind == row.kind; });
    AddData(std::move(data));
    return {};
  }

  Result<> TakePayload(PayloadKind kind, std::string_view base64) {
    if (request_.payloads.size() == kMaxPayloads) {
      return Fail(ErrorKind::kUsage, StrCat("more than ", kMaxPayloads, " payloads"));
    }
    // JSON that was not encoded is cut at its commas, and its pieces stand among the options, where
    // messages would show them.
    if (base64.find_first_of("{[\"") != std::string_view::npos) {
      return Fail(ErrorKind::kUsage, "a payload is bare JSON, not base64");
    }
    request_.payloads.push_back({kind, std::string(base64)});
    return {};
  }

  Result<> TakeMode(std::string_view value) {
    named_mode_.reset();
    if (value == "auto") return {};
    if (value == "native") named_mode_ = MountMode::kNative;
    if (value == "kata") named_mode_ = MountMode::kKata;
    if (value == "image") named_mode_ = MountMode::kImage;
    if (named_mode_) return {};
    return BadOption("nydus.mode", "is not auto, native, kata or image");
  }

  Result<> TakePolicy(std::string_view value) {
    request_.policy = ParsePayloadPolicy(value);
    if (request_.policy) return {};
    return BadOption("nydus.payload", "is not compatible, strict or ignore");
  }

  static Result<> TakeIdentifier(const OptionWord& word, std::string& field) {
    field = word.value.value_or("");
    if (IsIdentifier(field)) return {};
    return BadOption(word.name, kIdentifierRule);
  }

  Result<> TakeApiSocket(std::string_view value) {
    request_.hand_over.api_socket = value;
    if (value.starts_with('/')) return {};
    return BadOption("nydus.apisock", "is not an absolute path");
  }

  Result<> TakeLayout(std::string_view value) {
    request_.hand_over.layout = value;
    if (ParseShareLayout(value)) return {};
    return BadOption("nydus.layout", kShareLayoutRule);
  }

  // Without a word from the caller: native where there is a layer to mount, else an image where a
  // payload names one. Kata mode is never guessed.
  Result<> SettleMode() {
    const bool has_extra_option = std::ranges::any_of(
        request_.payloads, [](const Payload& p) { return p.kind == PayloadKind::kExtraOption; });
    const bool image =
        request_.layers.empty() && has_extra_option && !request_.remount && !HasAppendedLayers();
    request_.mode = named_mode_.value_or(image ? MountMode::kImage : MountMode::kNative);
    if (request_.mode == MountMode::kKata) {
      if (!request_.hand_over.container.empty()) return {};
      return Fail(ErrorKind::kUsage, "nydus.mode=kata needs nydus.container=");
    }
    if (request_.hand_over == HandOverSettings()) return {};
    return Fail(ErrorKind::kUsage,
                "nydus.sandbox, nydus.container, nydus.apisock and nydus.layout need "
                "nydus.mode=kata");
  }

  // lowerdir+= and datadir+= are plain data: overlay reads them through mount(2) too.
  [[nodiscard]] bool HasAppendedLayers() const {
    return std::ranges::any_of(request_.data, [](const DataWord& word) {
      return word.key == "lowerdir+" || word.key == "datadir+";
    });
  }

  MountRequest request_;
  std::optional<MountMode> named_mode_;
};

}  // namespace

std::string_view PayloadOptionName(PayloadKind kind) {
  return kind == PayloadKind::kExtraOption ? kExtraOptionName : kKataVolumeOptionName;
}

Result<MountRequest> ParseMountRequest(const CommandLine& line) {
  return RequestParser(line).Parse(line.options);
}

}  // namespace nydus
