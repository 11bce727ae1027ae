// Files written and read back, and broken files refused.
#include "runtime/checkpoint/safetensors.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace baton {
namespace {

std::string Path(const std::string& name) { return std::string(std::getenv("TEST_TMPDIR")) + "/" + name; }

std::string ReadAll(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// A file of `header` and `data_bytes` bytes of data.
std::string Contents(const std::string& header, size_t data_bytes) {
  std::string contents;
  for (int i = 0; i < 8; ++i) contents += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return contents + header + std::string(data_bytes, 'x');
}

absl::StatusOr<std::unique_ptr<SafetensorsFile>> OpenContents(const std::string& contents) {
  const std::string path = Path("contents.safetensors");
  std::ofstream(path, std::ios::binary) << contents;
  return SafetensorsFile::Open(path);
}

struct Values {
  std::vector<float> weight = {1, 2, 3, 4, 5, 6};
  std::vector<float> bias = {-1, 0.5, 1e-30f};
  std::vector<double> moments = {3.25};
  std::vector<int32_t> steps = {7, -7};

  std::vector<TensorToWrite> Tensors() const {
    return {{"steps", Shape(DataType::kInt32, {2}), reinterpret_cast<const std::byte*>(steps.data())},
            {"a.weight", Shape(DataType::kFloat32, {2, 3}), reinterpret_cast<const std::byte*>(weight.data())},
            {"moments", Shape(DataType::kFloat64, {1, 1}), reinterpret_cast<const std::byte*>(moments.data())},
            {"a.bias", Shape(DataType::kFloat32, {3}), reinterpret_cast<const std::byte*>(bias.data())}};
  }
};

TEST_CASE("the bytes of a file are those of the format") {
  const std::string path = Path("bytes.safetensors");
  const std::vector<float> values = {1.0f, -2.0f};
  REQUIRE(WriteSafetensors(
              path, {{"w", Shape(DataType::kFloat32, {2, 1}), reinterpret_cast<const std::byte*>(values.data())}})
              .ok());
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"w":{"data_offsets":[0,8],"dtype":"F32","shape":[2,1]}})";
  const std::string padded = header + std::string((8 - header.size() % 8) % 8, ' ');
  CHECK(ReadAll(path) == std::string(1, static_cast<char>(padded.size())) + std::string(7, '\0') + padded +
                             std::string("\x00\x00\x80\x3f\x00\x00\x00\xc0", 8));
}

TEST_CASE("what was written is read back") {
  const std::string path = Path("back.safetensors");
  const Values values;
  REQUIRE(WriteSafetensors(path, values.Tensors()).ok());
  struct stat about;
  CHECK(stat((path + ".partial").c_str(), &about) != 0);
  const auto file = SafetensorsFile::Open(path);
  INFO(file.status());
  REQUIRE(file.ok());
  REQUIRE((*file)->tensors().size() == 4);
  CHECK((*file)->tensors()[0].name == "a.bias");
  CHECK((*file)->tensors()[1].dtype == "F32");
  CHECK((*file)->tensors()[1].extents == std::vector<int64_t>{2, 3});
  CHECK((*file)->tensors()[2].offset % 8 == 0);  // doubles are aligned
  std::vector<float> weight(6), bias(3);
  std::vector<double> moments(1);
  std::vector<int32_t> steps(2);
  REQUIRE(
      (*file)->Read("a.weight", Shape(DataType::kFloat32, {2, 3}), reinterpret_cast<std::byte*>(weight.data())).ok());
  REQUIRE((*file)->Read("a.bias", Shape(DataType::kFloat32, {3}), reinterpret_cast<std::byte*>(bias.data())).ok());
  REQUIRE(
      (*file)->Read("moments", Shape(DataType::kFloat64, {1, 1}), reinterpret_cast<std::byte*>(moments.data())).ok());
  REQUIRE((*file)->Read("steps", Shape(DataType::kInt32, {2}), reinterpret_cast<std::byte*>(steps.data())).ok());
  CHECK(weight == values.weight);
  CHECK(bias == values.bias);
  CHECK(moments == values.moments);
  CHECK(steps == values.steps);
}

