// Places receives; see place_transfers.h.
#include "schedules/lower/place_transfers.h"

#include <algorithm>

namespace baton {
namespace {

// The last position at or after `from` that starts no later than `time`; `from` if there is none. Looks in steps that
// double: the answer is usually near, and `start` ascends.
int LastStartingBy(const std::vector<Nanos>& start, int from, Nanos time) {
  const int size = static_cast<int>(start.size());
  int step = 1;
  int low = from;
  while (low + step < size && start[low + step] <= time) {
    low += step;
    step *= 2;
  }
  const int high = std::min(low + step, size);
  return static_cast<int>(std::upper_bound(start.begin() + low + 1, start.begin() + high, time) - start.begin()) - 1;
}

// Adds the receive of `action`'s result to the device that reads it, if that is another one.
void AddReceive(const ComputeOrder& order, const OrderIndex& index, const OrderTimes& times, int sender, int position,
                std::vector<std::vector<Receive>>& receives) {
  const Action& action = order.devices[sender][position];
  if (action.kind == ActionKind::kBackwardWeight) return;
  const bool is_forward = action.kind == ActionKind::kForward;
  const int chunk = is_forward ? action.chunk + 1 : action.chunk - 1;
  if (chunk < 0 || chunk >= order.num_chunks) return;
  const int receiver = order.device_of_chunk[chunk];
  if (receiver == sender) return;
  const size_t key = index.Key(chunk, action.micro_batch);
  const int consumer = is_forward ? index.forward[key] : index.backward[key];
  std::vector<Receive>& list = receives[receiver];
  // What one device sends becomes ready in order, so the search goes on where the last one from there ended. It ends
  // at the consumer or before, without looking: that starts when this has arrived, and every later one after it.
  const int from = !list.empty() && list.back().sender == sender ? list.back().before : 0;
  list.push_back({LastStartingBy(times.start[receiver], from, times.end[sender][position]), consumer, sender});
}

// Sorts by `before`, keeping the order of those that are equal.
void SortByPlace(int num_positions, std::vector<Receive>& list, std::vector<int32_t>& counts,
                 std::vector<Receive>& scratch) {
  counts.assign(num_positions + 1, 0);
  for (const Receive& receive : list) ++counts[receive.before + 1];
  for (int i = 0; i < num_positions; ++i) counts[i + 1] += counts[i];
  scratch.resize(list.size());
  for (const Receive& receive : list) scratch[counts[receive.before]++] = receive;
  list.assign(scratch.begin(), scratch.end());
}

}  // namespace

std::vector<std::vector<Receive>> PlaceTransfers(const ComputeOrder& order, const OrderIndex& index,
                                                 const OrderTimes& times) {
  std::vector<std::vector<Receive>> receives(order.num_devices());
  for (int device = 0; device < order.num_devices(); ++device) {
    for (int position = 0; position < static_cast<int>(order.devices[device].size()); ++position) {
      AddReceive(order, index, times, device, position, receives);
    }
  }
  std::vector<int32_t> counts;
  std::vector<Receive> scratch;
  for (int device = 0; device < order.num_devices(); ++device) {
    SortByPlace(static_cast<int>(order.devices[device].size()), receives[device], counts, scratch);
  }
  return receives;
}

}  // namespace baton
