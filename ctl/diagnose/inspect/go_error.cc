// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/go_error.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "ctl/diagnose/inspect/exit_meaning.h"
#include "ctl/diagnose/inspect/mount_command_text.h"
#include "ctl/diagnose/inspect/text_cleaning.h"

namespace nydus {

namespace {

constexpr std::size_t kNotFound = std::string_view::npos;

std::size_t BackslashesBefore(std::string_view text, std::size_t end) {
  const std::size_t last = text.substr(0, end).find_last_not_of('\\');
  return last == kNotFound ? end : end - last - 1;
}

// Quoting writes a backslash as two, and a quote with one before it. So the quotes inside a text
// that was quoted once more than what has `backslashes` before its quotes are those where all of
// these bits are set in the number of backslashes.
std::size_t InnerBits(std::size_t backslashes) {
  return (2 * backslashes) + 1;
}

// A quote and the backslashes that belong to it; behind the text's end if there is none.
struct QuoteMark {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// The first quote of `text` that ends a literal whose quotes have `backslashes` before them, or the
// end of what stands around that literal.
QuoteMark FindEnd(std::string_view text, std::size_t backslashes) {
  const std::size_t inner = InnerBits(backslashes);
  for (std::size_t at = text.find('"'); at != kNotFound; at = text.find('"', at + 1)) {
    const std::size_t own = BackslashesBefore(text, at) & inner;
    if (own != inner) return {.begin = at - own, .end = at + 1};
  }
  return {.begin = text.size(), .end = text.size()};
}

struct Literal {
  std::string text;
  int quotings = 0;       // of what stands around it
  std::string_view rest;  // behind it
};

// The literal that `text` begins with, be its quotes escaped or not.
std::optional<Literal> TakeLiteral(std::string_view text) {
  const std::size_t backslashes = std::min(text.find_first_not_of('\\'), text.size());
  const std::optional<int> quotings = QuotingsOf(backslashes);
  if (!quotings || !text.substr(backslashes).starts_with('"')) return std::nullopt;
  text.remove_prefix(backslashes + 1);
  const QuoteMark mark = FindEnd(text, backslashes);
  return Literal{.text = UnquoteGo(text.substr(0, mark.begin), *quotings + 1),
                 .quotings = *quotings,
                 .rest = text.substr(mark.end)};
}

// os/exec: "exit status 32", "signal: killed (core dumped)"
void ReadExit(std::string_view rest, MountText& text) {
  constexpr std::string_view kStatus = ": exit status ";
  constexpr std::string_view kSignal = ": signal: ";
  if (rest.starts_with(kSignal)) text.signal = SignalOfGoName(rest.substr(kSignal.size()));
  if (!rest.starts_with(kStatus)) return;
  int status = 0;
  const std::string_view digits = rest.substr(kStatus.size());
  if (std::from_chars(digits.data(), digits.data() + digits.size(), status).ec == std::errc()) {
    text.status = status;
  }
}

// `name` and the literal behind it.
std::optional<Literal> TakeNamed(std::string_view text, std::string_view name) {
  if (!text.starts_with(name)) return std::nullopt;
  return TakeLiteral(text.substr(name.size()));
}

// What `line` holds up to the quote that ends the text around it.
std::string_view UpToOuterQuote(std::string_view line, int quotings) {
  if (quotings == 0) return line;
  const std::size_t outer = (std::size_t{1} << static_cast<unsigned>(quotings - 1)) - 1;
  return line.substr(0, FindEnd(line, outer).begin);
}

// `text` begins behind "mount source: ".
std::optional<MountText> ReadNativeMount(std::string_view text) {
  constexpr std::string_view kType = ", fstype: ";
  constexpr std::string_view kFlags = ", flags: ";
  constexpr std::string_view kError = ", err: ";
  const std::optional<Literal> source = TakeLiteral(text);
  if (!source) return std::nullopt;
  const std::optional<Literal> target = TakeNamed(source->rest, ", target: ");
  if (!target || !target->rest.starts_with(kType)) return std::nullopt;
  std::string_view rest = target->rest.substr(kType.size());
  const std::string_view type = rest.substr(0, rest.find(','));
  rest.remove_prefix(type.size());
  if (!rest.starts_with(kFlags)) return std::nullopt;
  rest.remove_prefix(kFlags.size());
  rest.remove_prefix(std::min(rest.find(','), rest.size()));
  const std::optional<Literal> data = TakeNamed(rest, ", data: ");
  if (!data || !HasMountWord(data->text)) return std::nullopt;
  MountText mount{.form = "containerd's own mount",
                  .type = std::string(type),
                  .source = source->text,
                  .target = target->text,
                  .options = data->text};
  if (data->rest.starts_with(kError)) {
    mount.report = UpToOuterQuote(data->rest.substr(kError.size()), data->quotings);
  }
  return mount;
}

}  // namespace

std::optional<int> QuotingsOf(std::size_t backslashes) {
  for (int quotings = 0; quotings <= kMaxQuotings; ++quotings) {
    if (backslashes + 1 == std::size_t{1} << static_cast<unsigned>(quotings)) return quotings;
  }
  return std::nullopt;
}

int ReadOutcome(std::string_view rest, MountText& text) {
  constexpr std::string_view kFailed = " failed: ";
  constexpr std::size_t kMaxExecError = 256;  // what follows is other programs'
  rest.remove_prefix(std::min(rest.find_first_not_of(']'), rest.size()));
  std::optional<Literal> written = TakeNamed(rest, kFailed);
  if (!written) return 0;
  text.report = std::move(written->text);
  rest = written->rest;
  // The second is of golang.org/x/sys/execabs, by which containerd 1.6 looks programs up.
  if (rest.starts_with(": exec: ") || rest.starts_with(": mount.fuse resolves to ")) {
    text.report += rest.substr(2, kMaxExecError);
  }
  ReadExit(rest, text);
  return written->quotings;
}

std::vector<MountText> FindNativeMounts(std::string_view line) {
  constexpr std::string_view kBegin = "mount source: ";
  std::vector<MountText> found;
  for (std::size_t at = line.find(kBegin); at != kNotFound; at = line.find(kBegin, at + 1)) {
    if (auto mount = ReadNativeMount(line.substr(at + kBegin.size()))) {
      found.push_back(std::move(*mount));
    }
  }
  return found;
}

}  // namespace nydus
