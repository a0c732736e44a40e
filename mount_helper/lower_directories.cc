// SPDX-License-Identifier: Apache-2.0
#include "mount_helper/lower_directories.h"

#include "base/text.h"
#include "mount_helper/escapes.h"

namespace nydus {

namespace {

Failure BadLayer(std::size_t number, std::string_view why) {
  return Fail(ErrorKind::kMount, StrCat("lowerdir: layer ", number, " ", why));
}

// Takes one layer off `rest`, with the separator in front of it already gone.
std::string TakePath(std::string_view& rest) {
  const std::size_t end = FindUnescaped(rest, ':');
  std::string path = UnescapePath(rest.substr(0, end));
  rest.remove_prefix(end);
  return path;
}

}  // namespace

namespace {

// Far more than the prefixes below with some slashes doubled.
constexpr std::size_t kLongestDescriptorPrefix = 64;

}  // namespace

bool NamesDescriptor(std::string_view path) {
  std::string plain;
  for (const char c : path.substr(0, kLongestDescriptorPrefix)) {
    if (c != '/' || !plain.ends_with('/')) plain += c;
  }
  return plain.starts_with("/proc/self/fd/") || plain.starts_with("/proc/thread-self/fd/") ||
         plain.starts_with("/dev/fd/");
}

Result<std::vector<Layer>> ParseLowerDirectories(std::string_view value) {
  std::vector<Layer> layers;
  bool data_only = false;
  for (std::string_view rest = value;;) {
    Layer layer{.path = TakePath(rest), .data_only = data_only};
    const std::size_t number = layers.size() + 1;
    if (layer.path.empty()) return BadLayer(number, "is empty");
    if (NamesDescriptor(layer.path)) {
      return BadLayer(number, StrCat(Quote(layer.path), " names a descriptor, not a directory"));
    }
    if (number > kMaxLayers) {
      return Fail(ErrorKind::kMount,
                  StrCat("lowerdir: has more than ", kMaxLayers, " layers, the kernel's limit"));
    }
    layers.push_back(std::move(layer));
    if (rest.empty()) return layers;
    rest.remove_prefix(1);
    const bool doubled = rest.starts_with(':');
    if (doubled) rest.remove_prefix(1);
    if (data_only && !doubled) {
      return BadLayer(number + 1, "is an ordinary one below a data-only one");
    }
    data_only = doubled;
  }
}

std::string FormatLowerDirectories(const std::vector<Layer>& layers) {
  std::string value;
  for (const Layer& layer : layers) {
    if (!value.empty()) value += layer.data_only ? "::" : ":";
    value += EscapePath(layer.path);
  }
  return value;
}

std::string CommonParent(const std::vector<Layer>& layers) {
  if (layers.empty() || !layers[0].path.starts_with('/')) return {};
  std::string_view common = layers[0].path;
  common = common.substr(0, common.rfind('/') + 1);
  for (const Layer& layer : layers) {
    if (!layer.path.starts_with('/')) return {};
    while (common != "/" &&
           (!std::string_view(layer.path).starts_with(common) || layer.path == common)) {
      common = common.substr(0, common.rfind('/', common.size() - 2) + 1);
    }
  }
  if (common.size() > 1) common.remove_suffix(1);
  return std::string(common);
}

std::string_view RelativeTo(std::string_view path, std::string_view directory) {
  const std::string_view original = path;
  if (directory.empty() || !path.starts_with(directory)) return original;
  path.remove_prefix(directory.size());
  if (!directory.ends_with('/') && !path.starts_with('/')) return original;
  while (path.starts_with('/')) path.remove_prefix(1);
  return path.empty() ? original : path;
}

}  // namespace nydus
