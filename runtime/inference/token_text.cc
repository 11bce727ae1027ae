// Bytes, or the tokens of a tokenizer's file.
#include "runtime/inference/token_text.h"

#include "absl/strings/match.h"
#include "base/status.h"

namespace baton {
namespace {

constexpr char kReplacement[] = "\xef\xbf\xbd";
constexpr int kNumBytes = 256;

// A character has at most 4 bytes: tokens that give no whole one by then never will.
constexpr size_t kMostHeld = 4;

}  // namespace

absl::StatusOr<std::unique_ptr<TokenText>> TokenText::Create(absl::string_view field, const std::string& tokenizer) {
  std::unique_ptr<TokenText> text(new TokenText);
  if (tokenizer == "bytes") return text;
  BATON_ASSIGN_OR_RETURN(text->tokenizer_, Tokenizer::Load(field, tokenizer));
  return text;
}

absl::StatusOr<std::vector<int32_t>> TokenText::Encode(absl::string_view text) const {
  if (tokenizer_ != nullptr) return tokenizer_->Encode(text);
  std::vector<int32_t> ids;
  for (const char byte : text) ids.push_back(static_cast<uint8_t>(byte));
  return ids;
}

std::string TokenText::Add(int32_t token) {
  // A token that is no byte is shown as one that is not UTF-8.
  if (tokenizer_ == nullptr) return bytes_.Add(std::string(1, static_cast<char>(token < kNumBytes ? token : 0xff)));
  held_.push_back(token);
  std::string text = tokenizer_->Decode(held_);
  if (absl::EndsWith(text, kReplacement) && held_.size() < kMostHeld) return "";
  held_.clear();
  return text;
}

std::string TokenText::Finish() {
  if (tokenizer_ == nullptr) return bytes_.Finish();
  std::string text = tokenizer_->Decode(held_);
  held_.clear();
  return text;
}

}  // namespace baton
