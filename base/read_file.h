// Reads a file that a user names, with an error message for the user.
#ifndef BATON_BASE_READ_FILE_H_
#define BATON_BASE_READ_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace baton {

// The path that stands for standard input.
inline constexpr char kStandardInput[] = "-";

// How messages name a file: its path, or "standard input".
std::string NameOfFile(const std::string& path);

// Returns the file's contents, but at most its first `most_bytes`. `what` names the kind of file in the message.
// kStandardInput reads standard input.
// Errors: InvalidArgument as `cannot read order file x.csv: No such file or directory`.
absl::StatusOr<std::string> ReadFile(absl::string_view what, const std::string& path, size_t most_bytes);

}  // namespace baton

#endif  // BATON_BASE_READ_FILE_H_
