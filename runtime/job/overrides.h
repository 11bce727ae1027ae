// Changes single fields of a job, as `--set pipeline.schedule=gpipe` on the command line. Used by tools/baton between
// job_file.h and resolve.h.
#ifndef BATON_RUNTIME_JOB_OVERRIDES_H_
#define BATON_RUNTIME_JOB_OVERRIDES_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "proto/job.pb.h"

namespace baton {

// Applies one `path=value`. `job` is unchanged on an error.
//
// The path is field names joined by dots; missing messages on the way are created. NAME[i] is an item of a list,
// counted from 0, as in model.layer[0].linear.outputs. The value is
//   a number, `true` or `false`, the name of an enum value, or a string with or without quotes;
//   `[2, 2, 3, 3]` or `2,2,3,3` for a list, which is replaced; `[]` clears it;
//   `{ field: value … }` in text format for a message, which is replaced; `[{…}, {…}]` for a list of messages.
// Setting one member of a oneof clears the others. pipeline.split.layers and pipeline.split.balanced clear each other
// too. Errors: InvalidArgument that lists the fields for an unknown path, or what is allowed for a wrong value.
absl::Status ApplyOverride(proto::Job& job, absl::string_view assignment);

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_OVERRIDES_H_
