// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/hints.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "ctl/diagnose/inspect/option_report.h"
#include "ctl/diagnose/inspect/text_cleaning.h"
#include "mount_helper/option_string.h"

namespace nydus {

namespace {

// All options travel as one argument of mount.fuse's shell (Linux: MAX_ARG_STRLEN).
constexpr std::size_t kMaxArgumentBytes = std::size_t{128} * 1024;

// mount(2) reads no more than this and drops the rest without a word.
constexpr std::size_t kMountDataBytes = 4096;

// A phrase in what containerd quotes, in lower case, and what it means.
struct Symptom {
  std::string_view phrase;
  std::string_view cause;
};
constexpr std::array<Symptom, 13> kSymptoms = {{
    {"executable file not found",
     "containerd finds no mount.fuse on its PATH: install fuse3 on the node"},
    // containerd 1.6 looks programs up by golang.org/x/sys/execabs, which says this where there is
    // none.
    {"mount.fuse resolves to executable in current directory",
     "containerd finds no mount.fuse on its PATH: install fuse3 on the node"},
    {"nydus-overlayfs: not found",
     "mount.fuse's shell finds no nydus-overlayfs on containerd's PATH: install the helper"},
    {"nydus-overlayfs: permission denied",
     "mount.fuse's shell could not run the helper: its file must have mode 0755, and its file "
     "system no noexec"},
    {"version `glibc_",
     "this nydus-overlayfs was built for a newer glibc than the node has, as the Go helper built "
     "elsewhere: install mount.fuse.nydus-overlayfs, whose static build needs none"},
    {"failed to exec",
     "mount.fuse cannot run the helper: look whether /bin/sh and the program of the type are "
     "there"},
    {"argument list too long",
     "the options are longer than one argument may be, 128 KiB: shorten the payload"},
    {"mount overlayfs by syscall: no such file",
     "the Go helper of nydus-snapshotter failed: a directory is missing, or the kernel cut data "
     "beyond 4096 bytes"},
    {"mount overlayfs by syscall: invalid",
     "the Go helper of nydus-snapshotter failed: a single lower directory, volatile used twice, or "
     "data beyond 4096 bytes"},
    {"mount overlayfs by syscall: too many",
     "the Go helper of nydus-snapshotter failed: data beyond 4096 bytes"},
    {"no such device", "the kernel seems to have no overlay file system: run modprobe overlay"},
    {"transport endpoint is not connected",
     "the nydusd behind a lower directory is dead: restart nydus-snapshotter"},
    {"operation not permitted",
     "whoever called the helper may lack CAP_SYS_ADMIN, or a security module or a layer's file "
     "system refused"},
}};

// Messages of errno (strerror(3); Go writes them in lower case). They may be shown: they are ours,
// not the report's.
constexpr std::array<std::string_view, 12> kErrnoMessages = {
    "No such file or directory",
    "Permission denied",
    "Operation not permitted",
    "Invalid argument",
    "No such device",
    "Device or resource busy",
    "Stale file handle",
    "Transport endpoint is not connected",
    "Too many levels of symbolic links",
    "No space left on device",
    "File name too long",
    "Read-only file system",
};

bool Has(const Inspection& inspection, PayloadKind kind) {
  return std::ranges::find(inspection.payloads, kind, &PayloadReport::kind) !=
         inspection.payloads.end();
}

// Without the phrases that the shown report has anyway.
void AddErrnoMessages(std::string_view report, std::string_view shown,
                      std::vector<std::string>& hints) {
  std::string messages;
  for (const std::string_view message : kErrnoMessages) {
    const std::string lower = ToLower(message);
    if (!report.contains(lower) || ToLower(shown).contains(lower)) continue;
    messages += StrCat(messages.empty() ? "" : "; ", message);
  }
  if (!messages.empty()) hints.push_back(StrCat("the report speaks of: ", messages));
}

void AddReport(const MountText& text, std::string_view shown, std::vector<std::string>& hints) {
  const std::string report = ToLower(text.report);
  for (const Symptom& symptom : kSymptoms) {
    if (report.contains(symptom.phrase)) hints.emplace_back(symptom.cause);
  }
  if (!hints.empty()) return;
  AddErrnoMessages(report, shown, hints);
  if (text.status == 126 || text.status == 127) {
    hints.push_back(
        StrCat("status ", *text.status, ": mount.fuse's shell could not run the helper"));
  }
}

void AddSignal(const MountText& text, std::vector<std::string>& hints) {
  if (text.signal) {
    hints.push_back(StrCat("mount.fuse or the helper was killed by signal ", *text.signal,
                           ": look for lack of memory, or for who stopped containerd meanwhile"));
  }
  if (text.status && *text.status > 128) {
    hints.push_back(
        StrCat("status ", *text.status, ": the helper was killed by signal ", *text.status - 128));
  }
}

void AddType(const MountText& text, const Inspection& inspection, std::vector<std::string>& hints) {
  if (text.type.empty() || inspection.payloads.empty()) return;
  if (text.type == "overlay") {
    hints.emplace_back(
        "type overlay calls no helper, and the kernel refuses payloads: the type must be "
        "fuse.nydus-overlayfs");
    return;
  }
  if (text.type.contains('/')) {
    hints.emplace_back(
        "the type holds a path: containerd 2.2 and later write the payload, credentials included, "
        "to their log (set nydus_overlayfs_path to a bare name)");
  }
  if (inspection.kata_go_takes_type == true && inspection.kata_rust_takes_type == false) {
    hints.emplace_back("Kata's Rust runtime knows only the type fuse.nydus-overlayfs");
  }
  if (inspection.kata_go_takes_type == false) {
    hints.emplace_back("neither runtime of Kata knows this type");
  }
}

void AddPayloads(const Inspection& inspection, std::vector<std::string>& hints) {
  if (Has(inspection, PayloadKind::kExtraOption) && Has(inspection, PayloadKind::kKataVolume)) {
    hints.emplace_back(
        "an extraoption beside a Kata volume: Kata's Go runtime uses the volume alone");
  }
  const auto extra_options =
      std::ranges::count(inspection.payloads, PayloadKind::kExtraOption, &PayloadReport::kind);
  if (extra_options > 1) {
    hints.emplace_back(
        "several extraoptions: Kata's Go runtime takes the last, its Rust runtime refuses them");
  }
}

// A payload that ends where the text ends, and is none.
void AddCut(const MountText& text, const Inspection& inspection, std::vector<std::string>& hints) {
  if (inspection.payloads.empty() || inspection.payloads.back().problem.empty()) return;
  const std::string_view name = PayloadOptionName(inspection.payloads.back().kind);
  const std::size_t last = text.options.rfind(StrCat(name, "="));
  if (last == std::string::npos || text.options.find(',', last) != std::string::npos) return;
  hints.push_back(
      StrCat("the text may be cut or wrapped here: the ", name, " at its end is no whole payload"));
}

void AddNearMisses(const MountText& text, std::vector<std::string>& hints) {
  std::string_view rest = text.options;
  for (std::size_t i = 0; i < kMaxInspectedOptions; ++i) {
    const Result<std::optional<OptionWord>> word = NextOption(rest);
    if (!word || !*word) return;
    for (const std::string_view name : {kExtraOptionName, kKataVolumeOptionName}) {
      if ((*word)->name == name || ToLower((*word)->name) != name) continue;
      hints.push_back(StrCat("an option is called ", (*word)->name, ", which nobody knows: ", name,
                             " has to be in lower case"));
    }
  }
}

void AddLength(const MountText& text, const Inspection& inspection,
               std::vector<std::string>& hints) {
  if (text.options.size() >= kMaxArgumentBytes) {
    hints.push_back(StrCat(text.options.size(),
                           " bytes of options: containerd's path carries less than 128 KiB"));
    return;
  }
  std::size_t data = 0;
  for (const OptionReport& option : inspection.options) {
    if (!option.masked) data += option.name.size() + option.value.size() + 2;
  }
  if (data >= kMountDataBytes) {
    hints.emplace_back(
        "more than 4096 bytes of data: the kernel drops the rest where mount(2) is used, as by the "
        "Go helper");
  }
}

}  // namespace

std::vector<std::string> HintsFor(const MountText& text, const Inspection& inspection) {
  std::vector<std::string> hints;
  AddReport(text, inspection.report, hints);
  AddSignal(text, hints);
  AddType(text, inspection, hints);
  AddPayloads(inspection, hints);
  AddCut(text, inspection, hints);
  AddNearMisses(text, hints);
  AddLength(text, inspection, hints);
  return hints;
}

}  // namespace nydus
