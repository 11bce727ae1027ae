// ReadTokenizerJson. A rule of the file that this does not follow is refused by its name.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/json_object.h"
#include "base/status.h"
#include "runtime/data/tokenizer/json_rule.h"
#include "runtime/data/tokenizer/read_vocabulary.h"
#include "runtime/data/tokenizer/read_word_pieces.h"
#include "runtime/data/tokenizer/tokenizer_rules.h"

namespace baton {
namespace {

using nlohmann::json;

constexpr size_t kMaxRules = 32;
constexpr size_t kMaxPatternBytes = 1 << 16;

// Adds the normalizers of `value`, those of a sequence too.
absl::Status ReadNormalizer(const json& value, const std::string& path, int depth, TokenizerRules& rules) {
  if (value.is_null()) return absl::OkStatus();
  BATON_ASSIGN_OR_RETURN(const std::string type, TypeOf(value, path));
  if (rules.normalizers.size() >= kMaxRules) return Wrong(absl::StrCat(path, ": too many normalizers"));
  if (type == "NFC") {
    rules.normalizers.push_back(Normalization::kNfc);
  } else if (type == "NFD") {
    rules.normalizers.push_back(Normalization::kNfd);
  } else if (type == "NFKC") {
    rules.normalizers.push_back(Normalization::kNfkc);
  } else if (type == "NFKD") {
    rules.normalizers.push_back(Normalization::kNfkd);
  } else if (type == "BertNormalizer" && depth == 0) {
    return ReadBertNormalizer(value, path, rules);
  } else if (type == "Sequence" && depth == 0) {
    const json& each = Member(value, "normalizers");
    if (!each.is_array()) return Wrong(absl::StrCat(path, ".normalizers: must be a list"));
    for (size_t i = 0; i < each.size(); ++i) {
      BATON_RETURN_IF_ERROR(ReadNormalizer(each[i], absl::StrCat(path, ".normalizers[", i, "]"), 1, rules));
    }
  } else {
    return Unsupported(path, type, "NFC, NFD, NFKC, NFKD and a Sequence of them, and BertNormalizer alone");
  }
  return absl::OkStatus();
}

// The regular expression that matches `text` alone.
std::string Quoted(const std::string& text) {
  std::string pattern;
  for (const char each : text) {
    if (static_cast<unsigned char>(each) < 128 && !std::isalnum(static_cast<unsigned char>(each))) pattern += '\\';
    pattern += each;
  }
  return pattern;
}

absl::StatusOr<SplitRule> ReadSplit(const json& value, const std::string& path) {
  SplitRule rule;
  const json& pattern = Member(value, "pattern");
  const json& regex = pattern.is_object() ? Member(pattern, "Regex") : pattern;
  const json& text = pattern.is_object() ? Member(pattern, "String") : pattern;
  if (pattern.is_object() && regex.is_string()) {
    rule.pattern = regex.get<std::string>();
  } else if (pattern.is_object() && text.is_string()) {
    rule.pattern = Quoted(text.get<std::string>());
  } else {
    return Wrong(absl::StrCat(path, ".pattern: must be an object with a Regex or a String"));
  }
  if (rule.pattern.size() > kMaxPatternBytes) {
    return Wrong(absl::StrCat(path, ".pattern: ", rule.pattern.size(), " bytes must be at most ", kMaxPatternBytes));
  }
  const json& behavior = Member(value, "behavior");
  if (behavior != "Isolated" && behavior != "Removed") {
    return Wrong(
        absl::StrCat(path, ".behavior: ", Shown(behavior), " is not supported, only \"Isolated\" and ", "\"Removed\""));
  }
  BATON_ASSIGN_OR_RETURN(const bool invert, Flag(value, "invert", false, path));
  if (behavior == "Removed") (invert ? rule.drops_rest : rule.drops_matches) = true;
  return rule;
}

// Adds the rules of `value`; `is_last`: nothing follows, so that a ByteLevel may stand there.
absl::Status ReadPreTokenizer(const json& value, const std::string& path, bool is_last, int depth, bool& has_bytes,
                              TokenizerRules& rules) {
  BATON_ASSIGN_OR_RETURN(const std::string type, TypeOf(value, path));
  if (rules.words.size() >= kMaxRules) return Wrong(absl::StrCat(path, ": too many rules"));
  if (type == "ByteLevel") {
    if (!is_last) return Wrong(absl::StrCat(path, ": ByteLevel must be the last of the sequence"));
    BATON_ASSIGN_OR_RETURN(const bool space, Flag(value, "add_prefix_space", true, path));
    BATON_ASSIGN_OR_RETURN(const bool regex, Flag(value, "use_regex", true, path));
    if (space) rules.words.push_back({});
    if (regex) rules.words.push_back({SplitRule{kGpt2Words}});
    has_bytes = true;
  } else if (type == "Split") {
    BATON_ASSIGN_OR_RETURN(SplitRule rule, ReadSplit(value, path));
    rules.words.push_back({std::move(rule)});
  } else if (type == "Digits") {
    BATON_ASSIGN_OR_RETURN(const bool individual, Flag(value, "individual_digits", false, path));
    rules.words.push_back({SplitRule{individual ? "\\p{N}" : "\\p{N}+"}});
  } else if (type == "Sequence" && depth == 0) {
    const json& each = Member(value, "pretokenizers");
    if (!each.is_array()) return Wrong(absl::StrCat(path, ".pretokenizers: must be a list"));
    for (size_t i = 0; i < each.size(); ++i) {
      BATON_RETURN_IF_ERROR(ReadPreTokenizer(each[i], absl::StrCat(path, ".pretokenizers[", i, "]"),
                                             i + 1 == each.size(), 1, has_bytes, rules));
    }
  } else {
    return Unsupported(path, type, "ByteLevel, Split, Digits and a Sequence of them");
  }
  return absl::OkStatus();
}

absl::Status ReadAddedTokens(const json& list, TokenizerRules& rules) {
  if (list.is_null()) return absl::OkStatus();
  if (!list.is_array()) return Wrong("added_tokens: must be a list");
  absl::flat_hash_map<int32_t, const std::string*> owners;
  for (const auto& [token, id] : rules.vocabulary) owners.emplace(id, &token);
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string path = absl::StrCat("added_tokens[", i, "]");
    if (!list[i].is_object()) return Wrong(absl::StrCat(path, ": must be an object"));
    const json& content = Member(list[i], "content");
    if (!content.is_string() || content.get_ref<const std::string&>().empty()) {
      return Wrong(absl::StrCat(path, ".content: must be a string that is not empty"));
    }
    AddedToken token;
    token.content = content.get<std::string>();
    BATON_ASSIGN_OR_RETURN(token.id, ReadTokenId(Member(list[i], "id"), path + ".id"));
    for (const char* name : {"single_word", "lstrip", "rstrip"}) {
      BATON_ASSIGN_OR_RETURN(const bool flag, Flag(list[i], name, false, path));
      if (flag) return Wrong(absl::StrCat(path, ".", name, ": true is not supported"));
    }
    BATON_ASSIGN_OR_RETURN(token.special, Flag(list[i], "special", false, path));
    BATON_ASSIGN_OR_RETURN(token.normalized, Flag(list[i], "normalized", !token.special, path));
    const auto in_vocabulary = rules.vocabulary.find(token.content);
    if (in_vocabulary != rules.vocabulary.end() && in_vocabulary->second != token.id) {
      return Wrong(absl::StrCat(path, ".id: ", token.id, " must be that of ", Shown(content), " in model.vocab, ",
                                in_vocabulary->second));
    }
    const auto [owner, is_new] = owners.emplace(token.id, &content.get_ref<const std::string&>());
    if (!is_new && *owner->second != token.content) {
      return Wrong(absl::StrCat(path, ".id: ", token.id, " is that of \"", Printable(owner->second->substr(0, 100)),
                                "\" already"));
    }
    rules.added.push_back(std::move(token));
  }
  return absl::OkStatus();
}

absl::Status ReadModel(const json& model, TokenizerRules& rules) {
  if (!model.is_object()) return Wrong("model: is missing or no object");
  const json& type = Member(model, "type");
  if (type == "WordPiece") return ReadWordPieceModel(model, rules);
  if (!type.is_null() && type != "BPE") {
    return Wrong(absl::StrCat("model.type: ", Shown(type), " is not supported, only \"BPE\" and \"WordPiece\""));
  }
  if (const json& dropout = Member(model, "dropout"); !dropout.is_null() && dropout != 0) {
    return Wrong(absl::StrCat("model.dropout: ", Shown(dropout), " is not supported, only null"));
  }
  for (const char* name : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const json& value = Member(model, name);
    if (!value.is_null() && value != "") {
      return Wrong(absl::StrCat("model.", name, ": ", Shown(value), " is not supported, only null"));
    }
  }
  BATON_ASSIGN_OR_RETURN(const bool falls_back, Flag(model, "byte_fallback", false, "model"));
  if (falls_back) return Wrong("model.byte_fallback: true is not supported");
  BATON_ASSIGN_OR_RETURN(rules.ignores_merges, Flag(model, "ignore_merges", false, "model"));
  BATON_ASSIGN_OR_RETURN(rules.fuses_unknown, Flag(model, "fuse_unk", false, "model"));
  BATON_RETURN_IF_ERROR(ReadVocabulary(Member(model, "vocab"), "model.vocab", rules));
  const json& merges = Member(model, "merges");
  if (!merges.is_array()) return Wrong("model.merges: is missing or no list");
  for (const json& merge : merges) {
    if (merge.is_string()) {
      BATON_RETURN_IF_ERROR(AddMerge(merge.get_ref<const std::string&>(), "model.merges", rules));
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
      BATON_RETURN_IF_ERROR(AddMerge(merge[0].get<std::string>(), merge[1].get<std::string>(), "model.merges", rules));
    } else {
      return Wrong(absl::StrCat("model.merges: ", Shown(merge), " must be two tokens, or a string of two tokens"));
    }
  }
  return ReadUnknown(model, rules);
}

}  // namespace

