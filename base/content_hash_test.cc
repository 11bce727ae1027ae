// Known values, pieces and single bits.
#include "base/content_hash.h"

#include <catch2/catch.hpp>

namespace baton {
namespace {

TEST_CASE("the hash is xxHash's, as xxhsum -H128 prints it") {
  CHECK(HashOf("") == "99aa06d3014798d86001c324468d497f");
  CHECK(HashOf("abc") == "06b05ab6733a618578af5f94892f3950");
}

TEST_CASE("pieces hash like the whole") {
  const std::string text(100'000, 'x');
  ContentHash hash;
  hash.Add(absl::string_view(text).substr(0, 33));
  hash.Add(absl::string_view(text).substr(33, 70'000));
  hash.Add(absl::string_view(text).substr(70'033));
  CHECK(hash.Hex() == HashOf(text));
}

TEST_CASE("each bit counts") {
  std::string text(300, '\0');
  const std::string before = HashOf(text);
  for (size_t bit = 0; bit < text.size() * 8; ++bit) {
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
    CHECK(HashOf(text) != before);
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << bit % 8));
  }
}

}  // namespace
}  // namespace baton
