// Text of users and files, made safe to show: names, paths and cells that reach a terminal or a picture. Used by all
// that prints, and by the readers that refuse text.
#ifndef BATON_BASE_PRINTABLE_H_
#define BATON_BASE_PRINTABLE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace baton {

// True if `text` is UTF-8 as RFC 3629 defines it: no surrogates, no code point above U+10FFFF, the shortest form of
// each.
bool IsUtf8(absl::string_view text);

// `text` on one line that cannot control a terminal and that XML allows. Control characters become `\n`, `\t`, `\x1b`;
// those beyond ASCII, line separators, changes of direction and non-characters become `\u202e`; bytes that are not
// UTF-8 become `\xff`. All else, a backslash too, stays.
std::string Printable(absl::string_view text);

// The same, but line ends stay.
std::string PrintableLines(absl::string_view text);

}  // namespace baton

#endif  // BATON_BASE_PRINTABLE_H_
