// The table of `baton model --kernels`.
#ifndef BATON_TOOLS_BATON_KERNEL_REPORT_H_
#define BATON_TOOLS_BATON_KERNEL_REPORT_H_

#include <vector>

#include "proto/job.pb.h"
#include "proto/report.pb.h"
#include "runtime/planning/kernel_table.h"

namespace baton {

void AddKernels(const std::vector<KernelRow>& rows, proto::ModelReport& report);

// Prints the kernels with their sums, and the assumptions that their times rest on.
void PrintKernels(const proto::Job& job, const proto::ModelReport& report);

}  // namespace baton

#endif  // BATON_TOOLS_BATON_KERNEL_REPORT_H_
