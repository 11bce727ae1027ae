// Batches, held-out text, and too little text.
#include "runtime/data/text.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace baton {
namespace {

// A fresh folder for one test.
std::string MakeFolder(const std::string& name) {
  const std::string folder = std::string(std::getenv("TEST_TMPDIR")) + "/" + name;
  REQUIRE(mkdir(folder.c_str(), 0700) == 0);
  return folder;
}

void Write(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

struct Sequences {
  std::vector<int32_t> inputs;
  std::vector<int32_t> targets;
};

Sequences Training(const TextDataset& dataset, int64_t step, int64_t first, int64_t count) {
  Sequences result;
  result.inputs.resize(count * dataset.num_targets());
  result.targets.resize(count * dataset.num_targets());
  dataset.FillTraining(step, first, count, reinterpret_cast<std::byte*>(result.inputs.data()), result.targets.data());
  return result;
}

Sequences HeldOut(const TextDataset& dataset, int64_t first, int64_t count) {
  Sequences result;
  result.inputs.resize(count * dataset.num_targets());
  result.targets.resize(count * dataset.num_targets());
  dataset.FillHeldOut(first, count, reinterpret_cast<std::byte*>(result.inputs.data()), result.targets.data());
  return result;
}

TEST_CASE("targets are the tokens after the inputs, bytes as they are") {
  const std::string folder = MakeFolder("bytes");
  std::string text;
  for (int i = 0; i < 256; ++i) text += static_cast<char>(i);
  Write(folder + "/all", text);
  const auto dataset = TextDataset::Create({folder + "/*", 0.0, 8, 1});
  REQUIRE(dataset.ok());
  CHECK((*dataset)->num_training() == 248);
  CHECK((*dataset)->num_held_out() == 0);
  CHECK((*dataset)->input_bytes() == 32);
  std::set<int32_t> first_tokens;
  const Sequences sequences = Training(**dataset, 3, 0, 2000);
  for (size_t i = 0; i < sequences.inputs.size(); ++i) {
    REQUIRE(sequences.targets[i] == sequences.inputs[i] + 1);
    if (i % 8 == 0) first_tokens.insert(sequences.inputs[i]);
  }
  // Each of the 248 offsets is drawn with probability 1 − (1 − 1/248)^2000 = 0.9997.
  CHECK(first_tokens.size() > 240);
  CHECK(*first_tokens.rbegin() <= 247);
}

TEST_CASE("a batch is the same however it is cut") {
  const std::string folder = MakeFolder("cut");
  std::string text;
  for (int i = 0; i < 5000; ++i) text += static_cast<char>('a' + i * i % 26);
  Write(folder + "/text", text);
  const auto dataset = TextDataset::Create({folder + "/*", 0.1, 16, 7});
  REQUIRE(dataset.ok());
  const Sequences whole = Training(**dataset, 5, 0, 12);
  const int size = GENERATE(1, 2, 3, 4, 6);
  for (int first = 0; first < 12; first += size) {
    const Sequences part = Training(**dataset, 5, first, size);
    CHECK(std::equal(part.inputs.begin(), part.inputs.end(), whole.inputs.begin() + first * 16));
    CHECK(std::equal(part.targets.begin(), part.targets.end(), whole.targets.begin() + first * 16));
  }
  CHECK(Training(**dataset, 6, 0, 12).inputs != whole.inputs);
  const auto other = TextDataset::Create({folder + "/*", 0.1, 16, 8});
  REQUIRE(other.ok());
  CHECK(Training(**other, 5, 0, 12).inputs != whole.inputs);
  unlink((folder + "/text").c_str());
  rmdir(folder.c_str());
}

TEST_CASE("the tail of each file is held out and never trained on") {
  const std::string folder = MakeFolder("tails");
  Write(folder + "/1", std::string(90, 'a') + std::string(10, 'X'));
  Write(folder + "/2", std::string(190, 'b') + std::string(20, 'Y'));  // a tenth of 210 is 21
  const auto dataset = TextDataset::Create({folder + "/*", 0.1, 10, 1});
  REQUIRE(dataset.ok());
  CHECK((*dataset)->num_training() == 90 + 189 - 10);
  REQUIRE((*dataset)->num_held_out() == 3);  // 31 tokens
  const Sequences training = Training(**dataset, 0, 0, 500);
  for (const int32_t token : training.inputs) REQUIRE((token == 'a' || token == 'b'));
  const Sequences held_out = HeldOut(**dataset, 0, 3);
  const std::string expected = std::string(10, 'X') + "b" + std::string(20, 'Y');
  CHECK(std::string(held_out.inputs.begin(), held_out.inputs.end()) == expected.substr(0, 30));
  CHECK(std::string(held_out.targets.begin(), held_out.targets.end()) == expected.substr(1));
  const Sequences last = HeldOut(**dataset, 2, 1);
  CHECK(std::equal(last.inputs.begin(), last.inputs.end(), held_out.inputs.begin() + 20));
}

TEST_CASE("sequences in order share one token with their neighbours and begin again at the end") {
  const std::string folder = MakeFolder("order");
  Write(folder + "/text", "abcdefghijklm");  // 4 sequences of 3 tokens and one more
  proto::Job job;
  job.mutable_batch()->set_sequences(3);
  TextDataset::Options options = {folder + "/*", 0, 3, 1};
  options.sequential = BatchGrowth(job);
  const auto dataset = TextDataset::Create(options);
  REQUIRE(dataset.ok());
  CHECK((*dataset)->num_training() == 4);
  const Sequences first = Training(**dataset, 0, 0, 3), second = Training(**dataset, 1, 0, 3);
  CHECK(std::string(first.inputs.begin(), first.inputs.end()) == "abcdefghi");
  CHECK(std::string(first.targets.begin(), first.targets.end()) == "bcdefghij");
  CHECK(std::string(second.inputs.begin(), second.inputs.end()) == "jklabcdef");
  CHECK(std::string(second.targets.begin(), second.targets.end()) == "klmbcdefg");
}

std::string Read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

TextDataset::Options Tokenized(const std::string& folder) {
  TextDataset::Options options = {folder + "/text*", 0.3, 4, 1};
  proto::Job job;
  job.mutable_batch()->set_sequences(1);
  options.sequential = BatchGrowth(job);
  options.tokenizer = "tests/data/tokenizers/byte_level";
  options.vocabulary = 397;
  options.vocabulary_field = "model.gpt2.vocabulary";
  return options;
}

TEST_CASE("text by a tokenizer") {
  const std::string folder = MakeFolder("tokenized");
  Write(folder + "/text", "To be, or not to be: that is the question.");
  const auto dataset = TextDataset::Create(Tokenized(folder));
  INFO(dataset.status());
  REQUIRE(dataset.ok());
  // By the tokenizers library: 393, 306, 12, 221, 271, 323, 285, 306, 26, 324, 326, 267, 221, 81, 85, 383, 73, 288, 14.
  CHECK((*dataset)->num_training() == 3);  // 14 tokens; the last 5 of 19 are held out
  CHECK((*dataset)->num_held_out() == 1);
  CHECK(Training(**dataset, 0, 0, 1).inputs == std::vector<int32_t>{393, 306, 12, 221});
  CHECK(Training(**dataset, 0, 0, 1).targets == std::vector<int32_t>{306, 12, 221, 271});
  CHECK(Training(**dataset, 2, 0, 1).inputs == std::vector<int32_t>{26, 324, 326, 267});
}

TEST_CASE("tokens are kept in a cache that is not used for other text, nor if it is damaged") {
  const std::string folder = MakeFolder("cache");
  TextDataset::Options options = Tokenized(folder);
  options.cache = folder + "/tokens";
  const auto first_tokens = [&] {
    const auto dataset = TextDataset::Create(options);
    INFO(dataset.status());
    REQUIRE(dataset.ok());
    return Training(**dataset, 0, 0, 1).inputs;
  };
  const std::string text = "To be, or not to be: that is the question.";
  const std::vector<int32_t> expected = {393, 306, 12, 221};
  Write(folder + "/text", text);
  CHECK(first_tokens() == expected);
  const std::string cache = Read(options.cache);
  REQUIRE(cache.size() > 100);
  CHECK(first_tokens() == expected);
  CHECK(Read(options.cache) == cache);

  // A cache of the same text that says otherwise is believed, which shows that it is read.
  const std::string kept = cache.substr(0, cache.size() - 32);
  std::string other = kept;
  const size_t place = kept.find(std::string("\x89\x01\x32\x01", 4));  // 393, 306
  REQUIRE(place != std::string::npos);
  other[place] = 7;
  other[place + 1] = 0;
  Write(options.cache, other + HashOf(other));
  CHECK(first_tokens() == std::vector<int32_t>{7, 306, 12, 221});

  for (const std::string& damaged :
       {other + HashOf(kept), cache.substr(0, cache.size() - 1), cache.substr(0, 20), std::string(), cache + "x"}) {
    Write(options.cache, damaged);
    CHECK(first_tokens() == expected);
    CHECK(Read(options.cache) == cache);
  }
  Write(folder + "/text", "Not " + text);
  CHECK(first_tokens() != expected);
  CHECK(Read(options.cache) != cache);
}

TEST_CASE("text that a tokenizer or a model refuses") {
  const std::string folder = MakeFolder("refused");
  Write(folder + "/text", "a\xff");
  CHECK(TextDataset::Create(Tokenized(folder)).status().message() ==
        "data.text: " + folder + "/text: a text is not UTF-8");
  TextDataset::Options options = Tokenized(folder);
  options.vocabulary = 396;
  CHECK(TextDataset::Create(options).status().message() ==
        "data.tokenizer: tests/data/tokenizers/byte_level has tokens from 0 to 396, but model.gpt2.vocabulary is 396");
}

TEST_CASE("an error about too little text names the numbers") {
  const std::string folder = MakeFolder("little");
  Write(folder + "/text", std::string(100, 'a'));
  const auto message = [&](double held_out, int64_t context) {
    const auto dataset = TextDataset::Create({folder + "/*", held_out, context, 1});
    CHECK(dataset.status().code() == absl::StatusCode::kInvalidArgument);
    return std::string(dataset.status().message());
  };
  CHECK(message(0, 100) ==
        "data.text: \"" + folder + "/*\" gives 100 tokens to train on, but a sequence needs 100 and one more");
  CHECK(message(0.05, 5) == "data.held_out: 0.05 leaves 5 tokens, but a sequence needs 5 and one more");
  CHECK(message(1.5, 5) == "data.held_out: 1.5 must be at least 0 and below 1");
  CHECK(message(0, 0) == "model context: 0 must be at least 1");
  CHECK(TextDataset::Create({folder + "/*", 0, 99, 1}).ok());
}

}  // namespace
}  // namespace baton
