// Puts a prefix before every line of a stream that arrives in pieces. Used by launcher.cc for the output of children.
#ifndef BATON_RUNTIME_PROCESS_LINE_PREFIXER_H_
#define BATON_RUNTIME_PROCESS_LINE_PREFIXER_H_

#include <string>

#include "absl/strings/string_view.h"

namespace baton {

// Thread contract: one thread at a time.
class LinePrefixer {
 public:
  // A longer line is cut into several, so that a child without line ends needs bounded memory.
  static constexpr size_t kLongestLine = 64 << 10;

  explicit LinePrefixer(std::string prefix) : prefix_(std::move(prefix)) {}

  // The lines that `bytes` complete, each with its prefix.
  std::string Add(absl::string_view bytes);
  // The rest as a line; empty if there is none.
  std::string Finish();

 private:
  const std::string prefix_;
  std::string rest_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_PROCESS_LINE_PREFIXER_H_
