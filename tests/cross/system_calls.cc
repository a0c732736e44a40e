// SPDX-License-Identifier: Apache-2.0

// Prints the name of every system call of ours that the machine running this does not know, one a
// line. Under an emulator that is the emulator's gap, and tests that fail there for such a call
// prove nothing about the program.

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace {

struct SystemCall {
  const char* name;
  long number;
};

constexpr SystemCall kSystemCalls[] = {
    {"close_range", SYS_close_range},
    {"fsconfig", SYS_fsconfig},
    {"fsmount", SYS_fsmount},
    {"fsopen", SYS_fsopen},
    {"fspick", SYS_fspick},
    {"memfd_create", SYS_memfd_create},
    {"mount_setattr", SYS_mount_setattr},
    {"move_mount", SYS_move_mount},
    {"open_tree", SYS_open_tree},
    {"openat2", SYS_openat2},
    {"pidfd_open", SYS_pidfd_open},
    {"pidfd_send_signal", SYS_pidfd_send_signal},
    {"setns", SYS_setns},
    {"statx", SYS_statx},
};

}  // namespace

int main() {
  for (const SystemCall& call : kSystemCalls) {
    // Arguments that every one of them refuses without doing anything.
    errno = 0;
    syscall(call.number, -1L, -1L, -1L, -1L, -1L, -1L);
    if (errno == ENOSYS) std::puts(call.name);
  }
  return 0;
}
