// Text that arrives in pieces of bytes, shown as whole characters. Used by `baton generate`.
#ifndef BATON_RUNTIME_INFERENCE_UTF8_STREAM_H_
#define BATON_RUNTIME_INFERENCE_UTF8_STREAM_H_

#include <string>

#include "absl/strings/string_view.h"

namespace baton {

// Everything that it returns is valid UTF-8 (RFC 3629). Bytes that cannot begin or continue a character become U+FFFD,
// one for each maximal part of a character, as the Unicode standard recommends (section 3.9).
class Utf8Stream {
 public:
  // Returns the characters that are whole with `bytes`; the beginning of another one is held back.
  std::string Add(absl::string_view bytes);
  // Returns what is held back, as U+FFFD.
  std::string Finish();

 private:
  std::string held_;  // the beginning of a character, at most 3 bytes
};

}  // namespace baton

#endif  // BATON_RUNTIME_INFERENCE_UTF8_STREAM_H_
