// SPDX-License-Identifier: Apache-2.0
//
// Where libmount splits an option string in another way than we do. Everywhere else the two agree:
// the fuzz target option_splitting compares them.
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <libmount/libmount.h>

#include "mount_helper/option_string.h"
#include "tests/support/result_matchers.h"

namespace nydus {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::IsEmpty;
using Words = std::vector<std::string>;

// "name", or "name|value". A quoted value of ours has no quotes.
Words Ours(std::string_view options) {
  Words words;
  for (;;) {
    const Result<std::optional<OptionWord>> word = NextOption(options);
    EXPECT_THAT(word, IsOk());
    if (!word || !*word) return words;
    words.emplace_back((*word)->name);
    if ((*word)->value) words.back() += "|" + std::string(*(*word)->value);
  }
}

Words Libmounts(std::string options) {
  Words words;
  char* rest = options.data();
  char* name = nullptr;
  char* value = nullptr;
  std::size_t name_size = 0;
  std::size_t value_size = 0;
  while (mnt_optstr_next_option(&rest, &name, &name_size, &value, &value_size) == 0) {
    words.emplace_back(name, name_size);
    if (value != nullptr) words.back() += "|" + std::string(value, value_size);
  }
  return words;
}

bool LibmountKnowsEscapes() {
  constexpr int kFirst = 2390;
  return mnt_get_library_version(nullptr) >= kFirst;
}

TEST(OptionStringAgainstLibmount, EscapedCommaSplitsThereBefore239) {
  constexpr std::string_view kOptions = R"(lowerdir=/a\,b,rw)";
  EXPECT_THAT(Ours(kOptions), ElementsAre(R"(lowerdir|/a\,b)", "rw"));
  EXPECT_THAT(Libmounts(std::string(kOptions)), LibmountKnowsEscapes()
                                                    ? Words({R"(lowerdir|/a\,b)", "rw"})
                                                    : Words({R"(lowerdir|/a\)", "b", "rw"}));
}

TEST(OptionStringAgainstLibmount, CommaBehindAnEscapedBackslashDoesNotSplitThereSince239) {
  constexpr std::string_view kOptions = R"(upperdir=/a\\,rw)";
  EXPECT_THAT(Ours(kOptions), ElementsAre(R"(upperdir|/a\\)", "rw"));
  EXPECT_THAT(Libmounts(std::string(kOptions)), LibmountKnowsEscapes()
                                                    ? Words({R"(upperdir|/a\\,rw)"})
                                                    : Words({R"(upperdir|/a\\)", "rw"}));
}

TEST(OptionStringAgainstLibmount, QuoteInsideAWordKeepsCommasThere) {
  EXPECT_THAT(Ours(R"(a"b,c",rw)"), ElementsAre(R"(a"b)", R"(c")", "rw"));
  EXPECT_THAT(Libmounts(R"(a"b,c",rw)"), ElementsAre(R"(a"b,c")", "rw"));
}

TEST(OptionStringAgainstLibmount, QuoteInsideAValueKeepsCommasThere) {
  EXPECT_THAT(Ours(R"(a=b"c,d",rw)"), ElementsAre(R"(a|b"c)", R"(d")", "rw"));
  EXPECT_THAT(Libmounts(R"(a=b"c,d",rw)"), ElementsAre(R"(a|b"c,d")", "rw"));
}

TEST(OptionStringAgainstLibmount, OpenQuoteEndsTheListThereWithoutAnError) {
  std::string_view options = R"(a="b,rw)";
  EXPECT_THAT(NextOption(options), HasError(ErrorKind::kUsage, "quote is never closed"));
  EXPECT_THAT(Libmounts(R"(a="b,rw)"), IsEmpty());
}

TEST(OptionStringAgainstLibmount, TextBehindAClosingQuoteBelongsToTheValueThere) {
  std::string_view options = R"(a="b"c,rw)";
  EXPECT_THAT(NextOption(options), HasError(ErrorKind::kUsage, "follows a closing quote"));
  EXPECT_THAT(Libmounts(R"(a="b"c,rw)"), ElementsAre(R"(a|"b"c)", "rw"));
}

TEST(OptionStringAgainstLibmount, EqualsSignInFrontEndsNoNameThere) {
  EXPECT_THAT(Ours("=a,rw"), ElementsAre("|a", "rw"));
  // 2.38 takes it for a part of the name, 2.41 for an error that ends the list.
  EXPECT_THAT(Libmounts("=a,rw"), AnyOf(ElementsAre("=a", "rw"), IsEmpty()));
}

TEST(OptionStringAgainstLibmount, QuotesStayWithTheValueThere) {
  EXPECT_THAT(Ours(R"(a="b,c",rw)"), ElementsAre("a|b,c", "rw"));
  EXPECT_THAT(Libmounts(R"(a="b,c",rw)"), ElementsAre(R"(a|"b,c")", "rw"));
}

}  // namespace
}  // namespace nydus
