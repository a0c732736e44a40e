// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include <gtest/gtest.h>

namespace nydus {

// True if NYDUS_REQUIRE, a list separated by commas, names this kind of test: then a test of it
// that cannot run has failed.
bool IsRequired(std::string_view kind);

}  // namespace nydus

// Ends the test as skipped, or as failed where its kind is required.
#define NYDUS_SKIP(kind, reason)                           \
  do {                                                     \
    if (nydus::IsRequired(kind)) GTEST_FAIL() << (reason); \
    GTEST_SKIP() << (reason);                              \
  } while (false)
