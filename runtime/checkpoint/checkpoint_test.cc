// Checkpoints written and read back; every wrong manifest has a sentence of its own.
#include "runtime/checkpoint/checkpoint.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "absl/strings/match.h"
#include "base/content_hash.h"
#include "base/write_file.h"
#include "runtime/checkpoint/checkpoint_folder.h"
#include "runtime/checkpoint/manifest.h"
#include "runtime/checkpoint/write_checkpoint.h"

namespace baton {
namespace {

namespace fs = std::filesystem;

std::string NewFolder() {
  static int count = 0;
  return std::string(std::getenv("TEST_TMPDIR")) + "/checkpoints" + std::to_string(count++);
}

std::string Contents(const std::string& path) {
  std::stringstream contents;
  contents << std::ifstream(path).rdbuf();
  return contents.str();
}

const std::vector<float> kA = {1, 2, 3, 4, 5, 6};
const std::vector<float> kB = {7, 8};

absl::Status Write(const std::string& folder, int step) {
  proto::CheckpointManifest manifest;
  manifest.set_step(step);
  manifest.set_loss(1.0 / 3);
  manifest.mutable_job()->set_name("ünïcode \"name\"");
  const Shape a(DataType::kFloat32, {2, 3}), b(DataType::kFloat32, {2});
  return WriteCheckpoint(folder, manifest,
                         {{"one.safetensors", {{"a", a, reinterpret_cast<const std::byte*>(kA.data())}}},
                          {"two.safetensors",
                           {{"b", b, reinterpret_cast<const std::byte*>(kB.data())},
                            {"empty", Shape(DataType::kFloat32, {0}), nullptr}}}});
}

std::vector<int64_t> StepsIn(const std::string& folder) {
  std::vector<int64_t> steps;
  for (const ListedCheckpoint& checkpoint : ListCheckpoints(folder)) steps.push_back(checkpoint.step);
  return steps;
}

TEST_CASE("state is read back by name") {
  const std::string folder = NewFolder();
  REQUIRE(Write(folder, 12) == absl::OkStatus());
  CHECK_FALSE(fs::exists(folder + "/step-000012.partial"));
  const auto checkpoint = Checkpoint::Open(folder + "/step-000012").value();
  CHECK(checkpoint->manifest().step() == 12);
  CHECK(checkpoint->manifest().loss() == 1.0 / 3);
  CHECK(checkpoint->manifest().job().name() == "ünïcode \"name\"");
  CHECK(checkpoint->Verify() == absl::OkStatus());
  CHECK(checkpoint->Has("empty"));
  std::vector<float> a(6);
  const auto read = [&](const std::string& name, const Shape& shape) {
    return checkpoint->Read(name, shape, reinterpret_cast<std::byte*>(a.data()));
  };
  REQUIRE(read("a", Shape(DataType::kFloat32, {2, 3})) == absl::OkStatus());
  CHECK(a == kA);
  CHECK(absl::IsNotFound(read("c", Shape(DataType::kFloat32, {2}))));
  CHECK(absl::StrContains(read("a", Shape(DataType::kFloat32, {3, 2})).message(),
                          "tensor \"a\" is [2, 3] F32, but the model's is"));
  // Any program that reads safetensors reads the files.
  CHECK(SafetensorsFile::Open(folder + "/step-000012/one.safetensors").ok());
}

TEST_CASE("a step that is there already is not replaced") {
  const std::string folder = NewFolder();
  REQUIRE(Write(folder, 1).ok());
  CHECK_FALSE(Write(folder, 1).ok());
  CHECK(Checkpoint::Open(folder + "/step-000001").value()->Verify().ok());
}

TEST_CASE("pruning keeps the newest and every n-th") {
  const std::string folder = NewFolder();
  for (const int step : {2, 4, 6, 8, 10, 12}) REQUIRE(Write(folder, step).ok());
  REQUIRE(PruneCheckpoints(folder, 0, 0).ok());
  CHECK(StepsIn(folder).size() == 6);
  REQUIRE(PruneCheckpoints(folder, 2, 4).ok());
  CHECK(StepsIn(folder) == std::vector<int64_t>{4, 8, 10, 12});
  REQUIRE(PruneCheckpoints(folder, 1, 0).ok());
  CHECK(StepsIn(folder) == std::vector<int64_t>{12});
  CHECK(std::distance(fs::directory_iterator(folder), fs::directory_iterator()) == 1);
}

TEST_CASE("what is unfinished is no checkpoint, and can be removed") {
  const std::string folder = NewFolder();
  REQUIRE(Write(folder, 3).ok());
  fs::create_directories(folder + "/step-000004.partial");
  fs::create_directories(folder + "/step-x");
  CHECK(StepsIn(folder) == std::vector<int64_t>{3});
  REQUIRE(RemoveUnfinished(folder).ok());
  CHECK_FALSE(fs::exists(folder + "/step-000004.partial"));
  CHECK(fs::exists(folder + "/step-x"));
}

TEST_CASE("later checkpoints move out of the way, and never over each other") {
  const std::string folder = NewFolder(), away = NewFolder();
  int64_t moved = 0;
  for (int round = 0; round < 2; ++round) {
    for (const int step : {round == 0 ? 1 : 5, 2, 3}) REQUIRE(Write(folder, step).ok());
    REQUIRE(MoveLaterCheckpoints(folder, 1, away, &moved).ok());
    CHECK(moved == 2 + round);
  }
  CHECK(StepsIn(folder) == std::vector<int64_t>{1});
  CHECK(fs::exists(away + "/step-000002-2/manifest.json"));
  CHECK(fs::exists(away + "/step-000005/manifest.json"));
}

// Elements [first, end) of kA, as a piece of tensor "a".
TensorToWrite PieceOfA(int64_t first, int64_t end) {
  TensorToWrite piece;
  piece.name = "a[" + std::to_string(first) + ":" + std::to_string(end) + "]";
  piece.shape = Shape(DataType::kFloat32, {end - first});
  piece.data = reinterpret_cast<const std::byte*>(kA.data() + first);
  piece.whole = WholeTensor{"a", Shape(DataType::kFloat32, {2, 3}), static_cast<Bytes>(first * sizeof(float))};
  return piece;
}

absl::Status WriteInPieces(const std::string& folder, std::vector<TensorToWrite> one, std::vector<TensorToWrite> two) {
  proto::CheckpointManifest manifest;
  manifest.set_step(1);
  return WriteCheckpoint(folder, manifest, {{"one.safetensors", std::move(one)}, {"two.safetensors", std::move(two)}});
}

TEST_CASE("a tensor in pieces of several files is read back as a whole") {
  const std::string folder = NewFolder();
  REQUIRE(WriteInPieces(folder, {PieceOfA(0, 1), PieceOfA(5, 6)}, {PieceOfA(1, 5)}).ok());
  const auto checkpoint = Checkpoint::Open(folder + "/step-000001").value();
  CHECK(checkpoint->manifest().version() == 2);
  CHECK(checkpoint->Verify() == absl::OkStatus());
  std::vector<float> a(6);
  const auto read = [&](const Shape& shape) {
    return checkpoint->Read("a", shape, reinterpret_cast<std::byte*>(a.data()));
  };
  REQUIRE(read(Shape(DataType::kFloat32, {2, 3})) == absl::OkStatus());
  CHECK(a == kA);
  CHECK_THAT(std::string(read(Shape(DataType::kFloat32, {6})).message()),
             Catch::EndsWith("tensor \"a\" is [2, 3] F32, but the model's is [6] f32"));
  const auto file = SafetensorsFile::Open(folder + "/step-000001/two.safetensors").value();
  CHECK(file->Find("a[1:5]")->extents == std::vector<int64_t>{4});
  // The manifest of a checkpoint without pieces stays one that older programs read.
  REQUIRE(Write(folder, 2).ok());
  CHECK(Checkpoint::Open(folder + "/step-000002").value()->manifest().version() == 1);
}

TEST_CASE("a damaged piece is found by read and by verify") {
  const std::string folder = NewFolder();
  REQUIRE(WriteInPieces(folder, {PieceOfA(0, 3)}, {PieceOfA(3, 6)}).ok());
  const std::string path = folder + "/step-000001/two.safetensors";
  std::string bytes = Contents(path);
  bytes.back() ^= 1;
  REQUIRE(WriteFile(path, bytes).ok());
  const auto checkpoint = Checkpoint::Open(folder + "/step-000001").value();
  const absl::Status damaged = checkpoint->Verify();
  CHECK_THAT(std::string(damaged.message()), Catch::StartsWith(path + ": tensor \"a\" is damaged: "));
  std::vector<std::byte> a(24);
  CHECK(checkpoint->Read("a", Shape(DataType::kFloat32, {2, 3}), a.data()) == damaged);
}

TEST_CASE("pieces that are not all there, or overlap, are refused") {
  const auto open = [](std::vector<TensorToWrite> one, std::vector<TensorToWrite> two) {
    const std::string folder = NewFolder();
    REQUIRE(WriteInPieces(folder, std::move(one), std::move(two)).ok());
    return Checkpoint::Open(folder + "/step-000001");
  };
  const auto message = [&](const std::vector<TensorToWrite>& one, const std::vector<TensorToWrite>& two) {
    return std::string(open(one, two).status().message());
  };
  CHECK_THAT(message({PieceOfA(0, 2)}, {PieceOfA(3, 6)}),
             Catch::EndsWith("tensor \"a\": a piece has piece_begin 12 where byte 8 is due"));
  CHECK_THAT(message({PieceOfA(0, 3)}, {PieceOfA(2, 6)}),
             Catch::EndsWith("tensor \"a\": a piece has piece_begin 8 where byte 12 is due"));
  CHECK_THAT(message({PieceOfA(2, 3)}, {}),
             Catch::EndsWith("tensor \"a\": a piece has piece_begin 8 where byte 0 is due"));
  TensorToWrite whole = PieceOfA(0, 6);
  whole.name = "a";
  whole.whole.reset();
  CHECK_THAT(message({whole}, {PieceOfA(0, 6)}), Catch::EndsWith("tensor \"a\" is listed twice"));
  TensorToWrite other = PieceOfA(3, 6);
  other.whole->shape = Shape(DataType::kFloat32, {3, 2});
  CHECK_THAT(message({PieceOfA(0, 3)}, {other}),
             Catch::EndsWith("tensor \"a\" has pieces of different types or shapes"));
  const auto too_short = open({PieceOfA(0, 3)}, {PieceOfA(3, 5)}).value();
  std::vector<std::byte> a(24);
  CHECK_THAT(std::string(too_short->Read("a", Shape(DataType::kFloat32, {2, 3}), a.data()).message()),
             Catch::EndsWith("tensor \"a\" has 20 bytes, not 24"));
}

// Rewrites the manifest of a sound checkpoint by `change`, with a right hash.
absl::Status OpenChanged(const std::function<void(std::string&)>& change) {
  const std::string folder = NewFolder();
  REQUIRE(Write(folder, 1).ok());
  const std::string path = folder + "/step-000001/manifest.json";
  std::string text = Contents(path);
  const size_t digits = text.rfind("\"manifest_hash\": \"") + 18;
  const std::string end = std::string(32, '0') + text.substr(digits + 32);
  text.resize(digits);
  change(text);
  const std::string hash = HashOf(text + end);
  REQUIRE(WriteFile(path, text + hash + end.substr(32)).ok());
  return Checkpoint::Open(folder + "/step-000001").status();
}

std::function<void(std::string&)> Replace(const std::string& from, const std::string& to) {
  return [=](std::string& text) {
    REQUIRE(text.find(from) != std::string::npos);
    text.replace(text.find(from), from.size(), to);
  };
}

TEST_CASE("a manifest that is whole but wrong is refused by its fault") {
  CHECK(OpenChanged([](std::string&) {}).ok());
  const auto message = [](const std::string& from, const std::string& to) {
    return std::string(OpenChanged(Replace(from, to)).message());
  };
  CHECK_THAT(message("\"version\": 1", "\"version\": 3, \"future\": {}"),
             Catch::EndsWith("manifest.json: version: 3 is newer than 2, the newest that this baton reads"));
  CHECK_THAT(message("\"name\": \"two.", "\"name\": \"../two."),
             Catch::EndsWith("file \"../two.safetensors\" must be a name without a folder"));
  CHECK_THAT(message("\"name\": \"two.", "\"name\": \"one."),
             Catch::EndsWith("file \"one.safetensors\" is listed twice"));
  CHECK_THAT(message("\"name\": \"b\"", "\"name\": \"a\""), Catch::EndsWith("tensor \"a\" is listed twice"));
  CHECK_THAT(message("\"step\": 1", "\"step\": -1"), Catch::EndsWith("step: -1 must be at least 1"));
  CHECK_THAT(message("\"step\": 1", "\"stop\": 1"), Catch::Contains("stop"));
  CHECK_THAT(message("\"begin\": \"", "\"begin\": \"9"), Catch::Contains("tensor \"a\" has bytes 9"));
  CHECK_THAT(message("{", "["), Catch::Contains("manifest.json: "));
}

TEST_CASE("a missing or shorter file is named") {
  const std::string folder = NewFolder();
  REQUIRE(Write(folder, 1).ok());
  const std::string path = folder + "/step-000001/two.safetensors";
  fs::resize_file(path, fs::file_size(path) - 1);
  CHECK_THAT(std::string(Checkpoint::Open(folder + "/step-000001").status().message()),
             Catch::StartsWith(path + " has "));
  fs::remove(path);
  CHECK(Checkpoint::Open(folder + "/step-000001").status() == absl::DataLossError(path + " is missing"));
  fs::create_directory(path);
  CHECK(Checkpoint::Open(folder + "/step-000001").status() == absl::DataLossError(path + " is no regular file"));
  fs::remove(folder + "/step-000001/manifest.json");
  CHECK(Checkpoint::Open(folder + "/step-000001").status() ==
        absl::DataLossError(folder + "/step-000001/manifest.json is missing"));
}

TEST_CASE("a damaged tensor is named, by verify and by read") {
  const std::string folder = NewFolder();
  REQUIRE(Write(folder, 1).ok());
  const std::string path = folder + "/step-000001/one.safetensors";
  std::string bytes = Contents(path);
  bytes.back() ^= 1;
  REQUIRE(WriteFile(path, bytes).ok());
  const auto checkpoint = Checkpoint::Open(folder + "/step-000001").value();
  const absl::Status damaged = checkpoint->Verify();
  CHECK(absl::IsDataLoss(damaged));
  CHECK_THAT(std::string(damaged.message()), Catch::StartsWith(path + ": tensor \"a\" is damaged: "));
  std::vector<std::byte> a(24);
  CHECK(checkpoint->Read("a", Shape(DataType::kFloat32, {2, 3}), a.data()) == damaged);
}

}  // namespace
}  // namespace baton
