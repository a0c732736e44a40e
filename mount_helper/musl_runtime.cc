// SPDX-License-Identifier: Apache-2.0
//
// What a C++ program needs at run time and musl, being a C library, does not bring. Distributions
// ship libc++ built for glibc alone, so the musl build takes libc++'s headers and this file in
// place of its library. Only the helper's musl build compiles it.
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

std::new_handler g_new_handler = nullptr;

// Most mounts never need more, and then neither brk(2) nor mmap(2) is called. Nothing of it is
// given back: the process lives for one mount.
constexpr std::size_t kArenaBytes = 64 * 1024;
alignas(std::max_align_t) unsigned char g_arena[kArenaBytes];
std::size_t g_arena_used = 0;

bool IsInArena(const void* memory) {
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  const auto begin = reinterpret_cast<std::uintptr_t>(g_arena);
  return address >= begin && address < begin + kArenaBytes;
}

}  // namespace

std::new_handler std::set_new_handler(std::new_handler handler) noexcept {
  const std::new_handler old = g_new_handler;
  g_new_handler = handler;
  return old;
}

void* operator new(std::size_t size) {
  constexpr std::size_t kAlignment = alignof(std::max_align_t);
  const std::size_t wanted = size == 0 ? 1 : size;
  const std::size_t rounded = (wanted + kAlignment - 1) & ~(kAlignment - 1);
  if (rounded >= wanted && rounded <= kArenaBytes - g_arena_used) {
    void* memory = g_arena + g_arena_used;
    g_arena_used += rounded;
    return memory;
  }
  void* memory = std::malloc(wanted);
  if (memory == nullptr && g_new_handler != nullptr) g_new_handler();
  if (memory == nullptr) std::abort();
  return memory;
}

void operator delete(void* memory) noexcept {
  if (!IsInArena(memory)) std::free(memory);
}

void* operator new[](std::size_t size) {
  return operator new(size);
}
void operator delete(void* memory, std::size_t) noexcept {
  operator delete(memory);
}
void operator delete[](void* memory) noexcept {
  operator delete(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  operator delete(memory);
}

// nlohmann/json describes an error in an exception object, which is handed to a callback and never
// thrown. Nobody reads its text, which could hold bytes of a payload, so none is kept.
std::exception::~exception() noexcept {}
const char* std::exception::what() const noexcept {
  return "";
}
std::__libcpp_refstring::__libcpp_refstring(const char*) : __imp_("") {}
std::__libcpp_refstring::~__libcpp_refstring() {}
std::runtime_error::runtime_error(const char* message) : __imp_(message) {}
std::runtime_error::~runtime_error() noexcept {}
const char* std::runtime_error::what() const noexcept {
  return __imp_.c_str();
}

std::string std::to_string(int number) {
  char digits[16];
  return {digits, std::to_chars(digits, digits + sizeof digits, number).ptr};
}
std::string std::to_string(unsigned long number) {
  char digits[24];
  return {digits, std::to_chars(digits, digits + sizeof digits, number).ptr};
}

// What libc++'s headers call where they would throw, a length or position out of range.
void std::__libcpp_verbose_abort(const char*, ...) {
  constexpr std::string_view kMessage = "mount.fuse.nydus-overlayfs: internal error\n";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, kMessage.data(), kMessage.size());
  _exit(4);
}

template class std::basic_string<char>;
