// Hashes of file contents, by xxHash. They find damage, not forgery. Used by checkpoints and data sets.
//
//     ContentHash hash;
//     hash.Add(header);
//     hash.Add(body);
//     hash.Hex();                       // equal to HashOf(header + body)
#ifndef BATON_BASE_CONTENT_HASH_H_
#define BATON_BASE_CONTENT_HASH_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace baton {

// XXH3 of 128 bits, seed 0, as `xxhsum -H128` prints it. Thread contract: one thread at a time.
class ContentHash {
 public:
  ContentHash();
  ~ContentHash();
  ContentHash(const ContentHash&) = delete;
  ContentHash& operator=(const ContentHash&) = delete;

  void Add(absl::string_view bytes);
  // The hash of all bytes added so far: 32 lower-case hexadecimal digits.
  std::string Hex() const;

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

// The same for bytes in one piece.
std::string HashOf(absl::string_view bytes);

}  // namespace baton

#endif  // BATON_BASE_CONTENT_HASH_H_
