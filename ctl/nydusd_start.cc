// SPDX-License-Identifier: Apache-2.0
#include <system_error>

#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include <gflags/gflags.h>
#include <nlohmann/json.hpp>

#include "base/deadline.h"
#include "base/interruption.h"
#include "base/text.h"
#include "ctl/common_flags.h"
#include "ctl/configuration/configuration.h"
#include "ctl/json_output.h"
#include "ctl/nydusd_watch.h"
#include "ctl/standard_output.h"
#include "ctl/terminal.h"
#include "ctl/text_output.h"
#include "ctl/verbs.h"
#include "fuse/nydusd/mount_point.h"
#include "fuse/nydusd/nydusd_process.h"

DEFINE_string(sock, "", "PATH: the socket to which the VMM connects, once");
DEFINE_string(log_file, "", "FILE: nydusd's log; by default the API socket's path and .log");
DEFINE_bool(foreground, false, "stay until nydusd ends, and tell of it; a signal stops both");

namespace nydus {

namespace {

// Of packaging/schema/nydusd-start.schema.json.
constexpr int kSchemaVersion = 1;

constexpr std::string_view kDescription =
    "Starts a nydusd that serves a guest by vhost-user-fs, waits until it is ready and has it\n"
    "serve a directory at /containers. Words behind -- are arguments for nydusd. Both sockets lie\n"
    "in directories that nobody else can write. After an error nothing is left but the log.\n"
    "With --foreground, stays until nydusd ends: the status is then 3, and the end of its log is\n"
    "told on standard error. SIGTERM and SIGINT stop both, with status 0.\n";

constexpr std::array<std::string_view, 9> kFlags = {
    "apisock", "sock", "source", "nydusd", "log_file", "debug", "foreground", "json", "color"};

Result<> CheckFlags(const Operands& arguments) {
  if (!arguments.empty() && !arguments.front().starts_with('-')) {
    return Fail(ErrorKind::kUsage, "nydusd start wants no operand",
                "arguments for nydusd stand behind -- and begin with a dash");
  }
  for (const auto& [flag, value] :
       {std::pair("--apisock", &FLAGS_apisock), std::pair("--sock", &FLAGS_sock),
        std::pair("--source", &FLAGS_source)}) {
    if (value->empty()) return Fail(ErrorKind::kUsage, StrCat(flag, " is missing"));
  }
  return {};
}

// nydusd works in another directory.
std::string Absolute(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.string();
}

Result<NydusdSettings> SettingsOfFlags(const Operands& arguments) {
  std::string program = FLAGS_nydusd;
  if (program.empty()) {
    const Result<Configuration> configuration = ReadConfiguration();
    if (!configuration) return Failure(configuration.error());
    program = configuration->nydusd_path;
  }
  const std::string log_file =
      FLAGS_log_file.empty() ? StrCat(FLAGS_apisock, ".log") : FLAGS_log_file;
  return NydusdSettings{.program = Absolute(program),
                        .vhost_socket = Absolute(FLAGS_sock),
                        .api_socket = Absolute(FLAGS_apisock),
                        .share_directory = Absolute(FLAGS_source),
                        .log_file = Absolute(log_file),
                        .extra_arguments = arguments,
                        .debug = FLAGS_debug};
}

std::string StartedText(const NydusdSettings& settings, pid_t pid) {
  TextOutput text(WantsColour());
  text.Table({{{"process"}, {StrCat(pid)}},
              {{"API socket"}, {Escape(settings.api_socket)}},
              {{"socket for the VMM"}, {Escape(settings.vhost_socket)}},
              {{std::string(kPassthroughMountPoint)}, {Escape(settings.share_directory)}},
              {{"log"}, {Escape(settings.log_file)}}});
  return text.text();
}

std::string StartedJson(const NydusdSettings& settings, pid_t pid) {
  return FormatJson({{"version", kSchemaVersion},
                     {"pid", pid},
                     {"apisock", settings.api_socket},
                     {"sock", settings.vhost_socket},
                     {"source", settings.share_directory},
                     {"log_file", settings.log_file}});
}

// Here, and not at the end of the program: whoever starts the VMM waits for it, and a nydusd of
// which nobody was told is stopped.
Result<> TellOrStop(const StartedNydusd& nydusd, const NydusdSettings& settings) {
  const pid_t pid = nydusd.process.pid;
  const std::string output = FLAGS_json ? StartedJson(settings, pid) : StartedText(settings, pid);
  Result<> told = WriteOutputOfMade(output);
  if (told) return told;
  Result<> stopped = StopNydusd(nydusd.process, settings.vhost_socket, settings.api_socket);
  if (!stopped) return Failure(Wrap(std::move(stopped.error()), "cannot write the output"));
  return told;
}

Result<VerbOutcome> Run(const Operands& operands) {
  if (Result<> flags = CheckFlags(operands); !flags) return Failure(std::move(flags.error()));
  const Result<NydusdSettings> settings = SettingsOfFlags(operands);
  if (!settings) return Failure(settings.error());

  HoldEndingSignals();
  const auto no_record = [](const ProcessIdentity&) { return Result<>(); };
  const Result<StartedNydusd> nydusd =
      StartNydusd(*settings, FLAGS_foreground, no_record, After(kNydusdReadyTime));
  if (!nydusd) return Failure(nydusd.error());
  if (Result<> told = TellOrStop(*nydusd, *settings); !told) {
    return Failure(std::move(told.error()));
  }
  if (!FLAGS_foreground) return VerbOutcome{};
  const Result<ExitStatus> status = WatchNydusd(*nydusd, *settings);
  if (!status) return Failure(status.error());
  return VerbOutcome{.output = "", .status = *status};
}

}  // namespace

Verb NydusdStartVerb() {
  return {.name = "nydusd start",
          .operands = "[-- NYDUSD_ARGUMENT...]",
          .summary = "start a nydusd that serves a directory to a guest",
          .description = kDescription,
          .flags = kFlags,
          .run = Run};
}

}  // namespace nydus
