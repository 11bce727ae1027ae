// WordPiece and BertNormalizer.
#include "runtime/data/tokenizer/read_word_pieces.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/data/tokenizer/json_rule.h"
#include "runtime/data/tokenizer/read_vocabulary.h"

namespace baton {
namespace {

using nlohmann::json;

constexpr int64_t kMaxWordCharacters = 10000;

// By ASCII's definition and Unicode's, as BertPreTokenizer.
constexpr char kPunctuation[] = R"([\p{P}!-/:-@\[-`{-~])";
constexpr char kWhiteSpace[] = R"(\p{White_Space})";

}  // namespace

absl::Status ReadBertNormalizer(const json& value, const std::string& path, TokenizerRules& rules) {
  BertNormalization bert;
  BATON_ASSIGN_OR_RETURN(bert.cleans, Flag(value, "clean_text", true, path));
  BATON_ASSIGN_OR_RETURN(bert.separates_chinese, Flag(value, "handle_chinese_chars", true, path));
  BATON_ASSIGN_OR_RETURN(bert.lowers, Flag(value, "lowercase", true, path));
  BATON_ASSIGN_OR_RETURN(bert.strips_accents, Flag(value, "strip_accents", bert.lowers, path));
  rules.bert = bert;
  return absl::OkStatus();
}

absl::Status ReadWordPieceModel(const json& model, TokenizerRules& rules) {
  rules.word_pieces.emplace();
  BATON_RETURN_IF_ERROR(ReadVocabulary(Member(model, "vocab"), "model.vocab", rules));
  BATON_RETURN_IF_ERROR(ReadUnknown(model, rules));
  if (!rules.unknown) return Wrong("model.unk_token: is missing");
  if (const json& prefix = Member(model, "continuing_subword_prefix"); !prefix.is_null()) {
    if (!prefix.is_string()) {
      return Wrong(absl::StrCat("model.continuing_subword_prefix: ", Shown(prefix), " must be a string"));
    }
    rules.word_pieces->prefix = prefix.get<std::string>();
  }
  if (const json& most = Member(model, "max_input_chars_per_word"); !most.is_null()) {
    if (!most.is_number_integer() || most < 1 || most > kMaxWordCharacters) {
      return Wrong(absl::StrCat("model.max_input_chars_per_word: ", Shown(most), " must be a whole number from 1 to ",
                                kMaxWordCharacters));
    }
    rules.word_pieces->most_characters = most.get<int64_t>();
  }
  return absl::OkStatus();
}

absl::Status ReadAroundWordPieces(const json& file, TokenizerRules& rules) {
  const json& words = Member(file, "pre_tokenizer");
  if (words.is_null()) return Wrong("pre_tokenizer: must be BertPreTokenizer with WordPiece");
  BATON_ASSIGN_OR_RETURN(const std::string type, TypeOf(words, "pre_tokenizer"));
  if (type != "BertPreTokenizer") return Unsupported("pre_tokenizer", type, "BertPreTokenizer with WordPiece");
  rules.words.push_back({SplitRule{kWhiteSpace, /*drops_matches=*/true}});
  rules.words.push_back({SplitRule{kPunctuation}});
  const json& decoder = Member(file, "decoder");
  if (decoder.is_null()) return Wrong("decoder: must be WordPiece with WordPiece");
  BATON_ASSIGN_OR_RETURN(const std::string decoder_type, TypeOf(decoder, "decoder"));
  if (decoder_type != "WordPiece") return Unsupported("decoder", decoder_type, "WordPiece with WordPiece");
  if (const json& prefix = Member(decoder, "prefix"); prefix != rules.word_pieces->prefix) {
    return Wrong(absl::StrCat("decoder.prefix: ", Shown(prefix), " must be model.continuing_subword_prefix"));
  }
  BATON_ASSIGN_OR_RETURN(rules.word_pieces->cleans_up, Flag(decoder, "cleanup", true, "decoder"));
  return absl::OkStatus();
}

}  // namespace baton
