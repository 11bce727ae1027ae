// The check of a request and the placements; see order_request.h.
#include "schedules/catalog/order_request.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace baton {
namespace {

absl::Status CheckPositive(const char* field, int value) {
  if (value >= 1) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", value, "; must be at least 1"));
}

}  // namespace

absl::Status CheckRequest(const OrderRequest& request) {
  BATON_RETURN_IF_ERROR(CheckPositive("pipeline.stages", request.num_stages));
  BATON_RETURN_IF_ERROR(CheckPositive("batch.micro_batches", request.num_micro_batches));
  BATON_RETURN_IF_ERROR(CheckPositive("pipeline.chunks_per_device", request.chunks_per_device));
  // The product of two ints fits into an int64; the third factor is only applied if the first two leave room for it.
  const int64_t num_chunks = int64_t{request.num_stages} * request.chunks_per_device;
  if (num_chunks > kMaxForwards || num_chunks * request.num_micro_batches > kMaxForwards) {
    return absl::InvalidArgumentError(absl::StrCat("batch.micro_batches: ", request.num_micro_batches,
                                                   " with pipeline.stages ", request.num_stages,
                                                   " and pipeline.chunks_per_device ", request.chunks_per_device,
                                                   "; their product must be at most ", kMaxForwards));
  }
  if (request.micro_batch_group != 0 && request.micro_batch_group < request.num_stages) {
    return absl::InvalidArgumentError(absl::StrCat("pipeline.micro_batch_group: ", request.micro_batch_group,
                                                   "; must be at least pipeline.stages, ", request.num_stages,
                                                   ", or 0 for as many"));
  }
  return absl::OkStatus();
}

ComputeOrder LoopedOrder(const OrderRequest& request) {
  ComputeOrder order;
  order.num_chunks = request.num_stages * request.chunks_per_device;
  order.num_micro_batches = request.num_micro_batches;
  std::vector<int32_t> device_of_chunk(order.num_chunks);
  for (int chunk = 0; chunk < order.num_chunks; ++chunk) device_of_chunk[chunk] = chunk % request.num_stages;
  order.placement = ChunkPlacement::Of(device_of_chunk);
  order.devices.resize(request.num_stages);
  return order;
}

ComputeOrder ZigzagOrder(const OrderRequest& request) {
  ComputeOrder order = LoopedOrder(request);
  const int p = request.num_stages;
  std::vector<int32_t> device_of_chunk = order.placement.DevicesOfReplica(0);
  for (int chunk = 0; chunk < order.num_chunks; ++chunk) {
    if (chunk / p % 2 == 1) device_of_chunk[chunk] = p - 1 - chunk % p;
  }
  order.placement = ChunkPlacement::Of(device_of_chunk);
  return order;
}

ComputeOrder BidirectionalOrder(const OrderRequest& request) {
  ComputeOrder order = LoopedOrder(request);
  const int p = request.num_stages;
  // With one micro-batch the second replica would have nothing to do, on one device it would share the first one's
  // parameters.
  if (p == 1 || request.num_micro_batches == 1) return order;
  const std::vector<int32_t> down = order.placement.DevicesOfReplica(0);
  const std::vector<int32_t> up(down.rbegin(), down.rend());
  std::vector<int32_t> replica_of_micro_batch(request.num_micro_batches);
  for (int i = 1; i < request.num_micro_batches; i += 2) replica_of_micro_batch[i] = 1;
  order.placement = ChunkPlacement::OfReplicas({down, up}, std::move(replica_of_micro_batch));
  return order;
}

}  // namespace baton
