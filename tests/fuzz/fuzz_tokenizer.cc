// Fuzzes tokenizers: tokens that an accepted one gives are of its vocabulary, and can be decoded.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/printable.h"
#include "runtime/data/tokenizer/rule_tokenizer.h"
#include "runtime/data/tokenizer/tokenizer_rules.h"

// The bytes before the first zero byte are a text to encode, or merges.txt if there is a second zero byte, behind
// which the text is; the file is between.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const size_t first = input.find('\0');
  if (first == std::string::npos) return 0;
  const size_t second = input.find('\0', first + 1);
  const bool has_merges = second != std::string::npos;
  auto rules = has_merges
                   ? baton::ReadVocabAndMerges(input.substr(first + 1, second - first - 1), input.substr(0, first))
                   : baton::ReadTokenizerJson(input.substr(first + 1));
  if (!rules.ok()) return 0;
  const auto tokenizer = baton::RuleTokenizer::Create(*std::move(rules), "");
  if (!tokenizer.ok()) return 0;
  for (const std::string& text : {input.substr(0, first), std::string("To be, or  not\n to be: I'm 42 ½\u00e9 ")}) {
    const auto ids = (*tokenizer)->Encode(text);
    if (!ids.ok()) continue;
    for (const int32_t id : *ids) {
      if (id < 0 || id >= (*tokenizer)->vocabulary()) std::abort();
    }
    if (!baton::IsUtf8((*tokenizer)->Decode(*ids))) std::abort();
  }
  return 0;
}
