// See program_size.h.
#include "runtime/planning/program_size.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/format.h"

namespace baton {
namespace {

// A program, its order and its trace take at most this for each forward of a step: measured, 0.5 to 0.8 KiB, in
// compile, simulate and compare.
constexpr double kBytesOfForward = 1024;

// Larger amounts are given as this one, which still fits into Bytes.
constexpr double kMostBytes = 1e18;

}  // namespace

Bytes ProgramSizeBytes(const CompileRequest& request) {
  const double chunks = static_cast<double>(request.num_stages) * request.chunks_per_device;
  return static_cast<Bytes>(std::min(chunks * request.num_micro_batches * kBytesOfForward, kMostBytes));
}

absl::Status CheckProgramSize(const CompileRequest& request, Bytes free) {
  const Bytes needed = ProgramSizeBytes(request);
  if (needed <= free) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("batch.micro_batches: ", request.num_micro_batches, " times pipeline.stages ", request.num_stages,
                   " times pipeline.chunks_per_device ", request.chunks_per_device, " are a program of about ",
                   FormatBytes(needed), ", but ", FormatBytes(free), " of this machine's memory is free"));
}

}  // namespace baton
