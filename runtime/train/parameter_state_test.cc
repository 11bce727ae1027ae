// Parameters of several chunks and replicas, filled and read by name.
#include "runtime/train/parameter_state.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <map>
#include <string>

#include "runtime/device/host/host_device.h"

namespace baton {
namespace {

ParameterSpec Spec(const std::string& name, int64_t count) {
  return {name, Shape(DataType::kFloat32, {count}), {}, false};
}

// Fills a parameter with its name's first letter, and counts the reads.
class LetterSource final : public ParameterSource {
 public:
  absl::Status Read(const ParameterSpec& spec, absl::Span<std::byte> values) override {
    ++reads[spec.name];
    if (spec.name == "missing") return absl::NotFoundError("missing");
    std::memset(values.data(), spec.name[0], values.size());
    return absl::OkStatus();
  }
  std::map<std::string, int> reads;
};

TEST_CASE("each parameter is read once and written to all of its uses in all replicas") {
  const ParameterLayout layout =
      ParameterLayout::Create(
          std::vector<std::vector<ParameterSpec>>{{Spec("tied", 5), Spec("a", 3)}, {Spec("b", 20), Spec("tied", 5)}},
          DataType::kFloat32)
          .value();
  const auto first = HostDevice::Create(0, {}).value(), second = HostDevice::Create(1, {}).value();
  std::vector<ReplicaParameters> replicas;
  for (const auto& [chunk, device] :
       std::vector<std::pair<int, Device*>>{{0, first.get()}, {1, second.get()}, {0, second.get()}}) {
    replicas.push_back({chunk, device, device->CreateArena(layout.ParameterBytes(chunk)).value()});
  }
  ParameterState state(&layout, replicas);
  LetterSource source;
  REQUIRE(state.Fill(source).ok());
  CHECK(source.reads == std::map<std::string, int>{{"tied", 1}, {"a", 1}, {"b", 1}});
  for (const ReplicaParameters& replica : replicas) {
    for (const ParameterUse& use : layout.UsesIn(replica.chunk)) {
      const ParameterSpec& spec = layout.SpecOf(use);
      const std::byte* values = replica.parameters + use.offsets.values;
      CAPTURE(replica.chunk, spec.name);
      CHECK(std::string(reinterpret_cast<const char*>(values), spec.shape.NumBytes()) ==
            std::string(spec.shape.NumBytes(), spec.name[0]));
    }
  }
  const std::vector<TensorToWrite> weights = state.Weights().value();
  REQUIRE(weights.size() == 3);
  CHECK(weights[0].name == "tied");
  CHECK(weights[2].name == "b");
  CHECK(weights[2].data == replicas[1].parameters);
}

TEST_CASE("an error of the source is passed on") {
  const ParameterLayout layout =
      ParameterLayout::Create(std::vector<std::vector<ParameterSpec>>{{Spec("missing", 5)}}, DataType::kFloat32)
          .value();
  const auto device = HostDevice::Create(0, {}).value();
  ParameterState state(&layout, {{0, device.get(), device->CreateArena(layout.ParameterBytes(0)).value()}});
  LetterSource source;
  CHECK(state.Fill(source).code() == absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace baton
