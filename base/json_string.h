// Text as a JSON string. Used wherever JSON is written piece by piece, so that no caller escapes by hand.
#ifndef BATON_BASE_JSON_STRING_H_
#define BATON_BASE_JSON_STRING_H_

#include <string>

#include "absl/strings/string_view.h"

namespace baton {

// `text` in double quotes with everything escaped that JSON requires, and control
// characters beyond ASCII. Bytes that are not valid UTF-8 become U+FFFD.
std::string JsonString(absl::string_view text);

}  // namespace baton

#endif  // BATON_BASE_JSON_STRING_H_
