// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/unique_fd.h"

namespace nydus {

// What a scripted daemon does with one connection, once it has the whole request.
struct ScriptedAnswer {
  enum class Then { kKeepOpen, kClose, kDrip };  // kDrip: sends a byte from time to time, for ever

  std::string bytes;
  Then then = Then::kKeepOpen;  // as nydusd does
};

// Answers as nydusd 2.2.0 writes them.
ScriptedAnswer NoContent();
ScriptedAnswer WithBody(int status, std::string_view body);

// A server on a Unix socket that plays one answer a connection, in order, and closes further
// connections at once. Ends the program if it cannot listen.
class ScriptedDaemon {
 public:
  ScriptedDaemon(const std::string& socket_path, std::vector<ScriptedAnswer> answers);
  ScriptedDaemon(const ScriptedDaemon&) = delete;
  ScriptedDaemon& operator=(const ScriptedDaemon&) = delete;
  ~ScriptedDaemon();

  // The requests it has answered so far; a connection without one is passed over.
  std::vector<std::string> Requests();

 private:
  void Serve();
  void Play(const ScriptedAnswer& answer, UniqueFd connection);
  [[nodiscard]] bool IsStopping(int milliseconds) const;

  std::vector<ScriptedAnswer> answers_;
  UniqueFd listener_;
  UniqueFd stop_;
  std::vector<UniqueFd> kept_open_;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

}  // namespace nydus
