// Runs a session while CudaKernelTimes observes it.
#include "tools/gpu_check/measure_kernels.h"

#include <cuda_runtime_api.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>

#include "base/cuda_status.h"
#include "base/status.h"
#include "ops/cuda/cuda_backend.h"
#include "ops/layers/build.h"
#include "runtime/device/clock.h"
#include "runtime/device/cuda/cuda_device.h"
#include "runtime/device/cuda/cuda_kernel_times.h"
#include "runtime/planning/bench.h"
#include "runtime/train/session.h"

namespace baton {
namespace {

constexpr int kRepeats = 9;
constexpr double kNanosPerMicro = 1e3;

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

absl::StatusOr<Ceilings> MeasureCeilings(int64_t extent, Bytes copy_bytes) {
  BATON_ASSIGN_OR_RETURN(const std::unique_ptr<CudaDevice> device, CudaDevice::Create(0));
  BATON_RETURN_IF_ERROR(device->BindWorkerThread());
  CudaBackendOptions options;
  options.precision = CudaPrecision::kBFloat16;
  const CudaBackend backend(options);
  LinearSpec square;
  square.name = "square";
  square.inputs = square.outputs = extent;
  square.bias = false;
  const Shape rows(DataType::kBFloat16, {extent, extent});
  BATON_ASSIGN_OR_RETURN(std::unique_ptr<Layer> layer, BuildLayer(backend, {square}, rows));
  const Bytes bytes = std::max(TimedLayerBytes(backend, *layer, Shape()), 2 * AlignUp(copy_bytes));
  BATON_ASSIGN_OR_RETURN(const std::unique_ptr<Bench> bench, Bench::Create(*device, bytes));
  BATON_ASSIGN_OR_RETURN(const std::unique_ptr<TimedLayer> timed,
                         MakeTimedLayer(backend, *bench, std::move(layer), Shape(), /*is_first=*/true));
  const auto product = [&] { return timed->layer->Forward(bench->kernel_stream(), timed->buffers); };
  BATON_ASSIGN_OR_RETURN(const Timing of_product, bench->Time(kRepeats, product));
  bench->Clear();
  BATON_ASSIGN_OR_RETURN(std::byte* const from, bench->Allocate(copy_bytes));
  BATON_ASSIGN_OR_RETURN(std::byte* const to, bench->Allocate(copy_bytes));
  const auto copy = [&] { return bench->stream().Copy(to, from, copy_bytes); };
  BATON_ASSIGN_OR_RETURN(const Timing of_copy, bench->Time(kRepeats, copy));
  const auto flops = 2.0 * static_cast<double>(extent) * static_cast<double>(extent) * static_cast<double>(extent);
  const auto micros = [](const Timing& timing) {
    return static_cast<double>(std::max<Nanos>(timing.median, 1)) / kNanosPerMicro;
  };
  return Ceilings{flops / micros(of_product), 2.0 * static_cast<double>(copy_bytes) / micros(of_copy)};
}

absl::StatusOr<KernelMeasurement> MeasureKernels(const proto::Job& job, int steps) {
  SessionOptions options;
  options.graphs = false;
  BATON_ASSIGN_OR_RETURN(const std::unique_ptr<TrainingSession> session, TrainingSession::Create(job, options));
  // Libraries choose their kernels in the first step.
  BATON_RETURN_IF_ERROR(session->Step(0, /*wants_trace=*/false).status());
  CudaKernelTimes times;
  std::vector<double> step_us;
  for (int step = 1; step <= steps; ++step) {
    const Nanos begin = SteadyNow();
    BATON_RETURN_IF_ERROR(session->Step(step, /*wants_trace=*/false).status());
    step_us.push_back(static_cast<double>(SteadyNow() - begin) / kNanosPerMicro);
  }
  BATON_ASSIGN_OR_RETURN(const std::vector<CudaKernelTimes::Row> rows, times.Rows());
  KernelMeasurement measured;
  measured.step_us = Median(step_us);
  for (const CudaKernelTimes::Row& row : rows) {
    const auto runs = static_cast<int64_t>(row.micros.size());
    const double sum = std::accumulate(row.micros.begin(), row.micros.end(), 0.0);
    measured.rows.push_back({row.work, runs / steps, row.micros[row.micros.size() / 2], sum / steps});
  }
  return measured;
}

}  // namespace baton
