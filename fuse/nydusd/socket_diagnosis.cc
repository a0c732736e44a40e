// SPDX-License-Identifier: Apache-2.0
#include "fuse/nydusd/socket_diagnosis.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <span>

#include "base/unique_fd.h"

namespace nydus {

namespace {

constexpr char kWhat[] = "ask for a socket's file";
constexpr std::size_t kMaxAnswerBytes = 4096;

struct Question {
  nlmsghdr header;
  unix_diag_req request;
};

Question QuestionFor(std::uint64_t socket) {
  Question question = {};
  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.request.sdiag_family = AF_UNIX;
  question.request.udiag_ino = static_cast<std::uint32_t>(socket);
  question.request.udiag_show = UDIAG_SHOW_VFS;
  question.request.udiag_cookie[0] = ~0U;  // any socket with this inode
  question.request.udiag_cookie[1] = ~0U;
  return question;
}

// s_dev of a super block as the kernel keeps it: MKDEV of include/linux/kdev_t.h.
dev_t DeviceOf(std::uint32_t kernel_device) {
  return makedev(kernel_device >> 20, kernel_device & 0xfffff);
}

std::optional<SocketFile> FileOf(std::span<const char> attributes) {
  while (attributes.size() >= sizeof(rtattr)) {
    rtattr head = {};
    std::memcpy(&head, attributes.data(), sizeof head);
    if (head.rta_len < sizeof head || head.rta_len > attributes.size()) break;
    if (head.rta_type == UNIX_DIAG_VFS && head.rta_len >= sizeof head + sizeof(unix_diag_vfs)) {
      unix_diag_vfs file = {};
      std::memcpy(&file, attributes.data() + sizeof head, sizeof file);
      return SocketFile{.device = DeviceOf(file.udiag_vfs_dev), .inode = file.udiag_vfs_ino};
    }
    const std::size_t next =
        (head.rta_len + std::size_t{RTA_ALIGNTO} - 1) / RTA_ALIGNTO * RTA_ALIGNTO;
    if (next >= attributes.size()) break;
    attributes = attributes.subspan(next);
  }
  return std::nullopt;
}

}  // namespace

Result<SocketFile> FileOfSocket(std::uint64_t socket) {
  const UniqueFd netlink(
      ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG));
  if (!netlink.ok()) return FailErrno(ErrorKind::kSystem, errno, kWhat);
  const Question question = QuestionFor(socket);
  if (send(netlink.get(), &question, sizeof question, 0) != sizeof question) {
    return FailErrno(ErrorKind::kSystem, errno, kWhat);
  }
  // The kernel answers before send(2) returns.
  char answer[kMaxAnswerBytes];
  const ssize_t size = recv(netlink.get(), answer, sizeof answer, 0);
  if (size < 0) return FailErrno(ErrorKind::kSystem, errno, kWhat);
  constexpr std::size_t kBegin = sizeof(nlmsghdr) + sizeof(unix_diag_msg);
  const std::span<const char> bytes(answer, static_cast<std::size_t>(size));
  nlmsghdr header = {};
  if (bytes.size() >= sizeof header) std::memcpy(&header, bytes.data(), sizeof header);
  if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY || bytes.size() < kBegin) {
    return Fail(ErrorKind::kSystem, "the kernel knows no such socket");
  }
  const std::optional<SocketFile> file = FileOf(bytes.subspan(kBegin));
  if (!file) return Fail(ErrorKind::kSystem, "the socket has no file");
  return *file;
}

}  // namespace nydus
