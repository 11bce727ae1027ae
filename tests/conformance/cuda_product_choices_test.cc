// Layers whose products have measured algorithms: the file of choices decides which algorithms run, and so the bits.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/read_file.h"
#include "base/write_file.h"
#include "runtime/machine/product_choice_file.h"
#include "tests/conformance/cuda_under_test.h"
#include "tests/conformance/composite_cases.h"
#include "tests/conformance/layer_run.h"
#include "tests/cuda_stand_in/cublas_lt.h"

namespace baton {
namespace {

// Products with every epilogue: a bias, a GELU, its gradient, and the gradients of biases.
LayerCase FeedForward() { return GeluBlockCase(33, 40, 48); }

LayerRun RunWith(const std::string& file) {
  const LayerCase layer_case = FeedForward();
  LayerData data = RandomLayerData(layer_case, 2, 1).value();
  RoundToBFloat16(&data);
  BackendUnderTest cuda = CudaUnderTest("cuda", CudaPrecision::kBFloat16);
  CudaBackendOptions options;
  options.precision = CudaPrecision::kBFloat16;
  options.matmul_workspace_bytes = 64 << 10;
  if (!file.empty()) options.choices = std::make_shared<ProductChoiceFile>(file);
  cuda.backend = std::make_shared<CudaBackend>(options);
  absl::StatusOr<LayerRun> run = RunLayer(cuda, layer_case, data);
  INFO(run.status().ToString());
  REQUIRE(run.ok());
  return *std::move(run);
}

bool SameBits(const LayerRun& a, const LayerRun& b) {
  return a.outputs == b.outputs && a.grad_inputs == b.grad_inputs && a.gradients == b.gradients;
}

void CheckClose(const std::vector<double>& actual, const std::vector<double>& expected) {
  REQUIRE(actual.size() == expected.size());
  for (size_t i = 0; i < actual.size(); ++i) CHECK(actual[i] == Approx(expected[i]).epsilon(0.05).margin(0.1));
}

void CheckClose(const LayerRun& actual, const LayerRun& expected) {
  for (int i = 0; i < 2; ++i) {
    CheckClose(actual.outputs[i], expected.outputs[i]);
    CheckClose(actual.grad_inputs[i], expected.grad_inputs[i]);
  }
  for (const auto& [name, gradient] : expected.gradients) CheckClose(actual.gradients.at(name), gradient);
}

std::string FreshFile() {
  const std::string path = std::string(getenv("TEST_TMPDIR")) + "/choices";
  std::filesystem::remove(path);
  return path;
}

std::string TextOf(const std::string& path) { return ReadFile("choices", path, size_t{1} << 20).value(); }

std::vector<std::string> LinesOf(const std::string& path) {
  return absl::StrSplit(TextOf(path), '\n', absl::SkipEmpty());
}

// Makes every algorithm of the file add in `order`, and those of gradients of biases apply them or not.
void Change(const std::string& path, int order, bool fuses_bias_gradient) {
  std::vector<std::string> lines = LinesOf(path);
  for (size_t line = 1; line < lines.size(); ++line) {
    std::vector<std::string> fields = absl::StrSplit(lines[line], '\t');
    cublasLtMatmulAlgo_t algorithm;
    for (size_t word = 0; word < 8; ++word) {
      REQUIRE(absl::SimpleHexAtoi(fields[4].substr(16 * word, 16), &algorithm.data[word]));
    }
    cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
    fields[3] = "none";
    if (fuses_bias_gradient && fields[2].find("epilogue=bias_gradient") != std::string::npos) {
      epilogue = CUBLASLT_EPILOGUE_BGRADB;
      fields[3] = "bias_gradient";
    }
    stand_in::ChangeAlgorithm(order, epilogue, &algorithm);
    fields[4].clear();
    for (const uint64_t word : algorithm.data) fields[4] += absl::StrFormat("%016x", word);
    lines[line] = absl::StrJoin(fields, "\t");
  }
  REQUIRE(WriteFile(path, absl::StrJoin(lines, "\n") + "\n").ok());
}

}  // namespace

TEST_CASE("the first run writes its choices, and the next one computes the same bits with them") {
  const std::string path = FreshFile();
  const LayerRun first = RunWith(path);
  CheckClose(first, RunWith(""));
  const std::string text = TextOf(path);
  CHECK(LinesOf(path).size() == 1 + 6);  // three products of each linear layer
  CHECK(SameBits(RunWith(path), first));
  CHECK(TextOf(path) == text);
}

TEST_CASE("the file's algorithms run, whatever would be measured") {
  const std::string path = FreshFile();
  const LayerRun plain = RunWith("");
  RunWith(path);
  std::vector<LayerRun> runs;
  for (const bool fuses : {false, true}) {
    for (const int order : {0, 1, 2}) {
      CAPTURE(fuses, order);
      Change(path, order, fuses);
      const std::string text = TextOf(path);
      runs.push_back(RunWith(path));
      CheckClose(runs.back(), plain);
      CHECK(SameBits(RunWith(path), runs.back()));
      CHECK(TextOf(path) == text);
    }
  }
  CHECK_FALSE(SameBits(runs[0], runs[1]));
  CHECK_FALSE(SameBits(runs[1], runs[2]));
}

TEST_CASE("another version of the library measures anew and leaves the old choices") {
  const std::string path = FreshFile();
  const LayerRun first = RunWith(path);
  const std::vector<std::string> old = LinesOf(path);
  stand_in::SetLibraryVersion(140000);
  RunWith(path);
  stand_in::SetLibraryVersion(130000);
  const std::vector<std::string> both = LinesOf(path);
  CHECK(both.size() == 2 * old.size() - 1);
  for (const std::string& line : old) CHECK(std::count(both.begin(), both.end(), line) == 1);
  CHECK(SameBits(RunWith(path), first));
}

TEST_CASE("a choice with an epilogue that the product does not have is refused") {
  const std::string path = FreshFile();
  RunWith(path);
  std::string text = TextOf(path);
  text.replace(text.find("\tgelu\t") == std::string::npos ? text.find("\tnone\t") : text.find("\tgelu\t"), 6,
               "\ttanh\t");
  REQUIRE(WriteFile(path, text).ok());
  const LayerCase layer_case = FeedForward();
  LayerData data = RandomLayerData(layer_case, 1, 1).value();
  BackendUnderTest cuda = CudaUnderTest("cuda", CudaPrecision::kBFloat16);
  CudaBackendOptions options;
  options.precision = CudaPrecision::kBFloat16;
  options.matmul_workspace_bytes = 64 << 10;
  options.choices = std::make_shared<ProductChoiceFile>(path);
  cuda.backend = std::make_shared<CudaBackend>(options);
  CHECK_THAT(std::string(RunLayer(cuda, layer_case, data).status().message()),
             Catch::Contains("devices.product_choices: the product m=") && Catch::Contains("the epilogue tanh"));
}

}  // namespace baton
