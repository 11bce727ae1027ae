// Reads the compute order that a job or a command line names; schedules/ parses text, but reads no files. Used by
// runtime/planning and tools/baton.
#ifndef BATON_RUNTIME_JOB_ORDER_FILE_H_
#define BATON_RUNTIME_JOB_ORDER_FILE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "proto/job.pb.h"
#include "schedules/order/read_csv.h"

namespace baton {

// Errors: InvalidArgument if the file cannot be read, is too large or is not an order; see ReadCsv.
absl::StatusOr<CsvOrder> ReadOrderFile(const std::string& path, OrderLetters letters = OrderLetters::kCurrent);

// The override of pipeline.order that --order=`path` stands for. pipeline.schedule must be set to csv as well.
std::string OrderOverride(const std::string& path);

// The order of pipeline.order; null if the job names none. Errors: as ReadOrderFile.
absl::StatusOr<std::shared_ptr<const ComputeOrder>> OrderOfJob(const proto::Job& job);

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_ORDER_FILE_H_
