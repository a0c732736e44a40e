// SPDX-License-Identifier: Apache-2.0
#include "ctl/configuration/toml.h"

#include <utility>

#include <toml++/toml.h>

#include "base/text.h"

namespace nydus {

struct TomlDocument::Tree {
  toml::table table;

  [[nodiscard]] const toml::node* At(TomlPath path) const {
    const toml::node* node = &table;
    for (const std::string_view key : path) {
      const toml::table* members = node->as_table();
      node = members == nullptr ? nullptr : members->get(key);
      if (node == nullptr) return nullptr;
    }
    return node;
  }

  template <typename T>
  [[nodiscard]] std::optional<T> ValueAt(TomlPath path) const {
    const toml::node* node = At(path);
    return node == nullptr ? std::nullopt : node->value_exact<T>();
  }
};

Result<TomlDocument> TomlDocument::Parse(std::string_view text) {
  toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    return Fail(ErrorKind::kUsage, StrCat("line ", parsed.error().source().begin.line, ", column ",
                                          parsed.error().source().begin.column, ": is no TOML"));
  }
  return TomlDocument(std::make_shared<const Tree>(Tree{std::move(parsed).table()}));
}

std::optional<std::string> TomlDocument::String(TomlPath path) const {
  return tree_->ValueAt<std::string>(path);
}

std::optional<bool> TomlDocument::Boolean(TomlPath path) const {
  return tree_->ValueAt<bool>(path);
}

std::optional<long long> TomlDocument::Integer(TomlPath path) const {
  return tree_->ValueAt<std::int64_t>(path);
}

std::vector<std::string> TomlDocument::Strings(TomlPath path) const {
  const toml::node* node = tree_->At(path);
  if (node == nullptr || !node->is_array()) return {};
  std::vector<std::string> texts;
  for (const toml::node& element : *node->as_array()) {
    if (auto text = element.value_exact<std::string>()) texts.push_back(std::move(*text));
  }
  return texts;
}

std::optional<std::vector<std::string>> TomlDocument::OnlyStrings(TomlPath path) const {
  const toml::node* node = tree_->At(path);
  if (node == nullptr || !node->is_array()) return std::nullopt;
  std::vector<std::string> texts = Strings(path);
  if (texts.size() != node->as_array()->size()) return std::nullopt;
  return texts;
}

std::vector<std::string> TomlDocument::Keys(TomlPath path) const {
  const toml::node* node = tree_->At(path);
  if (node == nullptr || !node->is_table()) return {};
  std::vector<std::string> keys;
  for (const auto& [key, value] : *node->as_table()) keys.emplace_back(key.str());
  return keys;
}

std::optional<unsigned> TomlDocument::Line(TomlPath path) const {
  const toml::node* node = tree_->At(path);
  if (node == nullptr) return std::nullopt;
  return node->source().begin.line;
}

}  // namespace nydus
