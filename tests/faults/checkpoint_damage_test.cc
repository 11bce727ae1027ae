// Flipped bits and cut files, 10,000 at random places of the newest checkpoint: each is found and named, and the
// checkpoint before is used.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "ops/layers/parameter_layout.h"
#include "runtime/checkpoint/write_checkpoint.h"
#include "runtime/device/host/host_device.h"
#include "runtime/process/lone_control.h"
#include "runtime/train/parameter_state.h"
#include "runtime/train/resume.h"

namespace baton {
namespace {

constexpr int kDamages = 10'000;

std::string Contents(const std::string& path) {
  std::stringstream contents;
  contents << std::ifstream(path, std::ios::binary).rdbuf();
  return contents.str();
}

// Not base/write_file: 10,000 syncs would take long.
void Overwrite(const std::string& path, const std::string& contents) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << contents;
}

// The state of two parameters in a host's arena. Every element of step N's is N.
class State {
 public:
  State()
      : device_(HostDevice::Create(0, {}).value()),
        parameters_(device_->CreateArena(layout_.ParameterBytes(0)).value()),
        optimizer_(device_->CreateArena(layout_.OptimizerBytes(0)).value()),
        state_(&layout_, {{0, device_.get(), parameters_, optimizer_}}) {}

  void Write(const std::string& folder, int step) {
    Set(parameters_, layout_.ParameterBytes(0), step);
    Set(optimizer_, layout_.OptimizerBytes(0), step);
    StateSnapshot snapshot;
    state_.Prepare(snapshot);
    REQUIRE(state_.CopyTo(snapshot).ok());
    proto::CheckpointManifest manifest;
    manifest.set_step(step);
    manifest.mutable_job()->set_name("damaged");
    REQUIRE(WriteCheckpoint(folder, manifest, snapshot.files).ok());
  }

  // The step of the newest sound checkpoint in `folder`, and of each element after it was restored; 0: none; -1:
  // elements differ. Appends messages to `said`.
  int RestoreNewest(const std::string& folder, std::string* said) {
    const auto restore = [&](const Checkpoint& checkpoint) { return state_.Restore(checkpoint); };
    const auto restored =
        RestoreSound(alone_, {kNewest, {}}, folder, restore, [&](const std::string& line) { *said += line; }).value();
    if (restored == nullptr) return 0;
    const int step = static_cast<int>(restored->manifest().step());
    StateSnapshot snapshot;
    state_.Prepare(snapshot);
    REQUIRE(state_.CopyTo(snapshot).ok());
    for (size_t i = 0; i < snapshot.memory.size(); i += sizeof(float)) {
      float element;
      std::memcpy(&element, snapshot.memory.data() + i, sizeof(element));
      if (element != static_cast<float>(step)) return -1;
    }
    return step;
  }

  absl::Status RestoreNamed(const std::string& path) {
    const auto restore = [&](const Checkpoint& checkpoint) { return state_.Restore(checkpoint); };
    return RestoreSound(alone_, {path, {}}, "", restore, [](const std::string&) {}).status();
  }

 private:
  LoneControl alone_;

  static void Set(std::byte* region, Bytes bytes, int step) {
    std::fill_n(reinterpret_cast<float*>(region), bytes / sizeof(float), static_cast<float>(step));
  }

  const ParameterLayout layout_ =
      ParameterLayout::Create(
          {{{"a", Shape(DataType::kFloat32, {5, 8}), {}, true}, {"b", Shape(DataType::kFloat32, {5, 8}), {}, false}}},
          DataType::kFloat32)
          .value();
  const std::unique_ptr<HostDevice> device_;
  std::byte* const parameters_;
  std::byte* const optimizer_;
  ParameterState state_;
};

TEST_CASE("whatever bit flips and wherever a file ends, the damage is named and the checkpoint before is used") {
  const std::string folder = absl::StrCat(std::getenv("TEST_TMPDIR"), "/checkpoints");
  State state;
  state.Write(folder, 1);
  state.Write(folder, 2);
  std::vector<std::string> paths, contents;
  for (const char* name : {"manifest.json", "parameters.safetensors", "optimizer.safetensors"}) {
    paths.push_back(absl::StrCat(folder, "/step-000002/", name));
    contents.push_back(Contents(paths.back()));
  }
  std::mt19937_64 random(1);
  std::string said;
  const auto find = [&] {
    said.clear();
    return state.RestoreNewest(folder, &said);
  };
  REQUIRE(find() == 2);
  int wrong = 0;
  for (int i = 0; i < kDamages; ++i) {
    const size_t file = random() % paths.size();
    std::string damaged = contents[file];
    const bool flips = random() % 2 == 0;
    const size_t at = random() % damaged.size();
    if (flips) {
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << random() % 8));
    } else {
      damaged.resize(at);
    }
    Overwrite(paths[file], damaged);
    const bool right = find() == 1 && absl::StrContains(said, absl::StrCat("step-000002 is not sound: ", paths[file]));
    if (!right && wrong++ == 0) {
      CAPTURE(paths[file], flips, at, said);
      CHECK(right);
    }
    Overwrite(paths[file], contents[file]);
  }
  CHECK(wrong == 0);
  CHECK(find() == 2);
}

TEST_CASE("a missing file is named and the checkpoint before is used") {
  const std::string folder = absl::StrCat(std::getenv("TEST_TMPDIR"), "/missing");
  State state;
  state.Write(folder, 1);
  state.Write(folder, 2);
  std::filesystem::remove(folder + "/step-000002/optimizer.safetensors");
  std::string said;
  CHECK(state.RestoreNewest(folder, &said) == 1);
  CHECK(said == absl::StrCat("checkpoint ", folder, "/step-000002 is not sound: ", folder,
                             "/step-000002/optimizer.safetensors is missing"));
  std::filesystem::remove_all(folder + "/step-000001");
  CHECK(state.RestoreNewest(folder, &said) == 0);
  CHECK(absl::IsInvalidArgument(state.RestoreNamed(folder + "/step-000002")));
}

}  // namespace
}  // namespace baton
