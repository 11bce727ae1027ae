// One DurableFile.
#include "base/write_file.h"

#include <memory>

#include "base/durable_file.h"
#include "base/status.h"

namespace baton {

absl::Status WriteFile(const std::string& path, absl::string_view contents) {
  BATON_ASSIGN_OR_RETURN(const std::unique_ptr<DurableFile> file, DurableFile::Create(path));
  BATON_RETURN_IF_ERROR(file->Append(contents));
  return file->Commit();
}

}  // namespace baton
