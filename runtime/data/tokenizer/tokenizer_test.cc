// Token numbers against those of Hugging Face's tokenizers 0.23, for the files' forms and for rules that they may have;
// files that are refused.
#include "runtime/data/tokenizer/tokenizer.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "runtime/data/tokenizer/rule_tokenizer.h"
#include "runtime/data/tokenizer/tokenizer_rules.h"

namespace baton {
namespace {

const std::string kFolder = "tests/data/tokenizers/";

std::string Read(const std::string& name) {
  std::ostringstream text;
  text << std::ifstream(kFolder + name, std::ios::binary).rdbuf();
  REQUIRE_FALSE(text.str().empty());
  return text.str();
}

nlohmann::json ReadJson(const std::string& name) { return nlohmann::json::parse(Read(name)); }

std::unique_ptr<Tokenizer> Load(const std::string& name) {
  auto tokenizer = Tokenizer::Load("data.tokenizer", kFolder + name);
  INFO(tokenizer.status());
  REQUIRE(tokenizer.ok());
  return *std::move(tokenizer);
}

std::unique_ptr<Tokenizer> Make(const nlohmann::json& file) {
  auto rules = ReadTokenizerJson(file.dump());
  INFO(rules.status());
  REQUIRE(rules.ok());
  auto tokenizer = RuleTokenizer::Create(*std::move(rules), "");
  INFO(tokenizer.status());
  REQUIRE(tokenizer.ok());
  return *std::move(tokenizer);
}

void CheckCase(const Tokenizer& tokenizer, const nlohmann::json& expected) {
  const std::string text = expected["text"];
  INFO(expected["text"].dump());
  const auto ids = tokenizer.Encode(text);
  REQUIRE(ids.ok());
  CHECK(nlohmann::json(*ids) == expected["ids"]);
  const std::string decoded = expected.contains("decoded") ? expected["decoded"].get<std::string>() : text;
  CHECK(tokenizer.Decode(*ids) == decoded);
}

TEST_CASE("the numbers and texts of the fixtures") {
  struct Files {
    const char* tokenizer;
    const char* expected;
  };
  for (const Files& files :
       {Files{"byte_level/tokenizer.json", "byte_level/expected.json"}, Files{"byte_level", "byte_level/expected.json"},
        Files{"gpt2_files", "byte_level/expected.json"}, Files{"split/tokenizer.json", "split/expected.json"}}) {
    INFO(files.tokenizer);
    const auto tokenizer = Load(files.tokenizer);
    CHECK(tokenizer->vocabulary() == 397);
    CHECK(tokenizer->IdOf("<|endoftext|>") == 0);
    CHECK_FALSE(tokenizer->IdOf("no such token").has_value());
    const nlohmann::json expected = ReadJson(files.expected);
    CHECK(expected["cases"].size() >= 20);
    for (const nlohmann::json& each : expected["cases"]) CheckCase(*tokenizer, each);
    for (const nlohmann::json& each : expected.value("decode_partial", nlohmann::json::array())) {
      CHECK(tokenizer->Decode(each["ids"].get<std::vector<int32_t>>()) == each["text"].get<std::string>());
    }
  }
}

TEST_CASE("the numbers and texts of word pieces") {
  const auto tokenizer = Load("word_pieces");
  CHECK(tokenizer->vocabulary() == 500);
  CHECK(tokenizer->IdOf("[MASK]") == 4);
  const nlohmann::json expected = ReadJson("word_pieces/expected.json");
  CHECK(expected["cases"].size() >= 40);
  for (const nlohmann::json& each : expected["cases"]) CheckCase(*tokenizer, each);
}

TEST_CASE("rules that a file may have") {
  const std::string list = GENERATE("variants.json", "word_pieces/variants.json");
  for (const nlohmann::json& variant : ReadJson(list)) {
    INFO(variant["what"].get<std::string>());
    nlohmann::json file = variant["patch"];
    if (!variant["base"].is_null()) {
      file = ReadJson(variant["base"].get<std::string>() + "/tokenizer.json");
      file.merge_patch(variant["patch"]);
    }
    const auto tokenizer = Make(file);
    for (const nlohmann::json& each : variant["cases"]) CheckCase(*tokenizer, each);
  }
}

TEST_CASE("special tokens can be left out of a text") {
  const auto tokenizer = Load("byte_level");
  const auto ids = tokenizer->Encode("a<|endoftext|>b");
  REQUIRE(ids.ok());
  CHECK(tokenizer->Decode(*ids) == "a<|endoftext|>b");
  CHECK(tokenizer->Decode(*ids, /*skip_special=*/true) == "ab");
  CHECK(tokenizer->Decode({-1, 397, 1 << 30}).empty());
}

TEST_CASE("long words and long white space") {
  const auto tokenizer = Load("split");
  for (const std::string& text :
       {std::string(300'000, 'a'), std::string(300'000, ' '), std::string(100'000, '\n') + std::string(1000, '1')}) {
    const auto ids = tokenizer->Encode(text);
    REQUIRE(ids.ok());
    CHECK(tokenizer->Decode(*ids) == text);
  }
}

TEST_CASE("a text that is not UTF-8 is refused") {
  CHECK(Load("byte_level")->Encode("a\xff").status().code() == absl::StatusCode::kInvalidArgument);
}

// The reader's message for a sound file with `patch`.
std::string Refusal(const std::string& patch, const std::string& name = "byte_level") {
  nlohmann::json file = ReadJson(name + "/tokenizer.json");
  file.merge_patch(nlohmann::json::parse(patch));
  const auto rules = ReadTokenizerJson(file.dump());
  if (!rules.ok()) return std::string(rules.status().message());
  return std::string(RuleTokenizer::Create(*rules, "").status().message());
}

TEST_CASE("unsupported and malformed parts of a file are named") {
  CHECK(Refusal("{}").empty());
  struct Case {
    const char* patch;
    const char* message;
  };
  for (const Case& each : {
           Case{R"({"model": null})", "model: is missing or no object"},
           Case{R"({"model": {"type": "Unigrams"}})",
                "model.type: \"Unigrams\" is not supported, only \"BPE\" and \"WordPiece\""},
           Case{R"({"model": {"merges": null}})", "model.merges: is missing or no list"},
           Case{R"({"model": {"vocab": 1}})", "model.vocab: is missing or no object"},
           Case{R"({"model": {"merges": ["a b c"]}})",
                "model.merges: \"a b c\" must be two tokens with a space between them"},
           Case{R"({"model": {"merges": [["a"]]}})",
                "model.merges: a list must be two tokens, or a string of two tokens"},
           Case{R"({"model": {"merges": ["a zz"]}})",
                "model.merges: the merge of \"a\" and \"zz\" needs the token \"zz\", which is not in the vocabulary"},
           Case{R"({"model": {"merges": ["q q"]}})",
                "model.merges: the merge of \"q\" and \"q\" needs the token \"qq\", which is not in the vocabulary"},
           Case{R"({"model": {"vocab": {"a": -1}}})",
                "model.vocab[\"a\"]: -1 must be a whole number from 0 to 16777215"},
           Case{R"({"model": {"vocab": {"a": 1099511627776}}})",
                "model.vocab[\"a\"]: 1099511627776 must be a whole number from 0 to 16777215"},
           Case{R"({"model": {"vocab": {"a": "0"}}})",
                "model.vocab[\"a\"]: \"0\" must be a whole number from 0 to 16777215"},
           Case{R"({"model": {"vocab": {"a": 1.5}}})",
                "model.vocab[\"a\"]: 1.5 must be a whole number from 0 to 16777215"},
           Case{R"({"model": {"vocab": {"a": 5}}})", "model.vocab: \"%\" and \"a\" have the number 5"},
           Case{R"({"model": {"byte_fallback": true}})", "model.byte_fallback: true is not supported"},
           Case{R"({"model": {"dropout": 0.1}})", "model.dropout: 0.1 is not supported, only null"},
           Case{R"({"model": {"end_of_word_suffix": "</w>"}})",
                "model.end_of_word_suffix: \"</w>\" is not supported, only null"},
           Case{R"({"model": {"unk_token": "zz"}})", "model.unk_token: \"zz\" must be a token of model.vocab"},
           Case{R"({"normalizer": {"type": "Lowercase"}})",
                "normalizer.type: \"Lowercase\" is not supported, only NFC, NFD, NFKC, NFKD and a Sequence of them, "
                "and BertNormalizer alone"},
           Case{R"({"pre_tokenizer": null})",
                "pre_tokenizer: must be or end with ByteLevel; other BPE is not supported"},
           Case{R"({"pre_tokenizer": {"type": "Metaspace"}})",
                "pre_tokenizer.type: \"Metaspace\" is not supported, only ByteLevel, Split, Digits and a Sequence of "
                "them"},
           Case{R"({"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "a"}, "behavior": "MergedWithNext"}})",
                "pre_tokenizer.behavior: \"MergedWithNext\" is not supported, only \"Isolated\" and \"Removed\""},
           Case{R"({"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "ByteLevel"},
                   {"type": "ByteLevel"}]}})",
                "pre_tokenizer.pretokenizers[0]: ByteLevel must be the last of the sequence"},
           Case{R"({"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Split", "behavior": "Isolated",
                   "pattern": {"Regex": "a("}}, {"type": "ByteLevel"}]}})",
                "pre_tokenizer: \"a(\" is no regular expression (U_REGEX_MISMATCHED_PAREN at character 2)"},
           Case{R"({"decoder": {"type": "WordPiece"}})",
                "decoder.type: \"WordPiece\" is not supported, only ByteLevel"},
           Case{R"({"added_tokens": [{"id": 7, "content": "<x>"}]})", "added_tokens[0].id: 7 is that of \"'\" already"},
           Case{R"({"added_tokens": [{"id": 7, "content": "a"}]})",
                "added_tokens[0].id: 7 must be that of \"a\" in model.vocab, 65"},
           Case{R"({"added_tokens": [{"id": 400, "content": "<x>", "lstrip": true}]})",
                "added_tokens[0].lstrip: true is not supported"},
       }) {
    CHECK(Refusal(each.patch) == each.message);
  }
}

