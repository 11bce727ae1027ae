// In place of NCCL: sends and receives between the communicators of one process. The n-th send from one rank to another
// matches the n-th receive there; either stream stands still until then, but the calls of a group wait for each other
// only at its end. Calls are in progress for a while. In a capture a call becomes a node that sends or receives in each
// launch.
#include "tests/cuda_stand_in/nccl.h"

#include <atomic>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/cuda_stand_in/machine.h"
#include "tests/cuda_stand_in/stream_queue.h"

namespace baton::stand_in {
namespace {

// Index 0: the send. Index 1: the receive.
struct Transfer {
  const void* source = nullptr;
  void* destination = nullptr;
  size_t bytes[2] = {};
  int num_arrived = 0;
  std::shared_ptr<Work> ends[2];
};

struct Pair {
  std::deque<std::shared_ptr<Transfer>> transfers;
  size_t num_posted[2] = {};  // sends, receives
};

baton::Mutex mutex;
ncclResult_t forced_state ABSL_GUARDED_BY(mutex) = ncclSuccess;
int next_id ABSL_GUARDED_BY(mutex) = 1;
std::atomic<int64_t> num_bytes{0};
std::map<std::tuple<int, int, int>, Pair> pairs ABSL_GUARDED_BY(mutex);  // [id, from, to]

// The calls of the thread's group on one stream: all begin behind what was on the stream before.
struct GroupedCalls {
  std::shared_ptr<Work> before;
  std::vector<std::shared_ptr<Work>> ends;
  std::vector<int> nodes_before, nodes;  // in a capture
};
thread_local int group_depth = 0;
thread_local std::map<cudaStream_t, GroupedCalls> grouped;

// One side of a transfer.
struct Call {
  int id = 0;
  int from = 0;
  int to = 0;
  int side = 0;
  const void* data = nullptr;
  size_t bytes = 0;
};

void Arrive(const std::shared_ptr<Transfer>& transfer) {
  if (++transfer->num_arrived < 2) return;
  std::memmove(transfer->destination, transfer->source, transfer->bytes[0]);
  num_bytes += static_cast<int64_t>(transfer->bytes[0]);
  for (const std::shared_ptr<Work>& end : transfer->ends) TheMachine().work.Release(end);
}

// Begins `call` behind `waits`. Returns its end, or null if the other side has another size.
std::shared_ptr<Work> Begin(const Call& call, const std::vector<std::shared_ptr<Work>>& waits) {
  baton::MutexLock lock(&mutex);
  Pair& pair = pairs[{call.id, call.from, call.to}];
  const size_t n = pair.num_posted[call.side]++;
  while (pair.transfers.size() <= n) pair.transfers.push_back(std::make_shared<Transfer>());
  const std::shared_ptr<Transfer> transfer = pair.transfers[n];
  if (transfer->ends[1 - call.side] != nullptr && transfer->bytes[1 - call.side] != call.bytes) return nullptr;
  if (call.side == 0) transfer->source = call.data;
  if (call.side == 1) transfer->destination = const_cast<void*>(call.data);
  transfer->bytes[call.side] = call.bytes;
  // Held until both have arrived. Other threads run work at any time: nothing arrives before its end is known.
  const auto arrives = TheMachine().work.AddHeld([transfer] { Arrive(transfer); }, waits);
  transfer->ends[call.side] = TheMachine().work.AddHeld(nullptr, {arrives});
  TheMachine().work.Release(arrives);
  return transfer->ends[call.side];
}

// The node that makes the call in each launch of its graph. `alive` is shared by the communicator and its calls.
GraphNode NodeOf(const Call& call, std::vector<int> waits, std::shared_ptr<int> alive) {
  GraphNode node;
  node.waits = std::move(waits);
  node.enqueue = [call, alive](const std::vector<std::shared_ptr<Work>>& before) {
    std::shared_ptr<Work> end = Begin(call, before);
    if (end != nullptr) return end;
    return TheMachine().work.Add([] { ReportFault("a graph's transfer has another size than its other side"); },
                                 before);
  };
  return node;
}

}  // namespace

int64_t NcclBytes() { return num_bytes; }

void FailNccl(ncclResult_t state) {
  baton::MutexLock lock(&mutex);
  forced_state = state;
}

}  // namespace baton::stand_in

