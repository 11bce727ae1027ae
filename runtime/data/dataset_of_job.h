// The data set that a job names. Used by training sessions.
#ifndef BATON_RUNTIME_DATA_DATASET_OF_JOB_H_
#define BATON_RUNTIME_DATA_DATASET_OF_JOB_H_

#include <memory>

#include "absl/status/statusor.h"
#include "proto/job.pb.h"
#include "runtime/data/dataset.h"

namespace baton {

// `job` must be resolved. Reads all files of the data. Errors: those of the data sets.
absl::StatusOr<std::unique_ptr<Dataset>> MakeDataset(const proto::Job& job);

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_DATASET_OF_JOB_H_
