// Merges by a heap of candidates over a linked list of tokens.
#include "runtime/data/tokenizer/byte_pairs.h"

#include <queue>
#include <tuple>

#include "runtime/data/tokenizer/byte_alphabet.h"

namespace baton {

BytePairs::BytePairs(const TokenizerRules& rules) : unknown_(rules.unknown), fuses_unknown_(rules.fuses_unknown) {
  for (int byte = 0; byte < 256; ++byte) {
    const auto found = rules.vocabulary.find(CharacterOfByte(static_cast<unsigned char>(byte)));
    byte_tokens_[byte] = found == rules.vocabulary.end() ? -1 : found->second;
  }
  int32_t rank = 0;
  for (const auto& [left, right] : rules.merges) {
    const uint64_t pair = static_cast<uint64_t>(rules.vocabulary.at(left)) << 32 | rules.vocabulary.at(right);
    merges_[pair] = {rank++, rules.vocabulary.at(left + right)};
  }
  if (!rules.ignores_merges) return;
  for (const auto& [token, id] : rules.vocabulary) {
    if (const std::optional<std::string> bytes = BytesOfToken(token)) words_.emplace(*bytes, id);
  }
}

const BytePairs::Merge* BytePairs::Find(int32_t left, int32_t right) const {
  const auto found = merges_.find(static_cast<uint64_t>(left) << 32 | static_cast<uint64_t>(right));
  return found == merges_.end() ? nullptr : &found->second;
}

std::vector<int32_t> BytePairs::ByteTokens(absl::string_view word) const {
  std::vector<int32_t> tokens;
  tokens.reserve(word.size());
  bool was_unknown = false;
  for (const char each : word) {
    const int32_t token = byte_tokens_[static_cast<unsigned char>(each)];
    if (token >= 0) {
      tokens.push_back(token);
    } else if (unknown_ && !(fuses_unknown_ && was_unknown)) {
      tokens.push_back(*unknown_);
    }
    was_unknown = token < 0;
  }
  return tokens;
}

void BytePairs::Encode(absl::string_view word, std::vector<int32_t>& ids) const {
  if (const auto whole = words_.find(word); whole != words_.end()) {
    ids.push_back(whole->second);
    return;
  }
  std::vector<int32_t> tokens = ByteTokens(word);
  const int32_t count = static_cast<int32_t>(tokens.size());
  // Token i stands before token next[i]; a token that was joined to the one before it has next 0.
  std::vector<int32_t> next(tokens.size()), previous(tokens.size());
  using Candidate = std::tuple<int32_t, int32_t, int32_t>;  // rank, place of the left token, token that it becomes
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<Candidate>> candidates;
  const auto add = [&](int32_t left) {
    if (left < 0 || next[left] >= count) return;
    const Merge* merge = Find(tokens[left], tokens[next[left]]);
    if (merge != nullptr) candidates.emplace(merge->rank, left, merge->id);
  };
  for (int32_t i = 0; i < count; ++i) {
    next[i] = i + 1;
    previous[i] = i - 1;
  }
  for (int32_t i = 0; i < count; ++i) add(i);
  while (!candidates.empty()) {
    const auto [rank, left, id] = candidates.top();
    candidates.pop();
    // Tokens may have changed since the candidate was found.
    if (next[left] == 0 || next[left] >= count) continue;
    const int32_t right = next[left];
    const Merge* merge = Find(tokens[left], tokens[right]);
    if (merge == nullptr || merge->rank != rank) continue;
    tokens[left] = id;
    next[left] = next[right];
    next[right] = 0;
    if (next[left] < count) previous[next[left]] = left;
    add(previous[left]);
    add(left);
  }
  for (int32_t i = 0; i < count; i = next[i]) ids.push_back(tokens[i]);
}

}  // namespace baton
