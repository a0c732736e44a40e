// SPDX-License-Identifier: Apache-2.0
//
// Times the same overlay mount by several programs, one after the other in every round, so that
// the ratios hold on a machine whose speed drifts.
// usage: compare_mounts ROUNDS LAYERS PAYLOAD_BYTES NAME=KIND:PATH...
//        KIND: helper (a mount helper), bare (bare_mount), mount (mount(8) of a plain overlay)
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include <spawn.h>

#include "base/base64.h"

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "compare_mounts: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

void MakeDirectory(const std::string& path) {
  if (mkdir(path.c_str(), 0755) != 0) Die(path);
}

// A private namespace with a tmpfs that takes everything away at the end.
std::string PrepareScratch() {
  const std::string top = "/mnt";
  if (unshare(CLONE_NEWNS) != 0) Die("unshare");
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) Die("make / private");
  if (mount("tmpfs", top.c_str(), "tmpfs", 0, nullptr) != 0) Die("mount tmpfs");
  return top;
}

struct Lab {
  std::string target;
  std::string data;     // of the overlay
  std::string options;  // the data and a payload
};

Lab PrepareLab(int layers, std::size_t payload_bytes) {
  const std::string top = PrepareScratch();
  Lab lab{.target = top + "/target", .data = "lowerdir="};
  MakeDirectory(top + "/snapshots");
  for (const char* name : {"/target", "/snapshots/fs", "/snapshots/work"})
    MakeDirectory(top + name);
  for (int i = 0; i < layers; ++i) {
    const std::string layer = top + "/snapshots/" + std::to_string(i);
    MakeDirectory(layer);
    lab.data += (i == 0 ? "" : ":") + layer;
  }
  lab.data += ",upperdir=" + top + "/snapshots/fs,workdir=" + top + "/snapshots/work";
  lab.options = lab.data;
  if (payload_bytes > 0) {
    // Base64 grows by a third; quotes in the configuration are escaped, as in real ones.
    std::string config;
    while (config.size() < payload_bytes * 3 / 4) config += R"({\"key\":\"some value\"},)";
    lab.options +=
        ",extraoption=" + nydus::EncodeBase64(R"({"source":"/boot","config":")" + config +
                                              R"(","snapshotdir":"/s","fs_version":"v6"})");
  }
  return lab;
}

struct Program {
  std::string name;
  std::vector<std::string> command;
  std::vector<double> microseconds;
  bool works = true;
  long peak_kilobytes = 0;
};

Program MakeProgram(const std::string& text, const Lab& lab) {
  const std::size_t equals = text.find('=');
  const std::size_t colon = text.find(':', equals);
  const std::string kind = text.substr(equals + 1, colon - equals - 1);
  const std::string path = text.substr(colon + 1);
  Program program{.name = text.substr(0, equals)};
  if (kind == "bare") program.command = {path, lab.target, lab.data};
  if (kind == "helper") program.command = {path, "overlay", lab.target, "-o", lab.options};
  if (kind == "mount") {
    program.command = {path, "-i", "-t", "overlay", "overlay", lab.target, "-o", lab.data};
  }
  return program;
}

std::vector<char*> Pointers(Program& program) {
  std::vector<char*> pointers;
  for (std::string& word : program.command) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

bool IsSuccess(int status) {
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// Start to end of one mount, in microseconds; negative if it failed.
double TimeOnce(Program& program, const Lab& lab) {
  const std::vector<char*> argv = Pointers(program);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  char* environment[] = {nullptr};
  pid_t child = 0;
  int status = 0;
  const Clock::time_point begin = Clock::now();
  if (posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environment) != 0) return -1;
  if (waitpid(child, &status, 0) != child) Die("waitpid");
  const std::chrono::duration<double, std::micro> taken = Clock::now() - begin;
  posix_spawn_file_actions_destroy(&actions);
  const bool mounted = umount2(lab.target.c_str(), 0) == 0;
  return IsSuccess(status) && mounted ? taken.count() : -1;
}

long ReadPeakMemory(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::atol(line.c_str() + std::strlen("VmHWM:"));
  }
  return 0;
}

// VmHWM as the process ends: what wait4(2) tells includes this program's own pages.
void MeasurePeakMemory(Program& program, const Lab& lab) {
  const std::vector<char*> argv = Pointers(program);
  const pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    raise(SIGSTOP);
    execv(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL);
  ptrace(PTRACE_CONT, child, nullptr, nullptr);
  while (waitpid(child, &status, 0) == child && !WIFEXITED(status) && !WIFSIGNALED(status)) {
    if (status >> 8 == (SIGTRAP | (PTRACE_EVENT_EXIT << 8))) {
      program.peak_kilobytes = ReadPeakMemory(child);
    }
    const long signal = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
    ptrace(PTRACE_CONT, child, nullptr, signal);
  }
  umount2(lab.target.c_str(), 0);
}

double Quantile(std::vector<double> values, double fraction) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(fraction * static_cast<double>(values.size() - 1))];
}

void Print(const std::vector<Program>& programs) {
  const auto first = std::find_if(programs.begin(), programs.end(),
                                  [](const Program& program) { return program.works; });
  if (first == programs.end()) return;
  const double limit = Quantile(first->microseconds, 0.5);
  std::printf("  %-16s %9s %9s %9s %9s %9s\n", "program", "p10 us", "median us", "p90 us",
              "x first", "VmHWM kB");
  for (const Program& program : programs) {
    if (!program.works) {
      std::printf("  %-16s %9s\n", program.name.c_str(), "fails");
      continue;
    }
    const double median = Quantile(program.microseconds, 0.5);
    std::printf("  %-16s %9.0f %9.0f %9.0f %9.2f %9ld\n", program.name.c_str(),
                Quantile(program.microseconds, 0.1), median, Quantile(program.microseconds, 0.9),
                median / limit, program.peak_kilobytes);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: compare_mounts ROUNDS LAYERS PAYLOAD_BYTES NAME=KIND:PATH...\n");
    return 1;
  }
  const int rounds = std::atoi(argv[1]);
  const Lab lab = PrepareLab(std::atoi(argv[2]), static_cast<std::size_t>(std::atol(argv[3])));
  std::vector<Program> programs;
  for (int i = 4; i < argc; ++i) programs.push_back(MakeProgram(argv[i], lab));
  for (Program& program : programs) {
    program.works = TimeOnce(program, lab) >= 0;
    if (program.works) MeasurePeakMemory(program, lab);
  }
  for (int round = 0; round < rounds; ++round) {
    for (Program& program : programs) {
      if (program.works) program.microseconds.push_back(TimeOnce(program, lab));
    }
  }
  Print(programs);
  return 0;
}