TEST_CASE("unsupported and malformed parts of word pieces are named") {
  CHECK(Refusal("{}", "word_pieces").empty());
  struct Case {
    const char* patch;
    const char* message;
  };
  for (const Case& each : {
           Case{R"({"model": {"unk_token": null}})", "model.unk_token: is missing"},
           Case{R"({"model": {"unk_token": "[NONE]"}})", "model.unk_token: \"[NONE]\" must be a token of model.vocab"},
           Case{R"({"model": {"continuing_subword_prefix": 1}})",
                "model.continuing_subword_prefix: 1 must be a string"},
           Case{R"({"model": {"max_input_chars_per_word": 0}})",
                "model.max_input_chars_per_word: 0 must be a whole number from 1 to 10000"},
           Case{R"({"model": {"max_input_chars_per_word": 1000000000000}})",
                "model.max_input_chars_per_word: 1000000000000 must be a whole number from 1 to 10000"},
           Case{R"({"model": {"vocab": {"x": 0}}})", "model.vocab: \"[PAD]\" and \"x\" have the number 0"},
           Case{R"({"pre_tokenizer": null})", "pre_tokenizer: must be BertPreTokenizer with WordPiece"},
           Case{R"({"pre_tokenizer": {"type": "Whitespace"}})",
                "pre_tokenizer.type: \"Whitespace\" is not supported, only BertPreTokenizer with WordPiece"},
           Case{R"({"decoder": null})", "decoder: must be WordPiece with WordPiece"},
           Case{R"({"decoder": {"type": "BPEDecoder"}})",
                "decoder.type: \"BPEDecoder\" is not supported, only WordPiece with WordPiece"},
           Case{R"({"decoder": {"prefix": "@"}})", "decoder.prefix: \"@\" must be model.continuing_subword_prefix"},
           Case{R"({"decoder": {"cleanup": 1}})", "decoder.cleanup: 1 must be true or false"},
           Case{R"({"normalizer": {"lowercase": "no"}})", "normalizer.lowercase: \"no\" must be true or false"},
       }) {
    CHECK(Refusal(each.patch, "word_pieces") == each.message);
  }
}

TEST_CASE("files that are no JSON of a tokenizer") {
  const auto message = [](const std::string& text) { return std::string(ReadTokenizerJson(text).status().message()); };
  CHECK(message("") == "the file is no JSON object");
  CHECK(message("[]") == "the file is no JSON object");
  CHECK(message(Read("byte_level/tokenizer.json").substr(0, 600)) == "the file is no JSON object");
  CHECK(message(std::string(40'000, '[')) == "the file is nested more than 32 levels deep");
  CHECK(message(R"({"model": {}, "model": {}})") == "the file has \"model\" twice");
  CHECK(message("{}") == "model: is missing or no object");
}

TEST_CASE("a path without a tokenizer is named") {
  CHECK(Tokenizer::Load("data.tokenizer", "tests/data").status().message() ==
        "data.tokenizer: tests/data has neither tokenizer.json nor vocab.json and merges.txt");
  CHECK(Tokenizer::Load("data.tokenizer", "none.json").status().message() ==
        "data.tokenizer: cannot read tokenizer none.json: No such file or directory");
}

}  // namespace
}  // namespace baton