TEST_CASE("asking for what is not there") {
  const std::string path = Path("asking.safetensors");
  REQUIRE(WriteSafetensors(path, Values().Tensors()).ok());
  const auto file = SafetensorsFile::Open(path);
  REQUIRE(file.ok());
  std::vector<std::byte> data(64);
  CHECK((*file)->Read("b", Shape(DataType::kFloat32, {3}), data.data()).code() == absl::StatusCode::kNotFound);
  const absl::Status shape = (*file)->Read("a.weight", Shape(DataType::kFloat32, {3, 2}), data.data());
  CHECK(shape.code() == absl::StatusCode::kInvalidArgument);
  CHECK(absl::EndsWith(shape.message(), "tensor \"a.weight\" is [2, 3] F32, but the model's is [3, 2] f32"));
  const absl::Status type = (*file)->Read("a.weight", Shape(DataType::kInt32, {2, 3}), data.data());
  CHECK(type.code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("an empty checkpoint, and one with types that Baton does not train") {
  const std::string path = Path("empty.safetensors");
  REQUIRE(WriteSafetensors(path, {}).ok());
  const auto empty = SafetensorsFile::Open(path);
  REQUIRE(empty.ok());
  CHECK((*empty)->tensors().empty());
  const auto other = OpenContents(Contents(
      R"({"h":{"dtype":"BF16","shape":[3],"data_offsets":[0,6]},"s":{"dtype":"I64","shape":[],"data_offsets":[6,14]},)"
      R"("z":{"dtype":"F32","shape":[0,4],"data_offsets":[14,14]}}   )",
      14));
  INFO(other.status());
  REQUIRE(other.ok());
  CHECK((*other)->tensors().size() == 3);
}

TEST_CASE("names must be different") {
  std::vector<TensorToWrite> tensors = Values().Tensors();
  tensors[0].name = GENERATE("a.bias", "__metadata__");
  const std::string path = Path("names.safetensors");
  CHECK(WriteSafetensors(path, tensors).code() == absl::StatusCode::kInvalidArgument);
  CHECK_FALSE(std::ifstream(path).good());
}

TEST_CASE("an error of the system names the path, and leaves the old file unchanged") {
  const absl::Status nowhere = WriteSafetensors("/nonexistent/model.safetensors", Values().Tensors());
  CHECK(nowhere.code() == absl::StatusCode::kNotFound);
  CHECK(absl::StrContains(nowhere.message(), "/nonexistent/model.safetensors"));
  CHECK(SafetensorsFile::Open("/nonexistent/model.safetensors").status().code() == absl::StatusCode::kNotFound);
  CHECK_FALSE(SafetensorsFile::Open(std::getenv("TEST_TMPDIR")).ok());

  const std::string path = Path("limited.safetensors");
  REQUIRE(WriteSafetensors(path, Values().Tensors()).ok());
  const std::string before = ReadAll(path);
  const std::vector<float> large(100000);
  // A limit on the file's size stands for a full disk.
  rlimit original;
  REQUIRE(getrlimit(RLIMIT_FSIZE, &original) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limited = original;
  limited.rlim_cur = 100000;
  REQUIRE(setrlimit(RLIMIT_FSIZE, &limited) == 0);
  const absl::Status full = WriteSafetensors(
      path, {{"w", Shape(DataType::kFloat32, {100000}), reinterpret_cast<const std::byte*>(large.data())}});
  setrlimit(RLIMIT_FSIZE, &original);
  std::signal(SIGXFSZ, handler);
  CHECK_FALSE(full.ok());
  CHECK(absl::StrContains(full.message(), path));
  CHECK(ReadAll(path) == before);
  CHECK_FALSE(std::ifstream(path + ".partial").good());
}

TEST_CASE("numbers of 16 bits widen exactly") {
  // F16: 1, -2, the largest, the least normal, the least subnormal, the largest subnormal, -0, infinity.
  const uint16_t halves[] = {0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x03ff, 0x8000, 0x7c00};
  const float as_f16[] = {1, -2, 65504, 0x1p-14f, 0x1p-24f, 1023 * 0x1p-24f, -0.0f, INFINITY};
  const std::string data(reinterpret_cast<const char*>(halves), sizeof(halves));
  for (const char* type : {"F16", "BF16"}) {
    CAPTURE(type);
    std::string contents =
        Contents(absl::StrCat(R"({"w":{"dtype":")", type, R"(","shape":[2,4],"data_offsets":[0,16]}})"), 0);
    const auto file = OpenContents(contents + data);
    REQUIRE(file.ok());
    float values[8];
    REQUIRE((*file)->ReadFloats((*file)->tensors()[0], values).ok());
    for (int i = 0; i < 8; ++i) {
      const uint32_t bits = uint32_t{halves[i]} << 16;
      const bool is_f16 = type[0] == 'F';
      CHECK(std::memcmp(&values[i], is_f16 ? static_cast<const void*>(&as_f16[i]) : &bits, 4) == 0);
    }
  }
  const auto whole = OpenContents(Contents(R"({"w":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}})", 4));
  float value;
  CHECK((*whole)->ReadFloats((*whole)->tensors()[0], &value).message() ==
        "checkpoint " + Path("contents.safetensors") +
            ": tensor \"w\" has type I32, which is not one of F32, BF16, F16");
}

TEST_CASE("a transposed matrix is written row by row of its transpose") {
  std::vector<float> data(3 * 150);  // [3, 150], written as [150, 3]
  for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<float>(i);
  const std::string path = Path("transposed.safetensors");
  const Shape shape(DataType::kFloat32, {150, 3});
  REQUIRE(WriteSafetensors(path, {{"w", shape, reinterpret_cast<const std::byte*>(data.data()), true}}).ok());
  std::vector<float> read(data.size());
  REQUIRE((*SafetensorsFile::Open(path))->Read("w", shape, reinterpret_cast<std::byte*>(read.data())).ok());
  for (int row = 0; row < 150; ++row) {
    for (int column = 0; column < 3; ++column) REQUIRE(read[row * 3 + column] == data[column * 150 + row]);
  }
}

struct Hostile {
  std::string contents;
  std::string message;  // the end of it
};

TEST_CASE("hostile files are refused") {
  const auto entry = [](const std::string& inside) { return Contents("{\"w\":{" + inside + "}}", 8); };
  const Hostile hostile = GENERATE_COPY(
      Hostile{"", "the file ends too early"}, Hostile{"1234567", "the file ends too early"},
      Hostile{std::string("\xff\xff\xff\xff\xff\xff\xff\xff", 8),
              "a header of 18446744073709551615 bytes is too large"},
      Hostile{Contents("{}", 0).substr(0, 9), "the file ends too early"},
      Hostile{Contents("", 0), "the header is no JSON object"},
      Hostile{Contents("[]", 0), "the header is no JSON object"},
      Hostile{Contents(" {}", 0), "the header is no JSON object"},
      Hostile{Contents("{\"w\":", 0), "the header is no JSON object"},
      Hostile{Contents("{\"\xff\":1}", 0), "the header is no JSON object"},
      Hostile{Contents("{" + std::string(100000, '['), 0), "the header is nested more than 32 levels deep"},
      Hostile{Contents("{\"w\":" + std::string(100000, '[') + std::string(100000, ']') + "}", 0),
              "the header is nested more than 32 levels deep"},
      Hostile{Contents(std::string("{}\0", 3), 0), "the header has a NUL byte"},
      Hostile{Contents(R"({"__metadata__":{"a":1}})", 0), "__metadata__ maps to something else than strings"},
      Hostile{Contents(R"({"__metadata__":1})", 0), "__metadata__ maps to something else than strings"},
      Hostile{Contents("{}", 1), "the tensors have 0 bytes, the file 1"},
      Hostile{Contents("{\"w\":1}", 0), "tensor \"w\": is no object"},
      Hostile{Contents(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"w":1})", 8),
              "the header has \"w\" twice"},
      Hostile{entry(R"("shape":[2],"data_offsets":[0,8])"), "tensor \"w\": dtype is missing or no string"},
      Hostile{entry(R"("dtype":3,"shape":[2],"data_offsets":[0,8])"), "tensor \"w\": dtype is missing or no string"},
      Hostile{entry(R"("dtype":"F31","shape":[2],"data_offsets":[0,8])"), "tensor \"w\": dtype \"F31\" is unknown"},
      Hostile{entry(R"("dtype":"F32","data_offsets":[0,8])"), "tensor \"w\": shape is missing or no list of sizes"},
      Hostile{entry(R"("dtype":"F32","shape":[-2],"data_offsets":[0,8])"),
              "tensor \"w\": shape is missing or no list of sizes"},
      Hostile{entry(R"("dtype":"F32","shape":[2.0],"data_offsets":[0,8])"),
              "tensor \"w\": shape is missing or no list of sizes"},
      Hostile{entry(R"("dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8])"),
              "tensor \"w\": shape is too large"},
      Hostile{entry(R"("dtype":"F32","shape":[2])"), "tensor \"w\": data_offsets are missing or no range"},
      Hostile{entry(R"("dtype":"F32","shape":[2],"data_offsets":[8,0])"),
              "tensor \"w\": data_offsets are missing or no range"},
      Hostile{entry(R"("dtype":"F32","shape":[2],"data_offsets":[0,8,8])"),
              "tensor \"w\": data_offsets are missing or no range"},
      Hostile{entry(R"("dtype":"F32","shape":[2],"data_offsets":[0,4])"),
              "tensor \"w\": data_offsets do not match dtype and shape"},
      Hostile{entry(R"("dtype":"F32","shape":[1],"data_offsets":[4,8])"), "tensor \"w\" begins at 4 where 0 is due"},
      Hostile{entry(R"("dtype":"F32","shape":[1],"data_offsets":[0,4])"), "the tensors have 4 bytes, the file 8"},
      Hostile{entry(R"("dtype":"F32","shape":[1000],"data_offsets":[0,4000])"),
              "the tensors have 4000 bytes, the file 8"},
      Hostile{Contents(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                       R"("b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                       8),
              "tensor \"b\" begins at 4 where 8 is due"});
  INFO(hostile.contents.substr(0, 200));
  const auto file = OpenContents(hostile.contents);
  CHECK(file.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(file.status().message() == "checkpoint " + Path("contents.safetensors") + ": " + hostile.message);
}

TEST_CASE("damaged files are refused or can be read") {
  const std::string path = Path("damaged.safetensors");
  REQUIRE(WriteSafetensors(path, Values().Tensors()).ok());
  const std::string whole = ReadAll(path);
  std::mt19937 random(1);
  int refused = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string contents = whole;
    if (i % 4 == 0) contents.resize(random() % contents.size());
    for (int j = 0; j < 2 && !contents.empty(); ++j) {
      contents[random() % contents.size()] = static_cast<char>(random() % 2 == 0 ? random() : '0' + random() % 10);
    }
    const auto file = OpenContents(contents);
    if (!file.ok()) {
      ++refused;
      continue;
    }
    for (const StoredTensor& tensor : (*file)->tensors()) {
      CHECK(tensor.offset >= 8);
      CHECK(tensor.bytes <= static_cast<Bytes>(contents.size()) - tensor.offset);
    }
  }
  CHECK(refused > 500);
}

}  // namespace
}  // namespace baton
