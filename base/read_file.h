// Reads a file that a user names. Used where orders and costs come from files.
#ifndef BATON_BASE_READ_FILE_H_
#define BATON_BASE_READ_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace baton {

// The file's first `most_bytes` at most. `what` is for the message. Errors: InvalidArgument as `cannot read order file
// x.csv: No such file or directory`.
absl::StatusOr<std::string> ReadFile(absl::string_view what, const std::string& path, size_t most_bytes);

}  // namespace baton

#endif  // BATON_BASE_READ_FILE_H_
