// The stages of a tokenizer, one behind the other.
#include "runtime/data/tokenizer/rule_tokenizer.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/content_hash.h"
#include "base/printable.h"
#include "base/status.h"
#include "runtime/data/tokenizer/bert_normalizer.h"
#include "runtime/data/tokenizer/byte_alphabet.h"

namespace baton {
namespace {

// Words that are seen again need no merging again.
constexpr size_t kMaxKnownWords = 1 << 16;
constexpr size_t kMaxKnownBytes = 64;

absl::Status CutAtTokens(absl::string_view text, const std::map<char, std::vector<const AddedToken*>>& by_first,
                         std::vector<int32_t>& ids, const std::function<absl::Status(absl::string_view)>& rest) {
  size_t begin = 0;
  for (size_t i = 0; i < text.size() && !by_first.empty();) {
    const auto found = by_first.find(text[i]);
    const AddedToken* match = nullptr;
    if (found != by_first.end()) {
      // The longest comes first.
      for (const AddedToken* each : found->second) {
        if (text.compare(i, each->content.size(), each->content) != 0) continue;
        match = each;
        break;
      }
    }
    if (match == nullptr) {
      ++i;
      continue;
    }
    BATON_RETURN_IF_ERROR(rest(text.substr(begin, i - begin)));
    ids.push_back(match->id);
    i += match->content.size();
    begin = i;
  }
  return rest(text.substr(begin));
}

}  // namespace

absl::StatusOr<std::unique_ptr<RuleTokenizer>> RuleTokenizer::Create(TokenizerRules rules, std::string contents_hash) {
  std::unique_ptr<RuleTokenizer> tokenizer(new RuleTokenizer(std::move(rules), std::move(contents_hash)));
  for (const WordRule& rule : tokenizer->rules_.words) {
    if (!rule.split) {
      tokenizer->patterns_.push_back(std::nullopt);
      continue;
    }
    absl::StatusOr<WordPattern> pattern = WordPattern::Compile(rule.split->pattern);
    if (!pattern.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("pre_tokenizer: \"", Printable(rule.split->pattern.substr(0, 200)),
                                                     "\" ", pattern.status().message()));
    }
    tokenizer->patterns_.push_back(*std::move(pattern));
  }
  return tokenizer;
}

RuleTokenizer::RuleTokenizer(TokenizerRules rules, std::string contents_hash)
    : rules_(std::move(rules)),
      pairs_(rules_),
      pieces_(rules_.word_pieces ? std::optional<WordPieces>(rules_) : std::nullopt),
      contents_hash_(std::move(contents_hash)) {
  for (const auto& [token, id] : rules_.vocabulary) {
    bytes_.emplace(id, BytesOf(token));
    vocabulary_ = std::max<int64_t>(vocabulary_, id + 1);
  }
  for (AddedToken& token : rules_.added) {
    bytes_.emplace(token.id, BytesOf(token.content));
    vocabulary_ = std::max<int64_t>(vocabulary_, token.id + 1);
    if (token.special) special_.insert(token.id);
  }
  // A normalized token is found in normalized text, in its own normal form.
  for (AddedToken& token : rules_.added) {
    if (token.normalized) token.content = NormalForm(token.content).value_or(token.content);
    (token.normalized ? normalized_ : raw_)[token.content[0]].push_back(&token);
  }
  for (auto* tokens : {&raw_, &normalized_}) {
    for (auto& [first, list] : *tokens) {
      std::stable_sort(list.begin(), list.end(),
                       [](const AddedToken* a, const AddedToken* b) { return a->content.size() > b->content.size(); });
    }
  }
}

// The text that a token stands for, before it is joined with others.
std::string RuleTokenizer::BytesOf(const std::string& token) const {
  return pieces_ ? token : BytesOfToken(token).value_or(token);
}

void RuleTokenizer::EncodeWord(absl::string_view word, std::vector<int32_t>& ids) const {
  pieces_ ? pieces_->Encode(word, ids) : pairs_.Encode(word, ids);
}

absl::StatusOr<std::string> RuleTokenizer::NormalForm(absl::string_view text) const {
  if (rules_.bert) return NormalizeForBert(text, *rules_.bert);
  std::string normal(text);
  for (const Normalization form : rules_.normalizers) {
    BATON_ASSIGN_OR_RETURN(normal, Normalize(normal, form));
  }
  return normal;
}

absl::Status RuleTokenizer::EncodeWords(absl::string_view text, size_t rule, Words& words) const {
  if (text.empty()) return absl::OkStatus();
  if (rule == rules_.words.size()) {
    if (text.size() > kMaxKnownBytes) {
      EncodeWord(text, words.ids);
      return absl::OkStatus();
    }
    auto known = words.known.find(text);
    if (known == words.known.end()) {
      if (words.known.size() >= kMaxKnownWords) words.known.clear();
      known = words.known.emplace(text, std::vector<int32_t>()).first;
      EncodeWord(text, known->second);
    }
    words.ids.insert(words.ids.end(), known->second.begin(), known->second.end());
    return absl::OkStatus();
  }
  const std::optional<SplitRule>& split = rules_.words[rule].split;
  if (!split) return EncodeWords(text[0] == ' ' ? std::string(text) : absl::StrCat(" ", text), rule + 1, words);
  return patterns_[rule]->Split(text, [&](absl::string_view piece, bool is_match) {
    if (is_match ? split->drops_matches : split->drops_rest) return absl::OkStatus();
    return EncodeWords(piece, rule + 1, words);
  });
}

absl::StatusOr<std::vector<int32_t>> RuleTokenizer::Encode(absl::string_view text) const {
  if (text.size() >= kMaxUnicodeBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a text of ", text.size(), " bytes must be shorter than ", kMaxUnicodeBytes));
  }
  if (!IsUtf8(text)) return absl::InvalidArgumentError("a text is not UTF-8");
  Words words;
  const absl::Status status = CutAtTokens(text, raw_, words.ids, [&](absl::string_view part) -> absl::Status {
    if (part.empty()) return absl::OkStatus();
    std::string normal;
    if (rules_.bert || !rules_.normalizers.empty()) {
      BATON_ASSIGN_OR_RETURN(normal, NormalForm(part));
      part = normal;
    }
    return CutAtTokens(part, normalized_, words.ids,
                       [&](absl::string_view rest) { return EncodeWords(rest, 0, words); });
  });
  if (!status.ok()) return status;
  return std::move(words.ids);
}

std::string RuleTokenizer::Decode(absl::Span<const int32_t> ids, bool skip_special) const {
  std::vector<absl::string_view> tokens;
  for (const int32_t id : ids) {
    if (skip_special && special_.contains(id)) continue;
    if (const auto found = bytes_.find(id); found != bytes_.end()) tokens.push_back(found->second);
  }
  return ValidUtf8(pieces_ ? pieces_->Decode(tokens) : absl::StrJoin(tokens, ""));
}

std::optional<int32_t> RuleTokenizer::IdOf(absl::string_view token) const {
  for (const AddedToken& each : rules_.added) {
    if (each.content == token) return each.id;
  }
  const auto found = rules_.vocabulary.find(token);
  return found == rules_.vocabulary.end() ? std::nullopt : std::optional<int32_t>(found->second);
}

}  // namespace baton
