// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace nydus {

using TomlPath = std::initializer_list<std::string_view>;

// A TOML document (https://toml.io, version 1.0). Members that are absent, or of another type than
// asked for, give nothing.
class TomlDocument {
 public:
  // Errors (kUsage) name the line and never repeat the text, which may hold secrets.
  static Result<TomlDocument> Parse(std::string_view text);

  [[nodiscard]] std::optional<std::string> String(TomlPath path) const;
  [[nodiscard]] std::optional<bool> Boolean(TomlPath path) const;
  [[nodiscard]] std::optional<long long> Integer(TomlPath path) const;
  [[nodiscard]] std::vector<std::string> Strings(TomlPath path) const;  // of an array
  // Of an array that holds nothing but strings.
  [[nodiscard]] std::optional<std::vector<std::string>> OnlyStrings(TomlPath path) const;
  [[nodiscard]] std::vector<std::string> Keys(TomlPath path) const;  // of a table
  // The line, counted from 1, on which the member's value begins.
  [[nodiscard]] std::optional<unsigned> Line(TomlPath path) const;

 private:
  struct Tree;
  explicit TomlDocument(std::shared_ptr<const Tree> tree) : tree_(std::move(tree)) {}

  std::shared_ptr<const Tree> tree_;
};

}  // namespace nydus
