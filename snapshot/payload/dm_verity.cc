// SPDX-License-Identifier: Apache-2.0
#include "snapshot/payload/dm_verity.h"

#include <algorithm>
#include <bit>
#include <string_view>

#include "base/text.h"
#include "snapshot/payload/json_writing.h"

namespace nydus {

namespace {

bool IsHexDigit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

Failure Bad(std::string message) {
  return Fail(ErrorKind::kUsage, std::move(message));
}

Result<> ValidateRootHash(const DmVerity& verity) {
  std::size_t digits = 0;
  if (EqualsIgnoringCase(verity.hash_algorithm, "sha256")) digits = 64;
  if (EqualsIgnoringCase(verity.hash_algorithm, "sha1")) digits = 40;
  if (digits == 0) return Bad("hashtype: is neither sha256 nor sha1");
  if (verity.root_hash.size() != digits || !std::ranges::all_of(verity.root_hash, IsHexDigit)) {
    return Bad(StrCat("hash: is not ", digits, " hexadecimal digits"));
  }
  return {};
}

bool IsBlockSize(std::uint64_t size) {
  return size >= kMinVerityBlockSize && size <= kMaxVerityBlockSize;
}

std::string BlockSizeRange() {
  return StrCat("is not from ", kMinVerityBlockSize, " to ", kMaxVerityBlockSize);
}

Result<> ReadIfWellTyped(const Result<>& read, const JsonReading& reading) {
  if (reading.dialect == JsonDialect::kGo) return {};
  return read;
}

Result<> ReadSalt(DmVerity& verity, const JsonValue& value, const JsonReading& reading) {
  if (value.kind == JsonValue::Kind::kNull) {
    verity.salt.reset();
    return {};
  }
  std::string salt;
  const Result<> read = ReadString(salt, value, reading);
  if (read) verity.salt = std::move(salt);
  return ReadIfWellTyped(read, reading);
}

Result<> ReadNoSuperblock(DmVerity& verity, const JsonValue& value, const JsonReading& reading) {
  if (value.kind == JsonValue::Kind::kBool) {
    verity.no_superblock = value.boolean;
    return {};
  }
  return ReadIfWellTyped(Bad("is neither true nor false"), reading);
}

constexpr JsonField<DmVerity> kFields[] = {
    {"hashtype",
     [](DmVerity& verity, const JsonValue& value, const JsonReading& reading) {
       return ReadString(verity.hash_algorithm, value, reading);
     },
     true},
    {"hash",
     [](DmVerity& verity, const JsonValue& value, const JsonReading& reading) {
       return ReadString(verity.root_hash, value, reading);
     },
     true},
    {"blocknum",
     [](DmVerity& verity, const JsonValue& value, const JsonReading& reading) {
       return ReadUnsigned(verity.data_blocks, value, reading);
     },
     true},
    {"blocksize",
     [](DmVerity& verity, const JsonValue& value, const JsonReading& reading) {
       return ReadUnsigned(verity.data_block_size, value, reading);
     },
     true},
    {"hashsize",
     [](DmVerity& verity, const JsonValue& value, const JsonReading& reading) {
       return ReadUnsigned(verity.hash_block_size, value, reading);
     },
     true},
    {"offset",
     [](DmVerity& verity, const JsonValue& value, const JsonReading& reading) {
       return ReadUnsigned(verity.hash_offset, value, reading);
     },
     true},
    {"salt", ReadSalt},
    {"hash_type",
     [](DmVerity& verity, const JsonValue& value, const JsonReading& reading) {
       return ReadIfWellTyped(ReadUnsigned(verity.hash_type, value, reading), reading);
     }},
    {"no_superblock", ReadNoSuperblock},
};

}  // namespace

std::string FormatDmVerity(const DmVerity& verity) {
  const DmVerity defaults;
  JsonObjectWriter json;
  json.AddString("hashtype", verity.hash_algorithm);
  json.AddString("hash", verity.root_hash);
  json.AddUnsigned("blocknum", verity.data_blocks);
  json.AddUnsigned("blocksize", verity.data_block_size);
  json.AddUnsigned("hashsize", verity.hash_block_size);
  json.AddUnsigned("offset", verity.hash_offset);
  if (verity.salt) json.AddString("salt", *verity.salt);
  if (verity.hash_type != defaults.hash_type) json.AddUnsigned("hash_type", verity.hash_type);
  if (verity.no_superblock) json.AddBool("no_superblock", verity.no_superblock);
  return json.Finish();
}

Result<> ReadDmVerity(std::optional<DmVerity>& field, const JsonValue& value,
                      const JsonReading& reading) {
  return ReadOptionalObject(field, kFields, value, reading);
}

Result<DmVerity> ParseDmVerity(std::string_view json) {
  const Result<JsonValue> value = ParsePayloadJson(json);
  if (!value) return Failure(value.error());
  DmVerity verity;
  Result<> usable = ReadObject(verity, kFields, *value, {});
  if (usable) usable = ValidateDmVerity(verity);
  if (!usable) return Failure(std::move(usable.error()));
  return verity;
}

Result<> ValidateDmVerity(const DmVerity& verity) {
  if (Result<> hash = ValidateRootHash(verity); !hash) return hash;
  if (verity.data_blocks == 0 || verity.data_blocks > kMaxVerityBlocks) {
    return Bad(StrCat("blocknum: is not from 1 to ", kMaxVerityBlocks));
  }
  if (!IsBlockSize(verity.data_block_size)) return Bad(StrCat("blocksize: ", BlockSizeRange()));
  if (!IsBlockSize(verity.hash_block_size)) return Bad(StrCat("hashsize: ", BlockSizeRange()));
  if (verity.hash_offset % verity.hash_block_size != 0) {
    return Bad("offset: is not a multiple of hashsize");
  }
  if (verity.hash_offset < verity.data_block_size * verity.data_blocks) {
    return Bad("offset: lies inside the data (below blocksize * blocknum)");
  }
  return {};
}

Result<> ValidateDmVerityForActivation(const DmVerity& verity) {
  if (Result<> common = ValidateDmVerity(verity); !common) return common;
  if (!std::has_single_bit(verity.data_block_size)) {
    return Bad("blocksize: is not a power of two");
  }
  if (!std::has_single_bit(verity.hash_block_size)) return Bad("hashsize: is not a power of two");
  if (verity.hash_type > 1) return Bad("hash_type: is neither 0 nor 1");
  const std::string_view salt = verity.salt ? std::string_view(*verity.salt) : std::string_view();
  if (salt.size() % 2 != 0 || !std::ranges::all_of(salt, IsHexDigit)) {
    return Bad("salt: is not hexadecimal bytes");
  }
  return {};
}

}  // namespace nydus
