// Writes a whole file.
#ifndef BATON_BASE_WRITE_FILE_H_
#define BATON_BASE_WRITE_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace baton {

// Replaces the contents of `path`, or creates it. Not atomic: after an error the file may be incomplete.
// Errors: NotFound, PermissionDenied, ResourceExhausted and the like, with the path.
absl::Status WriteFile(const std::string& path, absl::string_view contents);

}  // namespace baton

#endif  // BATON_BASE_WRITE_FILE_H_
