// SPDX-License-Identifier: Apache-2.0
#include "ctl/configuration/configuration.h"

#include <algorithm>
#include <utility>

#include "base/file_reading.h"
#include "base/identifier.h"
#include "base/share_layout.h"
#include "base/text.h"
#include "ctl/configuration/toml.h"

namespace nydus {

namespace {

Failure Bad(const TomlDocument& document, std::string_view key, std::string_view why) {
  return Fail(ErrorKind::kUsage, StrCat(kConfigurationFile, ": line ", *document.Line({key}), ": ",
                                        Quote(key), " ", why));
}

// A NUL would cut the path when the kernel is given it.
bool IsAbsolutePath(std::string_view text) {
  return text.starts_with('/') && !text.contains('\0');
}

bool IsLayout(std::string_view text) {
  return ParseShareLayout(text).has_value();
}

struct StringKey {
  std::string_view name;
  std::string Configuration::* member;
  bool (*is_valid)(std::string_view value);
  std::string_view rule;
};
constexpr std::string_view kPathRule = "is not an absolute path";
constexpr StringKey kStringKeys[] = {
    {"sandbox", &Configuration::sandbox, IsIdentifier, kIdentifierRule},
    {"apisock", &Configuration::api_socket, IsAbsolutePath, kPathRule},
    {"layout", &Configuration::layout, IsLayout, kShareLayoutRule},
    {"nydusd_path", &Configuration::nydusd_path, IsAbsolutePath, kPathRule},
};

Result<> ReadStringKey(const TomlDocument& document, const StringKey& key,
                       Configuration& configuration) {
  std::optional<std::string> value = document.String({key.name});
  if (!value) return Bad(document, key.name, "is not a string");
  if (!key.is_valid(*value)) return Bad(document, key.name, key.rule);
  configuration.*key.member = std::move(*value);
  return {};
}

constexpr std::string_view kSnapshotRoots = "snapshot_roots";

Result<> ReadSnapshotRoots(const TomlDocument& document, Configuration& configuration) {
  std::optional<std::vector<std::string>> roots = document.OnlyStrings({kSnapshotRoots});
  if (!roots) return Bad(document, kSnapshotRoots, "is not an array of strings");
  if (roots->size() > kMaxSnapshotRoots) {
    return Bad(document, kSnapshotRoots, StrCat("has more than ", kMaxSnapshotRoots, " elements"));
  }
  if (!std::ranges::all_of(*roots, IsAbsolutePath)) {
    return Bad(document, kSnapshotRoots, "holds something that is not an absolute path");
  }
  configuration.snapshot_roots = std::move(*roots);
  return {};
}

Result<> ReadKey(const TomlDocument& document, std::string_view key, Configuration& configuration) {
  if (key == kSnapshotRoots) return ReadSnapshotRoots(document, configuration);
  const auto* const known = std::ranges::find(kStringKeys, key, &StringKey::name);
  if (known == std::ranges::end(kStringKeys)) return Bad(document, key, "is not known");
  return ReadStringKey(document, *known, configuration);
}

}  // namespace

Result<Configuration> ParseConfiguration(std::string_view text) {
  const Result<TomlDocument> document = TomlDocument::Parse(text);
  if (!document) return Failure(Wrap(document.error(), kConfigurationFile));
  Configuration configuration;
  for (const std::string& key : document->Keys({})) {
    if (Result<> read = ReadKey(*document, key, configuration); !read) {
      return Failure(std::move(read.error()));
    }
  }
  return configuration;
}

Result<Configuration> ReadConfiguration() {
  const Result<std::optional<std::string>> text = ReadTrustedFile(kConfigurationFile);
  if (!text) return Failure(text.error());
  return *text ? ParseConfiguration(**text) : Configuration();
}

}  // namespace nydus
