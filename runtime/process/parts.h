// Bytes of any length as messages of bounded length. Used by leader_state.cc and member_state.cc.
#ifndef BATON_RUNTIME_PROCESS_PARTS_H_
#define BATON_RUNTIME_PROCESS_PARTS_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "proto/control.pb.h"

namespace baton {

// Bytes of a part; a message is refused above kMostMessageBytes.
inline constexpr int kPartBytes = 256 << 10;
inline constexpr int kMostMessageBytes = 1 << 20;

// Copies of `header` with consecutive pieces of `bytes`; one at least, the last one marked as such.
inline std::vector<proto::Part> SplitIntoParts(const proto::Part& header, absl::string_view bytes) {
  std::vector<proto::Part> parts;
  do {
    parts.push_back(header);
    parts.back().set_bytes(std::string(bytes.substr(0, kPartBytes)));
    bytes.remove_prefix(parts.back().bytes().size());
    parts.back().set_last(bytes.empty());
  } while (!bytes.empty());
  return parts;
}

}  // namespace baton

#endif  // BATON_RUNTIME_PROCESS_PARTS_H_
