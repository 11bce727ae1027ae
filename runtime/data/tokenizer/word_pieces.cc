// See word_pieces.h. The library's order of steps decides about the text of tokens: each token is cleaned by itself.
#include "runtime/data/tokenizer/word_pieces.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace baton {
namespace {

bool IsContinuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

int64_t NumCharacters(absl::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char byte) { return !IsContinuation(byte); });
}

// The library replaces these in a token with the space before it.
constexpr std::pair<const char*, const char*> kCleanUp[] = {
    {" .", "."},   {" ?", "?"},           {" !", "!"},   {" ,", ","},     {" ' ", "'"},    {" n't", "n't"},
    {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"},
};

}  // namespace

WordPieces::WordPieces(const TokenizerRules& rules) : rules_(rules) {
  for (const auto& [token, id] : rules.vocabulary) longest_ = std::max(longest_, token.size());
}

void WordPieces::Encode(absl::string_view word, std::vector<int32_t>& ids) const {
  const size_t first = ids.size();
  const auto give_up = [&] {
    ids.resize(first);
    ids.push_back(*rules_.unknown);
  };
  if (NumCharacters(word) > rules_.word_pieces->most_characters) return give_up();
  std::string piece;
  for (size_t begin = 0; begin < word.size();) {
    const absl::string_view prefix = begin > 0 ? absl::string_view(rules_.word_pieces->prefix) : absl::string_view();
    size_t end = begin + std::min(word.size() - begin, longest_);
    for (; end > begin; --end) {
      if (end < word.size() && IsContinuation(word[end])) continue;
      piece = absl::StrCat(prefix, word.substr(begin, end - begin));
      const auto found = rules_.vocabulary.find(piece);
      if (found == rules_.vocabulary.end()) continue;
      ids.push_back(found->second);
      break;
    }
    if (end == begin) return give_up();
    begin = end;
  }
}

std::string WordPieces::Decode(const std::vector<absl::string_view>& tokens) const {
  std::string text;
  for (size_t i = 0; i < tokens.size(); ++i) {
    std::string token(tokens[i]);
    if (i > 0) {
      const std::string& prefix = rules_.word_pieces->prefix;
      token =
          !prefix.empty() && absl::StartsWith(token, prefix) ? token.substr(prefix.size()) : absl::StrCat(" ", token);
    }
    if (rules_.word_pieces->cleans_up) {
      for (const auto& [from, to] : kCleanUp) token = absl::StrReplaceAll(token, {{from, to}});
    }
    text += token;
  }
  return text;
}

}  // namespace baton