using namespace baton::stand_in;  // NOLINT: NCCL's functions are outside of any namespace

struct ncclComm {
  int id = 0;
  int rank = 0;
  int polls_in_progress = 0;
  std::shared_ptr<int> alive = std::make_shared<int>();
};

namespace baton::stand_in {
namespace {

ncclResult_t Post(ncclComm_t communicator, const Call& call, cudaStream_t stream) {
  communicator->polls_in_progress = 2;
  baton::MutexLock lock(&TheMachine().mutex);
  GroupedCalls* group = nullptr;
  if (group_depth > 0) {
    group = &grouped.try_emplace(stream, GroupedCalls{stream->tail, {}, stream->capture_tails, {}}).first->second;
  }
  if (stream->capture != nullptr) {
    if (stream->capture->invalidated) return ncclUnhandledCudaError;
    std::vector<GraphNode>& nodes = stream->capture->nodes;
    nodes.push_back(NodeOf(call, group != nullptr ? group->nodes_before : stream->capture_tails, communicator->alive));
    const int node = static_cast<int>(nodes.size()) - 1;
    if (group != nullptr) {
      group->nodes.push_back(node);
    } else {
      stream->capture_tails = {node};
    }
    return ncclInProgress;
  }
  const std::shared_ptr<Work> end = Begin(call, {group != nullptr ? group->before : stream->tail});
  if (end == nullptr) return ncclInvalidUsage;
  if (group != nullptr) {
    group->ends.push_back(end);
  } else {
    stream->tail = end;
  }
  return ncclInProgress;
}

}  // namespace
}  // namespace baton::stand_in

extern "C" {

ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  baton::MutexLock lock(&mutex);
  std::memset(id, 0, sizeof(*id));
  std::memcpy(id->internal, &next_id, sizeof(next_id));
  ++next_id;
  return ncclSuccess;
}

ncclResult_t ncclCommInitRankConfig(ncclComm_t* communicator, int num_ranks, ncclUniqueId id, int rank,
                                    ncclConfig_t* config) {
  if (config->blocking != 0) return ncclInvalidArgument;
  *communicator = new ncclComm;
  std::memcpy(&(*communicator)->id, id.internal, sizeof(int));
  (*communicator)->rank = rank;
  (*communicator)->polls_in_progress = 3;
  return ncclInProgress;
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t communicator, ncclResult_t* state) {
  baton::MutexLock lock(&mutex);
  *state = forced_state;
  if (forced_state == ncclSuccess && communicator->polls_in_progress-- > 0) *state = ncclInProgress;
  return ncclSuccess;
}

ncclResult_t ncclCommAbort(ncclComm_t communicator) {
  // NCCL would wait for the graphs' end.
  if (communicator->alive.use_count() > 1) ReportFault("a communicator was destroyed before a graph that uses it");
  delete communicator;
  return ncclSuccess;
}

ncclResult_t ncclGroupStart() {
  ++group_depth;
  return ncclSuccess;
}

ncclResult_t ncclGroupEnd() {
  if (--group_depth > 0) return ncclSuccess;
  baton::MutexLock machine_lock(&TheMachine().mutex);
  for (auto& [stream, calls] : grouped) {
    if (!calls.nodes.empty()) stream->capture_tails = std::move(calls.nodes);
    if (!calls.ends.empty()) stream->tail = TheMachine().work.Add(nullptr, std::move(calls.ends));
  }
  grouped.clear();
  return ncclSuccess;
}

ncclResult_t ncclSend(const void* data, size_t count, ncclDataType_t type, int peer, ncclComm_t communicator,
                      cudaStream_t stream) {
  return Post(communicator, {communicator->id, communicator->rank, peer, 0, data, count}, stream);
}

ncclResult_t ncclRecv(void* data, size_t count, ncclDataType_t type, int peer, ncclComm_t communicator,
                      cudaStream_t stream) {
  return Post(communicator, {communicator->id, peer, communicator->rank, 1, data, count}, stream);
}

const char* ncclGetErrorString(ncclResult_t result) { return result == ncclRemoteError ? "remote error" : "an error"; }
const char* ncclGetLastError(ncclComm_t communicator) { return "of the stand-in for NCCL"; }

}  // extern "C"
