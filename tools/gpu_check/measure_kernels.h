// Times every kernel of a job's steps, and what the GPU can do at most. Used by kernel_times, a program of
// tools/gpu_check.
//
//     BATON_ASSIGN_OR_RETURN(const Ceilings ceilings, MeasureCeilings(kCeilingExtent, kCeilingCopy));
//     BATON_ASSIGN_OR_RETURN(const KernelMeasurement measured, MeasureKernels(job, /*steps=*/5));
#ifndef BATON_TOOLS_GPU_CHECK_MEASURE_KERNELS_H_
#define BATON_TOOLS_GPU_CHECK_MEASURE_KERNELS_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "base/units.h"
#include "proto/job.pb.h"
#include "tools/gpu_check/measured_kernels.h"

namespace baton {

// `extent`: of the product, [extent, extent] · [extent, extent]; a multiple of 8. `copy_bytes`: what the copy reads.
// Errors: those of CUDA.
absl::StatusOr<Ceilings> MeasureCeilings(int64_t extent, Bytes copy_bytes);

// Runs `job`, resolved and with the CUDA backend, for one step that is not timed and `steps` that are, without graphs.
// Errors: those of TrainingSession and of CUDA.
absl::StatusOr<KernelMeasurement> MeasureKernels(const proto::Job& job, int steps);

}  // namespace baton

#endif  // BATON_TOOLS_GPU_CHECK_MEASURE_KERNELS_H_
