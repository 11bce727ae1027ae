// Cuts metrics.jsonl where a run resumes. Used by the output folder.
#ifndef BATON_RUNTIME_TRAIN_METRICS_TAIL_H_
#define BATON_RUNTIME_TRAIN_METRICS_TAIL_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace baton {

// Keeps the lines of steps 1, 2, … up to `step` at most, and appends the rest of the file, half a line included, to
// `discarded`. A process that ends in between loses no line; `discarded` may then have some twice. Returns the last
// step that is kept, 0 if there is none or no file. Errors: those of the system, with the path.
absl::StatusOr<int64_t> CutMetrics(const std::string& path, int64_t step, const std::string& discarded);

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_METRICS_TAIL_H_
