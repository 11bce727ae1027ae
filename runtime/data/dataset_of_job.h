// The data set that a job names. Used by training sessions.
#ifndef BATON_RUNTIME_DATA_DATASET_OF_JOB_H_
#define BATON_RUNTIME_DATA_DATASET_OF_JOB_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "proto/job.pb.h"
#include "runtime/data/dataset.h"

namespace baton {

// `job` must be resolved. Reads all files of the data. `token_cache` is the path of a file that keeps the tokens of
// data.text by data.tokenizer for the next run; empty: they are made anew. Errors: those of the data sets.
absl::StatusOr<std::unique_ptr<Dataset>> MakeDataset(const proto::Job& job, const std::string& token_cache = "");

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_DATASET_OF_JOB_H_
