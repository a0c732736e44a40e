// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "ctl/inspect_output.h"
#include "ctl/json_output.h"

namespace nydus {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchemaVersion = 1;

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json OrNull(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

template <typename T>
Json List(const std::vector<T>& items, Json (*describe)(const T&)) {
  Json list = Json::array();
  for (const T& item : items) list.push_back(describe(item));
  return list;
}

Json OfOption(const OptionReport& option) {
  return {{"name", option.name},
          {"value", OrNull(option.value)},
          {"masked", option.masked},
          {"meaning", option.meaning}};
}

Json OfField(const PayloadField& field) {
  return {{"name", field.group.empty() ? field.name : StrCat(field.group, ".", field.name)},
          {"value", field.value},
          {"masked", field.masked}};
}

Json OfVerdict(const Verdict& verdict) {
  return {{"program", verdict.judge},
          {"accepted", verdict.accepted},
          {"reason", OrNull(verdict.reason)}};
}

Json OfUse(const Use& use) {
  return {{"program", use.program}, {"effect", use.effect}};
}

Json OfPayload(const PayloadReport& payload) {
  return {{"option", PayloadOptionName(payload.kind)},
          {"bytes", payload.bytes},
          {"problem", OrNull(payload.problem)},
          {"fields", List(payload.fields, OfField)},
          {"verdicts", List(payload.verdicts, OfVerdict)},
          {"uses", List(payload.uses, OfUse)}};
}

std::string_view NameOf(PathReport::State state) {
  switch (state) {
    case PathReport::State::kDirectory: return "directory";
    case PathReport::State::kImage: return "image";
    case PathReport::State::kOther: return "other";
    case PathReport::State::kMissing: return "missing";
    case PathReport::State::kUnusable: return "unusable";
  }
  std::unreachable();
}

Json OfPath(const PathReport& path) {
  return {{"role", path.role},
          {"path", path.path},
          {"state", NameOf(path.state)},
          {"detail", OrNull(path.detail)}};
}

Json OfMount(const Inspection& mount) {
  Json refusal = nullptr;
  if (!mount.refusal.empty()) {
    refusal = {{"reason", mount.refusal}, {"hint", OrNull(mount.refusal_hint)}};
  }
  return {{"form", mount.form},
          {"bad", mount.bad},
          {"type", OrNull(mount.type)},
          {"kata_go_takes_type", OrNull(mount.kata_go_takes_type)},
          {"kata_rust_takes_type", OrNull(mount.kata_rust_takes_type)},
          {"source", OrNull(mount.source)},
          {"target", OrNull(mount.target)},
          {"report", OrNull(mount.report)},
          {"status", OrNull(mount.status)},
          {"status_meaning", OrNull(std::string(mount.status_meaning))},
          {"signal", OrNull(mount.signal)},
          {"options", List(mount.options, OfOption)},
          {"payloads", List(mount.payloads, OfPayload)},
          {"plan", mount.plan},
          {"refusal", refusal},
          {"paths", List(mount.paths, OfPath)},
          {"hints", mount.hints}};
}

Json OfImage(const RafsDetection& image) {
  const auto text = [](std::string_view value) { return OrNull(std::string(value)); };
  return {{"kind", RafsKindName(image.kind)},
          {"block_size", image.block_size},
          {"chunk_size", image.chunk_size},
          {"compressor", text(image.compressor)},
          {"digester", text(image.digester)},
          {"tarfs", image.tarfs},
          {"blobs", image.blobs},
          {"tail", text(image.tail)},
          {"flaw", OrNull(image.flaw)}};
}

}  // namespace

std::string InspectionJson(const InspectionResult& result) {
  return FormatJson({{"version", kSchemaVersion},
                     {"image", result.image ? OfImage(*result.image) : Json(nullptr)},
                     {"mounts", List(result.mounts, OfMount)},
                     {"cut", result.cut}});
}

}  // namespace nydus
