// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/ctl/diagnose/doctor/made_up_node.h"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ostream>

#include "base/text.h"

namespace nydus {

namespace {

NodeView OpenOrDie(const std::string& root) {
  Result<NodeView> node = NodeView::Open(root);
  if (!node) std::abort();
  return std::move(*node);
}

// A length as Go's build information writes it: base 128, low digits first.
std::string GoString(std::string_view text) {
  std::string out;
  std::size_t length = text.size();
  for (; length >= 0x80; length >>= 7) out += static_cast<char>(0x80 | (length & 0x7F));
  out += static_cast<char>(length);
  return out.append(text);
}

}  // namespace

std::string OurProgram() {
  return std::string(
             "\x7F"
             "ELF",
             4) +
         std::string(100, '\0') + "mount.fuse.nydus-overlayfs" + '\0' +
         "mount.fuse.nydus-overlayfs 1.2.3 (musl)\n";
}

std::string GoProgram(std::string_view package, std::string_view version) {
  const std::string mark(16, '\x30');
  const std::string lines =
      StrCat("path\t", package, "\nmod\tgithub.com/some/module\t", version, "\th1:sum=\n");
  std::string bytes = std::string(
                          "\x7F"
                          "ELF",
                          4) +
                      std::string(60, '\0');
  bytes += "\xFF Go buildinf:";
  bytes += '\x08';
  bytes += '\x02';
  bytes += std::string(16, '\0');
  bytes += GoString("go1.26.8") + GoString(mark + lines + mark);
  return bytes;
}

std::string GoHelper() {
  return GoProgram("github.com/containerd/nydus-snapshotter/cmd/nydus-overlayfs", "v0.16.1");
}

MadeUpNode::MadeUpNode() : node_(OpenOrDie(dir_.path())) {}

std::string MadeUpNode::Outside(const std::string& path) const {
  return dir_.path() + path;
}

void MadeUpNode::Directory(const std::string& path) const {
  std::filesystem::create_directories(Outside(path));
}

void MadeUpNode::File(const std::string& path, std::string_view text) const {
  const std::string outside = Outside(path);
  std::filesystem::create_directories(std::filesystem::path(outside).parent_path());
  std::ofstream file(outside, std::ios::binary);
  file << text << std::flush;
  if (!file || chmod(outside.c_str(), 0644) != 0) std::abort();
}

void MadeUpNode::Program(const std::string& path, std::string_view bytes) const {
  File(path, bytes);
  if (chmod(Outside(path).c_str(), 0755) != 0) std::abort();
}

void MadeUpNode::Link(const std::string& path, const std::string& target) const {
  const std::string outside = Outside(path);
  std::filesystem::create_directories(std::filesystem::path(outside).parent_path());
  std::filesystem::create_symlink(target, outside);
}

void MadeUpNode::RunningProcess(int id, std::string_view name,
                                std::initializer_list<std::string_view> words,
                                std::string_view environment) const {
  const std::string directory = StrCat("/proc/", id);
  File(directory + "/comm", StrCat(name.substr(0, 15), "\n"));
  std::string arguments = StrCat("/usr/bin/", name) + '\0';
  for (const std::string_view word : words) arguments += std::string(word) + '\0';
  File(directory + "/cmdline", arguments);
  File(directory + "/environ", std::string("HOME=/root") + '\0' + std::string(environment) + '\0');
  File(directory + "/mountinfo", "1 0 254:0 / / rw - ext4 /dev/vda rw\n");
}

void MadeUpNode::GoodPrograms() const {
  Program("/usr/sbin/mount.fuse3",
          "\x7F"
          "ELF");
  Link("/usr/sbin/mount.fuse", "mount.fuse3");
  Program("/usr/sbin/mount.fuse.nydus-overlayfs", OurProgram());
  Link("/usr/sbin/nydus-overlayfs", "mount.fuse.nydus-overlayfs");
  Link("/sbin", "usr/sbin");
  Program("/bin/sh",
          "\x7F"
          "ELF");
}

void PrintTo(const Finding& finding, std::ostream* out) {
  *out << finding.id << " (" << std::to_underlying(finding.severity) << "): " << finding.what
       << "; " << finding.why << "; " << finding.remedy;
}

}  // namespace nydus
