// The table of `baton model --kernels`, and tables of measured kernels (--rates-table).
#ifndef BATON_TOOLS_BATON_KERNEL_REPORT_H_
#define BATON_TOOLS_BATON_KERNEL_REPORT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/models/measured_kernels.h"
#include "proto/job.pb.h"
#include "proto/report.pb.h"
#include "runtime/planning/kernel_table.h"

namespace baton {

void AddKernels(const std::vector<KernelRow>& rows, google::protobuf::RepeatedPtrField<proto::Kernel>& kernels);

// Prints the kernels with their sums, and the assumptions that their times rest on. `measured`: null if none were.
void PrintKernels(const proto::Job& job, const std::vector<KernelRow>& rows, const MeasuredKernels* measured);

// As "61 % of the kernels' time measured on an NVIDIA H100, 20 % scaled from the nearest shape, 19 % assumed".
std::string DescribeSources(const std::vector<KernelRow>& rows, const MeasuredKernels& measured);

// Reads the file of a --rates-table flag. Errors: InvalidArgument.
absl::StatusOr<std::shared_ptr<const MeasuredKernels>> ReadRatesTable(const std::string& path);

}  // namespace baton

#endif  // BATON_TOOLS_BATON_KERNEL_REPORT_H_
