// SPDX-License-Identifier: Apache-2.0
#include "ctl/diagnose/inspect/masking.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "ctl/diagnose/inspect/harmless_names.h"
#include "mount_helper/option_table.h"

namespace nydus {

namespace {

std::string ShowName(std::string_view name) {
  if (IsKnownName(name)) return std::string(name);
  return StrCat("(unknown name, ", name.size(), " bytes)");
}

std::string ShowScalar(const JsonValue& value) {
  switch (value.kind) {
    case JsonValue::Kind::kNull: return "null";
    case JsonValue::Kind::kBool: return value.boolean ? "true" : "false";
    case JsonValue::Kind::kUnsigned: return StrCat(value.number);
    default: return "(a number with sign or fraction)";
  }
}

bool IsFlagWord(std::string_view word) {
  const OptionRow* row = FindOption(word, false);
  return row != nullptr &&
         (row->kind == OptionKind::kAttribute || row->kind == OptionKind::kAtime ||
          row->kind == OptionKind::kSuperBlock);
}

// An option of a Kata volume: a mount flag, or a label with its value.
PayloadField ShowVolumeOption(std::string name, std::string_view option) {
  if (IsFlagWord(option)) return {{}, std::move(name), std::string(option), false};
  const std::size_t equals = option.find('=');
  if (equals == std::string_view::npos) return {{}, std::move(name), Mask(option), true};
  const std::string_view label = option.substr(0, equals);
  const std::string_view value = option.substr(equals + 1);
  const ShownValue shown = ShowValue(KindOfLabel(label), value);
  return {{}, std::move(name), StrCat(ShowName(label), "=", shown.text), shown.masked};
}

std::string Joined(const std::string& group, const std::string& name) {
  return group.empty() ? name : StrCat(group, ".", name);
}

// Where a value stands: `path` is for the lists of harmless names, the rest for people.
struct Place {
  std::string path;
  std::string group;
  std::string name;
};

class Lister {
 public:
  explicit Lister(HarmlessNames harmless) : harmless_(harmless) {}

  void List(const JsonValue& value, const Place& place) {
    switch (value.kind) {
      case JsonValue::Kind::kObject: ListObject(value, place); break;
      case JsonValue::Kind::kArray: ListArray(value, place); break;
      case JsonValue::Kind::kString: ListText(value.text, place); break;
      default: ListNumber(value, place);
    }
  }

  std::vector<PayloadField> Take() { return std::move(fields_); }

 private:
  void Add(PayloadField field) {
    if (fields_.size() < kMaxPayloadFields) fields_.push_back(std::move(field));
  }

  void ListObject(const JsonValue& object, const Place& place) {
    if (object.keys.empty()) Add({place.group, place.name, "{}", false});
    const std::string group = Joined(place.group, place.name);
    for (std::size_t i = 0; i < object.keys.size(); ++i) {
      const std::string& key = object.keys[i];
      const std::string_view part = PathPart(place.path, key);
      const std::string_view dot = place.path.empty() ? "" : ".";
      List(object.elements[i],
           {.path = StrCat(place.path, dot, part), .group = group, .name = ShowName(key)});
    }
  }

  // A key cannot pose as a path of several members; labels have dots of their own.
  [[nodiscard]] std::string_view PathPart(std::string_view path, std::string_view key) const {
    const bool is_label =
        std::ranges::find(harmless_.label_maps, StrCat(path, ".")) != harmless_.label_maps.end();
    return !is_label && key.find_first_of(".[") != std::string_view::npos ? "?" : key;
  }

  void ListArray(const JsonValue& array, const Place& place) {
    if (array.elements.empty()) Add({place.group, place.name, "[]", false});
    for (std::size_t i = 0; i < array.elements.size(); ++i) {
      List(array.elements[i], {.path = place.path + "[]",
                               .group = place.group,
                               .name = StrCat(place.name, "[", i, "]")});
    }
  }

  void ListText(const std::string& text, const Place& place) {
    if (place.path == harmless_.nested_json) {
      ListNestedJson(text, place);
    } else if (place.path == harmless_.options) {
      Add(ShowVolumeOption(place.name, text));
    } else {
      ShownValue shown = ShowValue(KindAt(place.path), text);
      Add({place.group, place.name, std::move(shown.text), shown.masked});
    }
  }

  void ListNumber(const JsonValue& value, const Place& place) {
    const ValueKind kind =
        value.kind == JsonValue::Kind::kBool ? ValueKind::kBoolean : ValueKind::kNumber;
    const bool shown = value.kind == JsonValue::Kind::kNull || KindAt(place.path) == kind;
    Add({place.group, place.name, shown ? ShowScalar(value) : "(masked)", !shown});
  }

  void ListNestedJson(const std::string& text, const Place& place) {
    const Result<JsonValue> json = ParseJson(text);
    if (!json || json->kind != JsonValue::Kind::kObject) {
      Add({place.group, place.name, StrCat(Mask(text), ", no JSON object"), true});
      return;
    }
    Lister nested(NydusdConfigurationNames());
    nested.List(*json, {.path = "", .group = place.group, .name = place.name});
    for (PayloadField& field : nested.fields_) Add(std::move(field));
  }

  [[nodiscard]] std::optional<ValueKind> KindAt(std::string_view path) const {
    for (const std::string_view map : harmless_.label_maps) {
      if (path.starts_with(map)) return KindOfLabel(path.substr(map.size()));
    }
    return FindKind(harmless_.values, path);
  }

  HarmlessNames harmless_;
  std::vector<PayloadField> fields_;
};

std::vector<PayloadField> ListPayload(const JsonValue& payload, HarmlessNames harmless) {
  if (payload.kind != JsonValue::Kind::kObject) return {};
  Lister lister(harmless);
  lister.List(payload, {});
  return lister.Take();
}

}  // namespace

std::string Mask(std::string_view secret) {
  return StrCat("(masked, ", secret.size(), " bytes)");
}

ShownValue ShowValue(std::optional<ValueKind> kind, std::string_view value) {
  if (kind && Fits(*kind, value)) return {Escape(value), false};
  return {Mask(value), true};
}

std::vector<PayloadField> ShowExtraOption(const JsonValue& payload) {
  return ListPayload(payload, ExtraOptionNames());
}

std::vector<PayloadField> ShowKataVolume(const JsonValue& payload) {
  return ListPayload(payload, KataVolumeNames());
}

}  // namespace nydus
