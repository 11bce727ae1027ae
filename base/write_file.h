// Writes a whole file, or leaves the earlier one and says why.
#ifndef BATON_BASE_WRITE_FILE_H_
#define BATON_BASE_WRITE_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace baton {

// Replaces the contents of `path` as a DurableFile does: all of them or none. Errors: NotFound, PermissionDenied,
// ResourceExhausted and the like, with the path.
absl::Status WriteFile(const std::string& path, absl::string_view contents);

}  // namespace baton

#endif  // BATON_BASE_WRITE_FILE_H_
