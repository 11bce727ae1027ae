// Pairs of events are used again once their times are known, so that there are about as many as kernels in flight.
#include "runtime/device/cuda/cuda_kernel_times.h"

#include <algorithm>
#include <numeric>

#include "base/cuda_status.h"
#include "base/status.h"

namespace baton {
namespace {

constexpr float kMicrosPerMilli = 1000;

}  // namespace

CudaKernelTimes::CudaKernelTimes() { kernel_observer.store(this, std::memory_order_release); }

CudaKernelTimes::~CudaKernelTimes() {
  kernel_observer.store(nullptr, std::memory_order_release);
  const MutexLock lock(&mutex_);
  for (auto& [gpu, pairs] : free_) pending_.insert(pending_.end(), pairs.begin(), pairs.end());
  for (Pair* const pair : pending_) {
    cudaEventDestroy(pair->begin);
    cudaEventDestroy(pair->end);
    delete pair;
  }
}

void CudaKernelTimes::Keep(absl::Status status) {
  const MutexLock lock(&mutex_);
  if (status_.ok()) status_ = std::move(status);
}

absl::StatusOr<CudaKernelTimes::Pair*> CudaKernelTimes::StartPair(cudaStream_t stream) {
  int gpu;
  BATON_RETURN_IF_CUDA_ERROR(cudaGetDevice(&gpu));
  Pair* pair = nullptr;
  {
    const MutexLock lock(&mutex_);
    std::vector<Pair*>& unused = free_[gpu];
    if (!unused.empty()) {
      pair = unused.back();
      unused.pop_back();
    }
  }
  if (pair == nullptr) {
    pair = new Pair;
    pair->gpu = gpu;
    BATON_RETURN_IF_CUDA_ERROR(cudaEventCreate(&pair->begin));
    BATON_RETURN_IF_CUDA_ERROR(cudaEventCreate(&pair->end));
  }
  BATON_RETURN_IF_CUDA_ERROR(cudaEventRecord(pair->begin, stream));
  return pair;
}

void* CudaKernelTimes::Begin(void* stream) {
  absl::StatusOr<Pair*> pair = StartPair(static_cast<cudaStream_t>(stream));
  if (pair.ok()) return *pair;
  Keep(pair.status());
  return nullptr;
}

absl::Status CudaKernelTimes::Finish(cudaStream_t stream, Pair* pair, KernelWork work) {
  pair->work = std::move(work);
  BATON_RETURN_IF_CUDA_ERROR(cudaEventRecord(pair->end, stream));
  const MutexLock lock(&mutex_);
  pending_.push_back(pair);
  // Two for each that is added, so that few stay pending.
  for (int i = 0; i < 2 && !pending_.empty(); ++i) {
    BATON_ASSIGN_OR_RETURN(const bool taken, TakeOldest(/*wait=*/false));
    if (!taken) break;
  }
  return absl::OkStatus();
}

void CudaKernelTimes::End(void* stream, void* begun, KernelWork work) {
  if (begun == nullptr) return;
  absl::Status status = Finish(static_cast<cudaStream_t>(stream), static_cast<Pair*>(begun), std::move(work));
  if (!status.ok()) Keep(std::move(status));
}

absl::StatusOr<bool> CudaKernelTimes::TakeOldest(bool wait) {
  Pair* const pair = pending_.front();
  if (wait) {
    BATON_RETURN_IF_CUDA_ERROR(cudaEventSynchronize(pair->end));
  } else {
    const cudaError_t error = cudaEventQuery(pair->end);
    if (error == cudaErrorNotReady) return false;
    BATON_RETURN_IF_CUDA_ERROR(error);
  }
  float millis = 0;
  BATON_RETURN_IF_CUDA_ERROR(cudaEventElapsedTime(&millis, pair->begin, pair->end));
  Row& row = rows_[{pair->work.kernel, pair->work.shape}];
  row.work = std::move(pair->work);
  row.micros.push_back(millis * kMicrosPerMilli);
  pending_.pop_front();
  free_[pair->gpu].push_back(pair);
  return true;
}

absl::StatusOr<std::vector<CudaKernelTimes::Row>> CudaKernelTimes::Rows() {
  const MutexLock lock(&mutex_);
  BATON_RETURN_IF_ERROR(status_);
  while (!pending_.empty()) BATON_RETURN_IF_ERROR(TakeOldest(/*wait=*/true).status());
  std::vector<Row> rows;
  for (const auto& [key, row] : rows_) {
    rows.push_back(row);
    std::sort(rows.back().micros.begin(), rows.back().micros.end());
  }
  const auto sum = [](const Row& row) { return std::accumulate(row.micros.begin(), row.micros.end(), 0.0); };
  std::stable_sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) { return sum(a) > sum(b); });
  return rows;
}

}  // namespace baton
