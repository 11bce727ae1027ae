// Flipped bits and cut files, 10,000 at random places of the newest checkpoint: each is found and named, and the
// checkpoint before is used.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/checkpoint/write_checkpoint.h"
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

void WriteStep(const std::string& folder, int step) {
  const std::vector<float> values(40, static_cast<float>(step));
  const auto* data = reinterpret_cast<const std::byte*>(values.data());
  proto::CheckpointManifest manifest;
  manifest.set_step(step);
  manifest.mutable_job()->set_name("damaged");
  const Shape shape(DataType::kFloat32, {5, 8});
  REQUIRE(WriteCheckpoint(folder, manifest,
                          {{"parameters.safetensors", {{"a", shape, data}, {"b", shape, data}}},
                           {"optimizer.safetensors", {{"a/first_moment", shape, data}}}})
              .ok());
}

TEST_CASE("whatever bit flips and wherever a file ends, the damage is named and the checkpoint before is used") {
  const std::string folder = absl::StrCat(std::getenv("TEST_TMPDIR"), "/checkpoints");
  WriteStep(folder, 1);
  WriteStep(folder, 2);
  std::vector<std::string> paths, contents;
  for (const char* name : {"manifest.json", "parameters.safetensors", "optimizer.safetensors"}) {
    paths.push_back(absl::StrCat(folder, "/step-000002/", name));
    contents.push_back(Contents(paths.back()));
  }
  std::mt19937_64 random(1);
  std::string said;
  const auto find = [&] {
    said.clear();
    return FindCheckpoint({kNewest, {}}, folder, [&](const std::string& line) { said += line; });
  };
  REQUIRE(find().value()->manifest().step() == 2);
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
    const auto found = find();
    const bool right = found.ok() && *found != nullptr && (*found)->manifest().step() == 1 &&
                       absl::StrContains(said, absl::StrCat("step-000002 is not sound: ", paths[file]));
    if (!right && wrong++ == 0) {
      CAPTURE(paths[file], flips, at, said);
      CHECK(right);
    }
    Overwrite(paths[file], contents[file]);
  }
  CHECK(wrong == 0);
  CHECK(find().value()->manifest().step() == 2);
}

TEST_CASE("a missing file is named and the checkpoint before is used") {
  const std::string folder = absl::StrCat(std::getenv("TEST_TMPDIR"), "/missing");
  WriteStep(folder, 1);
  WriteStep(folder, 2);
  std::filesystem::remove(folder + "/step-000002/optimizer.safetensors");
  std::string said;
  const auto found = FindCheckpoint({kNewest, {}}, folder, [&](const std::string& line) { said += line; }).value();
  CHECK(found->manifest().step() == 1);
  CHECK(said == absl::StrCat("checkpoint ", folder, "/step-000002 is not sound: ", folder,
                             "/step-000002/optimizer.safetensors is missing"));
  std::filesystem::remove_all(folder + "/step-000001");
  CHECK(FindCheckpoint({kNewest, {}}, folder, [](const std::string&) {}).value() == nullptr);
  CHECK_FALSE(FindCheckpoint({folder + "/step-000002", {}}, folder, [](const std::string&) {}).ok());
}

}  // namespace
}  // namespace baton
