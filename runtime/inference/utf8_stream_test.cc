// Characters cut anywhere come out whole; bytes that are no characters come out as U+FFFD.
#include "runtime/inference/utf8_stream.h"

#include <catch2/catch.hpp>
#include <random>

#include "base/printable.h"

namespace baton {
namespace {

constexpr char kReplacement[] = "\xef\xbf\xbd";

TEST_CASE("a text cut between any two bytes comes out as it is") {
  const std::string text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";  // 1, 2, 3, 4 and 1 bytes
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    Utf8Stream stream;
    const std::string first = stream.Add(text.substr(0, cut));
    CHECK(IsUtf8(first));
    const std::string second = stream.Add(text.substr(cut));
    CHECK(IsUtf8(second));
    CHECK(first + second == text);
    CHECK(stream.Finish() == "");
  }
}

TEST_CASE("what is no character becomes U+FFFD") {
  const std::string r = kReplacement;
  const struct {
    std::string bytes, shown;
  } cases[] = {
      {"\xff", r},
      {"\x80z", r + "z"},
      {"\xc3z", r + "z"},           // the second byte is missing
      {"\xc0\xaf", r + r},          // longer than needed
      {"\xed\xa0\x80", r + r + r},  // a surrogate
      {"\xf4\x90\x80\x80", r + r + r + r},
      {"\xe2\x82", r},  // ends within a character
      {"\xe2\x82\xe2\x82\xac", r + "\xe2\x82\xac"},
  };
  for (const auto& each : cases) {
    Utf8Stream stream;
    std::string shown = stream.Add(each.bytes);
    shown += stream.Finish();
    CHECK(shown == each.shown);
  }
}

TEST_CASE("random bytes in random pieces give UTF-8, however they are cut") {
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    std::string bytes;
    for (int i = 0; i < 40; ++i) bytes += static_cast<char>(random() % 3 == 0 ? random() : 0x80 | random() % 128);
    Utf8Stream whole, pieces;
    std::string expected = whole.Add(bytes);
    expected += whole.Finish();
    std::string shown;
    for (size_t at = 0; at < bytes.size();) {
      const size_t size = 1 + random() % 5;
      const std::string piece = pieces.Add(absl::string_view(bytes).substr(at, size));
      CHECK(IsUtf8(piece));
      shown += piece;
      at += size;
    }
    shown += pieces.Finish();
    CHECK(IsUtf8(shown));
    CHECK(shown == expected);
  }
}

}  // namespace
}  // namespace baton
