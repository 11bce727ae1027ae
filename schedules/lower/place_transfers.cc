// Places receives; see place_transfers.h.
#include "schedules/lower/place_transfers.h"

#include <algorithm>
#include <tuple>

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

// The action that reads a result on another device; `device` is -1 if there is none.
struct Reader {
  int32_t device = -1;
  int32_t position = -1;
};

Reader ReaderOf(const ComputeOrder& order, const OrderIndex& index, int sender, const Action& action) {
  if (IsWithinChunk(action.kind)) return {};
  const bool is_forward = action.kind == ActionKind::kForward;
  const int chunk = is_forward ? action.chunk + 1 : action.chunk - 1;
  if (chunk < 0 || chunk >= order.num_chunks) return {};
  const int32_t receiver = order.DeviceOf(chunk, action.micro_batch);
  if (receiver == sender) return {};
  const size_t key = index.Key(chunk, action.micro_batch);
  return {receiver, is_forward ? index.forward[key] : index.backward[key]};
}

// Adds the Recv of the result of the sender's action at `position` to the device that reads it, if that is another one.
void AddReceive(const ComputeOrder& order, const OrderIndex& index, const OrderTimes& times, int sender, int position,
                std::vector<std::vector<Receive>>& receives) {
  const Reader reader = ReaderOf(order, index, sender, order.devices[sender][position]);
  if (reader.device < 0) return;
  std::vector<Receive>& list = receives[reader.device];
  // The results of one sender become ready in order, so the search continues from its last Recv. It cannot pass the
  // consumer, which starts only after the transfer.
  const int from = !list.empty() && list.back().sender == sender ? list.back().before : 0;
  list.push_back(
      {LastStartingBy(times.start[reader.device], from, times.end[sender][position]), reader.position, sender, 0});
}

// Sorts by `before`, stably.
void SortByBefore(int num_positions, std::vector<Receive>& list, std::vector<int32_t>& counts,
                  std::vector<Receive>& scratch) {
  counts.assign(num_positions + 1, 0);
  for (const Receive& receive : list) ++counts[receive.before + 1];
  for (int i = 0; i < num_positions; ++i) counts[i + 1] += counts[i];
  scratch.resize(list.size());
  for (const Receive& receive : list) scratch[counts[receive.before]++] = receive;
  list.assign(scratch.begin(), scratch.end());
}

// A Recv in the total order of transfers; see place_transfers.h.
struct OrderedReceive {
  Nanos ready;
  int32_t sender;
  int32_t position;
  int32_t consumer;

  friend bool operator<(const OrderedReceive& a, const OrderedReceive& b) {
    return std::tie(a.ready, a.sender, a.position) < std::tie(b.ready, b.sender, b.position);
  }
};

// For queues that Sends and Recvs share. O(n log n), since the transfers of all senders are merged by time.
std::vector<std::vector<Receive>> PlaceInSharedQueues(const ComputeOrder& order, const OrderIndex& index,
                                                      const OrderTimes& times) {
  std::vector<std::vector<OrderedReceive>> ordered(order.num_devices());
  for (int32_t device = 0; device < order.num_devices(); ++device) {
    for (int32_t position = 0; position < static_cast<int32_t>(order.devices[device].size()); ++position) {
      const Reader reader = ReaderOf(order, index, device, order.devices[device][position]);
      if (reader.device < 0) continue;
      ordered[reader.device].push_back({times.end[device][position], device, position, reader.position});
    }
  }
  std::vector<std::vector<Receive>> receives(order.num_devices());
  for (int32_t device = 0; device < order.num_devices(); ++device) {
    std::sort(ordered[device].begin(), ordered[device].end());
    receives[device].reserve(ordered[device].size());
    const std::vector<Nanos>& end = times.end[device];
    int32_t before = 0;
    for (const OrderedReceive& each : ordered[device]) {
      // The consumer ends after each.ready, so the loop ends within the device.
      while (end[before] <= each.ready) ++before;
      const bool is_tie = before > 0 && end[before - 1] == each.ready;
      receives[device].push_back({before, each.consumer, each.sender, is_tie && each.sender < device ? 1u : 0u});
    }
  }
  return receives;
}

}  // namespace

std::vector<std::vector<Receive>> PlaceTransfers(const ComputeOrder& order, const OrderIndex& index,
                                                 const OrderTimes& times, QueueKind queues) {
  if (queues != QueueKind::kPerPeerAndDirection) return PlaceInSharedQueues(order, index, times);
  std::vector<std::vector<Receive>> receives(order.num_devices());
  for (int device = 0; device < order.num_devices(); ++device) {
    for (int position = 0; position < static_cast<int>(order.devices[device].size()); ++position) {
      AddReceive(order, index, times, device, position, receives);
    }
  }
  std::vector<int32_t> counts;
  std::vector<Receive> scratch;
  for (int device = 0; device < order.num_devices(); ++device) {
    SortByBefore(static_cast<int>(order.devices[device].size()), receives[device], counts, scratch);
  }
  return receives;
}

}  // namespace baton