const char kGpt2Words[] = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

absl::StatusOr<TokenizerRules> ReadTokenizerJson(const std::string& text) {
  BATON_ASSIGN_OR_RETURN(const json file, ParseJsonObject(text, "the file"));
  TokenizerRules rules;
  BATON_RETURN_IF_ERROR(ReadModel(Member(file, "model"), rules));
  BATON_RETURN_IF_ERROR(ReadAddedTokens(Member(file, "added_tokens"), rules));
  BATON_RETURN_IF_ERROR(ReadNormalizer(Member(file, "normalizer"), "normalizer", 0, rules));
  if (rules.word_pieces) {
    BATON_RETURN_IF_ERROR(ReadAroundWordPieces(file, rules));
    return rules;
  }
  bool has_bytes = false;
  const json& words = Member(file, "pre_tokenizer");
  if (!words.is_null()) BATON_RETURN_IF_ERROR(ReadPreTokenizer(words, "pre_tokenizer", true, 0, has_bytes, rules));
  if (!has_bytes) return Wrong("pre_tokenizer: must be or end with ByteLevel; other BPE is not supported");
  const json& decoder = Member(file, "decoder");
  if (decoder.is_null()) return rules;
  BATON_ASSIGN_OR_RETURN(const std::string type, TypeOf(decoder, "decoder"));
  if (type != "ByteLevel") return Unsupported("decoder", type, "ByteLevel");
  return rules;
}

}  // namespace baton
