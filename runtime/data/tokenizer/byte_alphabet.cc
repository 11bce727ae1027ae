// Every character of the alphabet is below U+0144, so that it has one or two bytes in UTF-8.
#include "runtime/data/tokenizer/byte_alphabet.h"

#include <array>

namespace baton {
namespace {

constexpr int kCharacters = 0x144;

bool Prints(int byte) { return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174; }

struct Alphabet {
  std::array<int, 256> character_of_byte;
  std::array<int, kCharacters> byte_of_character;

  Alphabet() {
    byte_of_character.fill(-1);
    int next = 256;
    for (int byte = 0; byte < 256; ++byte) {
      character_of_byte[byte] = Prints(byte) ? byte : next++;
      byte_of_character[character_of_byte[byte]] = byte;
    }
  }
};

const Alphabet& TheAlphabet() {
  static const Alphabet* const alphabet = new Alphabet();
  return *alphabet;
}

}  // namespace

std::string CharacterOfByte(unsigned char byte) {
  const int character = TheAlphabet().character_of_byte[byte];
  if (character < 0x80) return std::string(1, static_cast<char>(character));
  return {static_cast<char>(0xc0 | character >> 6), static_cast<char>(0x80 | (character & 0x3f))};
}

std::optional<std::string> BytesOfToken(absl::string_view token) {
  std::string bytes;
  for (size_t i = 0; i < token.size(); ++i) {
    int character = static_cast<unsigned char>(token[i]);
    if (character >= 0x80) {
      if ((character & 0xe0) != 0xc0 || i + 1 == token.size()) return std::nullopt;
      character = (character & 0x1f) << 6 | (static_cast<unsigned char>(token[++i]) & 0x3f);
    }
    if (character >= kCharacters || TheAlphabet().byte_of_character[character] < 0) return std::nullopt;
    bytes += static_cast<char>(TheAlphabet().byte_of_character[character]);
  }
  return bytes;
}

}  // namespace baton
