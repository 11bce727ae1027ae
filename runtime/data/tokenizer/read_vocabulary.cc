// Vocabularies, merges, and GPT-2's files.
#include "runtime/data/tokenizer/read_vocabulary.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/json_object.h"
#include "base/printable.h"
#include "base/status.h"
#include "runtime/data/tokenizer/json_rule.h"

namespace baton {
namespace {

absl::Status Wrong(const std::string& path, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", what));
}

std::string ShownToken(absl::string_view token) { return absl::StrCat("\"", Printable(token.substr(0, 100)), "\""); }

}  // namespace

absl::StatusOr<int32_t> ReadTokenId(const nlohmann::json& value, const std::string& path) {
  if (value.is_number_unsigned() && value.get<uint64_t>() < static_cast<uint64_t>(kMaxTokenIds)) {
    return static_cast<int32_t>(value.get<uint64_t>());
  }
  const std::string shown = value.is_structured() ? "what stands there" : Printable(value.dump().substr(0, 100));
  return Wrong(path, absl::StrCat(shown, " must be a whole number from 0 to ", kMaxTokenIds - 1));
}

absl::Status ReadVocabulary(const nlohmann::json& vocabulary, const std::string& path, TokenizerRules& rules) {
  if (!vocabulary.is_object()) return Wrong(path, "is missing or no object");
  if (vocabulary.empty()) return Wrong(path, "has no tokens");
  absl::flat_hash_map<int32_t, const std::string*> owners;
  rules.vocabulary.reserve(vocabulary.size());
  for (auto token = vocabulary.begin(); token != vocabulary.end(); ++token) {
    BATON_ASSIGN_OR_RETURN(const int32_t id,
                           ReadTokenId(*token, absl::StrCat(path, "[", ShownToken(token.key()), "]")));
    const auto [owner, is_new] = owners.emplace(id, &token.key());
    if (!is_new) {
      return Wrong(path,
                   absl::StrCat(ShownToken(*owner->second), " and ", ShownToken(token.key()), " have the number ", id));
    }
    rules.vocabulary.emplace(token.key(), id);
  }
  return absl::OkStatus();
}

absl::Status AddMerge(const std::string& left, const std::string& right, const std::string& path,
                      TokenizerRules& rules) {
  for (const std::string& token : {left, right, left + right}) {
    if (rules.vocabulary.contains(token)) continue;
    return Wrong(path, absl::StrCat("the merge of ", ShownToken(left), " and ", ShownToken(right), " needs the token ",
                                    ShownToken(token), ", which is not in the vocabulary"));
  }
  rules.merges.emplace_back(left, right);
  return absl::OkStatus();
}

absl::Status AddMerge(const std::string& merge, const std::string& path, TokenizerRules& rules) {
  const std::vector<std::string> parts = absl::StrSplit(merge, ' ');
  if (parts.size() != 2 || parts[0].empty() || parts[1].empty()) {
    return Wrong(path, absl::StrCat(ShownToken(merge), " must be two tokens with a space between them"));
  }
  return AddMerge(parts[0], parts[1], path, rules);
}

absl::StatusOr<TokenizerRules> ReadVocabAndMerges(const std::string& vocab, const std::string& merges) {
  BATON_ASSIGN_OR_RETURN(const nlohmann::json json, ParseJsonObject(vocab, "vocab.json"));
  TokenizerRules rules;
  BATON_RETURN_IF_ERROR(ReadVocabulary(json, "vocab.json", rules));
  int number = 0;
  for (absl::string_view line : absl::StrSplit(merges, '\n')) {
    ++number;
    if (absl::EndsWith(line, "\r")) line.remove_suffix(1);
    if (line.empty() || (number == 1 && absl::StartsWith(line, "#version"))) continue;
    BATON_RETURN_IF_ERROR(AddMerge(std::string(line), absl::StrCat("merges.txt:", number), rules));
  }
  constexpr char kEndOfText[] = "<|endoftext|>";
  if (const auto end = rules.vocabulary.find(kEndOfText); end != rules.vocabulary.end()) {
    rules.added.push_back({kEndOfText, end->second, /*special=*/true, /*normalized=*/false});
  }
  rules.words.push_back({SplitRule{kGpt2Words}});
  return rules;
}

absl::Status ReadUnknown(const nlohmann::json& model, TokenizerRules& rules) {
  const nlohmann::json& unknown = Member(model, "unk_token");
  if (unknown.is_null()) return absl::OkStatus();
  const auto found = unknown.is_string() ? rules.vocabulary.find(unknown.get<std::string>()) : rules.vocabulary.end();
  if (found == rules.vocabulary.end()) {
    return Wrong(absl::StrCat("model.unk_token: ", Shown(unknown), " must be a token of model.vocab"));
  }
  rules.unknown = found->second;
  return absl::OkStatus();
}

}  // namespace baton
