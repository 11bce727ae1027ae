// One stream of tokens in five forms, against the numbers of those who wrote it; windows, orders, held-out windows.
#include "runtime/data/tokens/token_dataset.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>
#include <string>

namespace baton {
namespace {

constexpr char kFolder[] = "tests/data/tokens/";

nlohmann::json Expected() { return nlohmann::json::parse(std::ifstream(std::string(kFolder) + "expected.json")); }

SequenceOrder OrderOf(bool shuffled, int sequences, uint64_t seed = 1) {
  proto::Job job;
  job.mutable_batch()->set_sequences(sequences);
  return {shuffled, seed, BatchGrowth(job)};
}

TokenDataset::Options OptionsOf(const std::string& pattern, TokenFormat format = TokenFormat::kAuto) {
  TokenDataset::Options options;
  options.pattern = pattern;
  options.format = format;
  options.context = 48;
  options.vocabulary = 397;
  options.vocabulary_field = "model.gpt2.vocabulary";
  return options;
}

std::unique_ptr<TokenDataset> Open(const TokenDataset::Options& options, const SequenceOrder& order) {
  auto dataset = TokenDataset::Create(options, order);
  INFO(dataset.status());
  REQUIRE(dataset.ok());
  return *std::move(dataset);
}

struct Sequences {
  std::vector<int32_t> inputs, targets;
};

Sequences Training(const TokenDataset& dataset, int64_t step, int64_t first, int64_t count) {
  Sequences result;
  result.inputs.resize(count * dataset.num_targets());
  result.targets.resize(count * dataset.num_targets());
  dataset.FillTraining(step, first, count, reinterpret_cast<std::byte*>(result.inputs.data()), result.targets.data());
  return result;
}

Sequences HeldOut(const TokenDataset& dataset, int64_t first, int64_t count) {
  Sequences result;
  result.inputs.resize(count * dataset.num_targets());
  result.targets.resize(count * dataset.num_targets());
  dataset.FillHeldOut(first, count, reinterpret_cast<std::byte*>(result.inputs.data()), result.targets.data());
  return result;
}

std::vector<int32_t> AllTokens(const std::string& name, TokenFormat format) {
  const auto file = TokenFile::Open(kFolder + name, format);
  INFO(file.status());
  REQUIRE(file.ok());
  std::vector<int32_t> tokens(static_cast<size_t>(file->count()));
  file->Copy(0, file->count(), tokens.data());
  return tokens;
}

struct Form {
  const char* name;
  TokenFormat format;
};

const std::vector<Form>& Forms() {
  static const auto* forms =
      new std::vector<Form>{{"tokens.bin", TokenFormat::kUint16},        {"llmc_u16.bin", TokenFormat::kAuto},
                            {"llmc_u32.bin", TokenFormat::kAuto},        {"llmc_u32.bin", TokenFormat::kLlmc},
                            {"megatron_u16.bin", TokenFormat::kAuto},    {"megatron_i32.idx", TokenFormat::kAuto},
                            {"megatron_i32.bin", TokenFormat::kMegatron}};
  return *forms;
}

TEST_CASE("every form has the tokens of the stream") {
  const nlohmann::json stream = Expected()["stream"];
  for (const Form& form : Forms()) {
    INFO(form.name);
    const std::vector<int32_t> tokens = AllTokens(form.name, form.format);
    REQUIRE(tokens.size() == stream["count"].get<size_t>());
    CHECK(std::accumulate(tokens.begin(), tokens.end(), int64_t{0}) == stream["sum"]);
    CHECK(*std::max_element(tokens.begin(), tokens.end()) == stream["largest"]);
    CHECK(std::vector<int32_t>(tokens.begin(), tokens.begin() + 16) == stream["first16"]);
    CHECK(std::vector<int32_t>(tokens.end() - 16, tokens.end()) == stream["last16"]);
  }
}

TEST_CASE("windows in order are the stream, each sharing one token with the next") {
  const nlohmann::json stream = Expected()["stream"];
  const std::vector<int32_t> tokens = AllTokens("tokens.bin", TokenFormat::kUint16);
  for (const Form& form : Forms()) {
    const auto dataset = Open(OptionsOf(std::string(kFolder) + form.name, form.format), OrderOf(false, 8));
    REQUIRE(dataset->num_training() == stream["whole_windows"]);
    for (int64_t step = 0; step < 20; ++step) {
      const Sequences batch = Training(*dataset, step, 0, 8);
      REQUIRE(std::equal(batch.inputs.begin(), batch.inputs.end(), tokens.begin() + step * 8 * 48));
      REQUIRE(std::equal(batch.targets.begin(), batch.targets.end(), tokens.begin() + step * 8 * 48 + 1));
    }
    const Sequences again = Training(*dataset, 20, 0, 8);
    CHECK(again.inputs == Training(*dataset, 0, 0, 8).inputs);
  }
}

TEST_CASE("a shuffled pass has each window once, however a batch is cut") {
  const auto dataset = Open(OptionsOf(std::string(kFolder) + "llmc_u16.bin"), OrderOf(true, 8));
  std::set<std::vector<int32_t>> seen;
  std::vector<int32_t> in_order, drawn;
  for (int64_t step = 0; step < 20; ++step) {
    const Sequences batch = Training(*dataset, step, 0, 8);
    for (int64_t sequence = 0; sequence < 8; ++sequence) {
      const Sequences one = Training(*dataset, step, sequence, 1);
      REQUIRE(std::equal(one.inputs.begin(), one.inputs.end(), batch.inputs.begin() + sequence * 48));
      REQUIRE(std::equal(one.targets.begin(), one.targets.end(), batch.targets.begin() + sequence * 48));
      seen.insert(one.inputs);
    }
    drawn.insert(drawn.end(), batch.inputs.begin(), batch.inputs.end());
  }
  CHECK(seen.size() == 160);
  in_order = AllTokens("tokens.bin", TokenFormat::kUint16);
  in_order.resize(160 * 48);
  CHECK(drawn != in_order);
  std::sort(drawn.begin(), drawn.end());
  std::sort(in_order.begin(), in_order.end());
  CHECK(drawn == in_order);
  CHECK(Training(*dataset, 20, 0, 8).inputs != Training(*dataset, 0, 0, 8).inputs);
}

TEST_CASE("the last windows are held out, each once") {
  TokenDataset::Options options = OptionsOf(std::string(kFolder) + "llmc_u32.bin");
  options.held_out = 0.1;
  const auto dataset = Open(options, OrderOf(true, 9));
  const std::vector<int32_t> tokens = AllTokens("tokens.bin", TokenFormat::kUint16);
  REQUIRE(dataset->num_training() == 144);
  REQUIRE(dataset->num_held_out() == 16);
  const Sequences held_out = HeldOut(*dataset, 0, 16);
  CHECK(std::equal(held_out.inputs.begin(), held_out.inputs.end(), tokens.begin() + 144 * 48));
  CHECK(std::equal(held_out.targets.begin(), held_out.targets.end(), tokens.begin() + 144 * 48 + 1));
  CHECK(HeldOut(*dataset, 15, 1).targets.back() == tokens[160 * 48]);
  std::set<std::vector<int32_t>> trained;
  for (int64_t step = 0; step < 16; ++step) {
    for (int64_t i = 0; i < 9; ++i) trained.insert(Training(*dataset, step, i, 1).inputs);
  }
  CHECK(trained.size() == 144);
  for (int64_t i = 0; i < 16; ++i) CHECK(trained.count(HeldOut(*dataset, i, 1).inputs) == 0);
}

// A folder with files of 16-bit tokens.
std::string MakeFolder(const std::string& name, const std::vector<std::vector<uint16_t>>& files) {
  const std::string folder = std::string(std::getenv("TEST_TMPDIR")) + "/" + name;
  REQUIRE(mkdir(folder.c_str(), 0700) == 0);
  for (size_t i = 0; i < files.size(); ++i) {
    std::ofstream(folder + "/" + std::to_string(i) + ".bin", std::ios::binary)
        .write(reinterpret_cast<const char*>(files[i].data()), static_cast<std::streamsize>(files[i].size() * 2));
  }
  return folder;
}

TEST_CASE("windows do not cross files") {
  const std::string folder = MakeFolder("files", {{1, 2, 3, 4, 5, 6, 7, 8}, {9}, {10, 11, 12, 13}});
  TokenDataset::Options options = OptionsOf(folder + "/*", TokenFormat::kUint16);
  options.context = 3;
  const auto dataset = Open(options, OrderOf(false, 3));
  REQUIRE(dataset->num_training() == 3);
  const Sequences batch = Training(*dataset, 0, 0, 3);
  CHECK(batch.inputs == std::vector<int32_t>{1, 2, 3, 4, 5, 6, 10, 11, 12});
  CHECK(batch.targets == std::vector<int32_t>{2, 3, 4, 5, 6, 7, 11, 12, 13});
}

TEST_CASE("the hash depends on the tokens and on where files end") {
  const auto hash = [](const std::string& folder) {
    TokenDataset::Options options = OptionsOf(folder + "/*", TokenFormat::kUint16);
    options.context = 1;
    return Open(options, OrderOf(false, 1))->ContentsHash();
  };
  const std::string one = hash(MakeFolder("one", {{1, 2, 3, 4}}));
  CHECK(one == hash(MakeFolder("other_name", {{1, 2, 3, 4}})));
  CHECK(one != hash(MakeFolder("other_token", {{1, 2, 3, 5}})));
  CHECK(one != hash(MakeFolder("two_files", {{1, 2}, {3, 4}})));
}

std::string MessageOf(const TokenDataset::Options& options) {
  return std::string(TokenDataset::Create(options, OrderOf(false, 1)).status().message());
}

TEST_CASE("a token beyond the vocabulary is named with its place") {
  const std::string folder = MakeFolder("beyond", {{1, 2, 3, 36}});
  TokenDataset::Options options = OptionsOf(folder + "/*", TokenFormat::kUint16);
  options.context = 3;
  options.vocabulary = 37;
  CHECK(TokenDataset::Create(options, OrderOf(false, 1)).ok());
  options.vocabulary = 36;
  CHECK(MessageOf(options) ==
        "data.tokens: " + folder + "/0.bin: token 36 at position 3 must be from 0 to 35 (model.gpt2.vocabulary: 36)");
}

TEST_CASE("too few tokens") {
  const std::string folder = MakeFolder("few", {{1, 2, 3, 4, 5, 6, 7, 8}});
  TokenDataset::Options options = OptionsOf(folder + "/*", TokenFormat::kUint16);
  options.context = 8;
  CHECK(MessageOf(options) == "data.tokens: \"" + folder +
                                  "/*\" gives no sequence to train on: its 1 file with 8 tokens gives 0 windows of 8 "
                                  "tokens and one more");
  options.context = 7;
  CHECK(TokenDataset::Create(options, OrderOf(false, 1)).ok());
  options.held_out = 0.5;
  CHECK(MessageOf(options) == "data.held_out: 0.5 of 1 sequences leaves none");
}

TEST_CASE("one of Megatron's files is not read as one without a header") {
  const std::string path = std::string(kFolder) + "megatron_i32.bin";
  CHECK(MessageOf(OptionsOf(path, TokenFormat::kUint16)) ==
        "data.tokens: " + path +
            ": an .idx stands beside it, so that it is one of Megatron-LM's pairs; set data.format: MEGATRON");
}

TEST_CASE("files of no known form") {
  const std::string folder = MakeFolder("forms", {{1, 2, 3, 4}});
  CHECK(MessageOf(OptionsOf(folder + "/*")) ==
        "data.tokens: " + folder +
            "/0.bin: no .idx stands beside it and it begins with 131073, none of llm.c's magic numbers 20240520 and "
            "20240801; for 16-bit numbers without a header, set data.format: UINT16");
  CHECK(MessageOf(OptionsOf(folder + "/*", TokenFormat::kMegatron)) ==
        "data.tokens: cannot read " + folder + "/0.idx: No such file or directory");
  REQUIRE(rename((folder + "/0.bin").c_str(), (folder + "/0.idx").c_str()) == 0);
  CHECK(MessageOf(OptionsOf(folder + "/*")) ==
        "data.tokens: cannot read " + folder + "/0.bin: No such file or directory");
  REQUIRE(rename((folder + "/0.idx").c_str(), (folder + "/0").c_str()) == 0);
  CHECK(MessageOf(OptionsOf(folder + "/*", TokenFormat::kMegatron)) ==
        "data.tokens: " + folder + "/0: the name must end with .bin or .idx for data.format: MEGATRON");
}

}  // namespace
}  // namespace baton
