// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/doctor/processes.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.h"

namespace nydus {

namespace {

// Arguments and environment of a process may have megabytes; those of daemons have not.
constexpr std::size_t kMaxProcessText = std::size_t{1024} * 1024;
constexpr std::size_t kMaxNameText = 256;

std::vector<std::string> SplitAtNul(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\0'), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::optional<int> ProcessId(std::string_view name) {
  int id = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (error != std::errc() || end != name.data() + name.size() || id <= 0) return std::nullopt;
  return id;
}

std::vector<std::string> ArgumentsOf(const NodeView& node, const Process& process) {
  const auto text = node.Read(process.PathOf("cmdline"), kMaxProcessText);
  if (!text || !*text) return {};
  std::vector<std::string> words = SplitAtNul(**text);
  if (!words.empty()) words.erase(words.begin());
  return words;
}

}  // namespace

std::string Process::PathOf(std::string_view file) const {
  return StrCat("/proc/", id, "/", file);
}

std::optional<std::string> Process::Flag(std::initializer_list<std::string_view> names) const {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string_view word = arguments[i];
    if (!word.starts_with('-')) continue;
    word.remove_prefix(word.starts_with("--") ? 2 : 1);
    const std::size_t equals = word.find('=');
    if (std::ranges::find(names, word.substr(0, equals)) == names.end()) continue;
    if (equals != std::string_view::npos) return std::string(word.substr(equals + 1));
    if (i + 1 < arguments.size()) return arguments[i + 1];
  }
  return std::nullopt;
}

std::vector<Process> FindProcesses(const NodeView& node, std::string_view name) {
  std::vector<Process> found;
  for (const std::string& entry : node.List("/proc")) {
    const std::optional<int> id = ProcessId(entry);
    if (!id) continue;
    Process process{.id = *id, .arguments = {}};
    const auto comm = node.Read(process.PathOf("comm"), kMaxNameText);
    if (!comm || !*comm || **comm != StrCat(name, "\n")) continue;
    process.arguments = ArgumentsOf(node, process);
    found.push_back(std::move(process));
  }
  std::ranges::sort(found, {}, &Process::id);
  return found;
}

std::optional<Process> ChooseProcess(std::vector<Process> processes,
                                     std::string_view configuration) {
  if (processes.empty()) return std::nullopt;
  const auto found = std::ranges::find_if(
      processes, [&](const Process& process) { return process.Configuration() == configuration; });
  return std::move(found == processes.end() ? processes.front() : *found);
}

Result<std::optional<std::string>> StartingVariable(const NodeView& node, const Process& process,
                                                    std::string_view name) {
  const auto text = node.Read(process.PathOf("environ"), kMaxProcessText);
  if (!text) return Failure(text.error());
  if (!*text) return std::nullopt;
  const std::string prefix = StrCat(name, "=");
  for (const std::string& word : SplitAtNul(**text)) {
    if (word.starts_with(prefix)) return word.substr(prefix.size());
  }
  return std::nullopt;
}

}  // namespace nydus
