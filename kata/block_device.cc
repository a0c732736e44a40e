// SPDX-License-Identifier: Apache-2.0
#include "kata/block_device.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "kata/verity_activation.h"
#include "snapshot/payload/json_writing.h"

namespace nydus {

namespace {

constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";

struct DriverName {
  std::string_view name;
  BlockDriver driver;
};
constexpr std::array<DriverName, 5> kDriverNames = {{
    {"blk", BlockDriver::kPci},
    {"mmioblk", BlockDriver::kMmio},
    {"blk-ccw", BlockDriver::kCcw},
    {"scsi", BlockDriver::kScsi},
    {"nvdimm", BlockDriver::kNvdimm},
}};

std::string_view TakeUpTo(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  const std::string_view part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return part;
}

// A number without sign from 0 to `most`.
bool IsNumber(std::string_view text, int base, unsigned most) {
  if (text.find_first_not_of(kHexDigits) != std::string_view::npos) return false;
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc() && end == text.data() + text.size() && value <= most;
}

// SlotFn of src/agent/src/pci.rs: "1f", or "1f.7" with a function.
bool IsPciSlot(std::string_view text) {
  const bool has_function = text.find('.') != std::string_view::npos;
  const std::string_view slot = TakeUpTo(text, '.');
  return IsNumber(slot, 16, 0x1F) && (!has_function || IsNumber(text, 10, 7));
}

// The bus of a further root complex may come first (src/agent/src/linux_abi.rs).
bool IsPciPath(std::string_view text) {
  constexpr std::ptrdiff_t kMaxSlots = 16;
  if (text.empty() || text.back() == '/' || std::ranges::count(text, '/') >= kMaxSlots) {
    return false;
  }
  const std::string_view whole = text;
  const std::string_view first = TakeUpTo(text, '/');
  if (!IsPciSlot(first)) {
    const bool is_root =
        std::ranges::count(whole, '/') >= 2 && first.size() == 2 && IsNumber(first, 16, 0xFF);
    if (!is_root) return false;
  }
  while (!text.empty()) {
    if (!IsPciSlot(TakeUpTo(text, '/'))) return false;
  }
  return true;
}

bool IsDevicePath(std::string_view text) {
  constexpr std::string_view kDirectory = "/dev/";
  constexpr std::size_t kMaxName = 31;  // DISK_NAME_LEN of the kernel's blkdev.h
  if (!text.starts_with(kDirectory)) return false;
  text.remove_prefix(kDirectory.size());
  return !text.empty() && text.size() <= kMaxName && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
}

bool IsCcwDevice(std::string_view text) {
  return std::ranges::count(text, '.') == 2 && TakeUpTo(text, '.') == "0" &&
         IsNumber(TakeUpTo(text, '.'), 10, 3) && IsNumber(text, 16, 0xFFFF);
}

bool IsScsiAddress(std::string_view text) {
  constexpr unsigned kMaxId = 255;
  constexpr unsigned kMaxLun = 16383;  // what virtio-scsi can address
  return std::ranges::count(text, ':') == 1 && IsNumber(TakeUpTo(text, ':'), 10, kMaxId) &&
         IsNumber(text, 10, kMaxLun);
}

}  // namespace

std::optional<BlockDriver> ParseBlockDriver(std::string_view name) {
  const auto* found = std::ranges::find(kDriverNames, name, &DriverName::name);
  if (found == kDriverNames.end()) return std::nullopt;
  return found->driver;
}

std::string_view BlockDriverName(BlockDriver driver) {
  return std::ranges::find(kDriverNames, driver, &DriverName::driver)->name;
}

bool IsBlockAddress(BlockDriver driver, std::string_view address) {
  switch (driver) {
    case BlockDriver::kPci: return IsPciPath(address) || IsDevicePath(address);
    case BlockDriver::kMmio:
    case BlockDriver::kNvdimm: return IsDevicePath(address);
    case BlockDriver::kCcw: return IsCcwDevice(address);
    case BlockDriver::kScsi: return IsScsiAddress(address);
  }
  std::unreachable();
}

std::string FormatBlockDevice(const BlockDevice& device) {
  JsonObjectWriter json;
  json.AddString("source", device.source);
  json.AddBool("read_only", device.read_only);
  json.AddString("fstype", device.fs_type);
  json.AddStrings("options", device.options);
  if (!device.address.empty()) json.AddString("address", device.address);
  if (device.partition != 0) json.AddUnsigned("partition", device.partition);
  if (device.dm_verity) {
    json.AddObject("dm_verity", FormatDmVerity(*device.dm_verity));
    json.AddString("verity_table", VerityTable(*device.dm_verity));
  }
  return json.Finish();
}

}  // namespace nydus
