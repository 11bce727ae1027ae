// Compute orders for tests of lowering and validation: any placement of chunks, with whole or split backwards.
#ifndef BATON_SCHEDULES_LOWER_TESTING_GREEDY_ORDER_H_
#define BATON_SCHEDULES_LOWER_TESTING_GREEDY_ORDER_H_

#include <cstdint>
#include <vector>

#include "schedules/costs/costs.h"
#include "schedules/order/compute_order.h"

namespace baton {

// Fills time slots greedily: each device takes a backward if one is ready, else a forward, else a backward-weight.
ComputeOrder GreedyOrder(const std::vector<int32_t>& device_of_chunk, int num_devices, int num_micro_batches,
                         bool split_backward);

// Chunk c and chunk 2p − 1 − c on device c: the chunks p − 1 and p are neighbours on one device.
std::vector<int32_t> PlaceAsV(int num_devices);

// Costs whose times and sizes differ between chunks where CheckCosts allows.
CostModel VariedCosts(int num_chunks);

}  // namespace baton

#endif  // BATON_SCHEDULES_LOWER_TESTING_GREEDY_ORDER_H_
