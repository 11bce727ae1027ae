// The device of each replica of each chunk. Used by compute orders and programs, and by everything that reads them.
//
// A schedule may train several replicas of a chunk, each with its own parameters and its own micro-batches.
// Bidirectional schedules have two replicas of every chunk, data parallelism has one for each data-parallel group, all
// other schedules have one. Replicas of a chunk on the same device share their parameters.
//
//     ChunkPlacement one = ChunkPlacement::Of({0, 1, 2});               // chunk c on device c
//     ChunkPlacement two = ChunkPlacement::OfReplicas({{0, 1, 2},       // replica 0: chunk c on device c
//                                            {2, 1, 0}},      // replica 1: chunk c on device 2 − c
//                                           {0, 1, 0, 1});    // micro-batch m uses replica m mod 2
//     two.replicas();           // {0,0,0} {1,0,1} {2,0,2} {0,1,2} {2,1,0}: chunk 1 has one replica, used by both
//     two.DeviceOf(0, 3);       // 2
//     two.IndexOf(1, 3);        // 1
#ifndef BATON_SCHEDULES_PLACEMENT_PLACEMENT_H_
#define BATON_SCHEDULES_PLACEMENT_PLACEMENT_H_

#include <cstdint>
#include <string>
#include <vector>

namespace baton {

// One set of parameters of a chunk.
struct ChunkReplica {
  int32_t chunk;    // 0 ≤ chunk < number of chunks
  int32_t replica;  // 0 ≤ replica < number of replicas
  int32_t device;   // 0 ≤ device < number of devices; -1 in an order from a file that places the chunk on no device

  friend bool operator==(const ChunkReplica& a, const ChunkReplica& b) {
    return a.chunk == b.chunk && a.replica == b.replica && a.device == b.device;
  }
};

// Plain data, with tables for constant-time look-ups. Immutable except by assignment. Accepts any data, so that readers
// can build it from a file; look-ups expect that FindFault finds no fault.
class ChunkPlacement {
 public:
  ChunkPlacement() = default;
  // One replica; chunk c is on device_of_chunk[c].
  static ChunkPlacement Of(const std::vector<int32_t>& device_of_chunk);
  // Replica r of chunk c is on devices[r][c]; all rows have the same length. Micro-batch m uses replica
  // replica_of_micro_batch[m]. A replica that shares its device with the one before it gets no entry of its own.
  static ChunkPlacement OfReplicas(const std::vector<std::vector<int32_t>>& devices,
                                   std::vector<int32_t> replica_of_micro_batch);
  // The given list, unchanged; see replicas().
  static ChunkPlacement OfList(int num_chunks, std::vector<ChunkReplica> replicas,
                               std::vector<int32_t> replica_of_micro_batch);

  int num_chunks() const { return num_chunks_; }
  int num_replicas() const { return num_replicas_; }

  // Each distinct (chunk, device) once, ascending by replica, then chunk. Entry c < num_chunks() is replica 0 of chunk
  // c. A replica r without an entry of its own for a chunk uses the entry with the largest smaller replica. Groups of
  // collectives, stage modules and parameter states are numbered as this list.
  const std::vector<ChunkReplica>& replicas() const { return replicas_; }
  // [micro-batch]; empty if there is one replica of every chunk.
  const std::vector<int32_t>& replica_of_micro_batch() const { return replica_of_micro_batch_; }

  // The entry that replica `replica` of the chunk uses: an index into replicas(). Constant time.
  int32_t IndexOfReplica(int chunk, int replica) const {
    return num_replicas_ == 1 ? chunk : index_[static_cast<size_t>(replica) * num_chunks_ + chunk];
  }
  // The entry that the chunk's passes for the micro-batch use. All passes of one micro-batch use the same replica.
  // Constant time.
  int32_t IndexOf(int chunk, int micro_batch) const {
    return replica_of_micro_batch_.empty() ? chunk : IndexOfReplica(chunk, replica_of_micro_batch_[micro_batch]);
  }
  // The device on which they run. Constant time.
  int32_t DeviceOf(int chunk, int micro_batch) const { return replicas_[IndexOf(chunk, micro_batch)].device; }
  // The device of the chunk's replica 0. Constant time.
  int32_t FirstDeviceOf(int chunk) const { return replicas_[chunk].device; }
  // The entry of the chunk on the device; -1 if there is none. Linear in the chunk's replicas.
  int32_t IndexOn(int chunk, int device) const;
  // The entries of the chunk, ascending.
  std::vector<int32_t> EntriesOf(int chunk) const;
  // [chunk]: the device that replica `replica` uses.
  std::vector<int32_t> DevicesOfReplica(int replica) const;

  // The first fault, such as "chunk 1 is on device 5; there are 2 devices"; empty if there is none. `lowest_device`: 0,
  // or -1 if a chunk may have no device.
  std::string FindFault(int num_chunks, int num_devices, int num_micro_batches, int lowest_device = 0) const;

  friend bool operator==(const ChunkPlacement& a, const ChunkPlacement& b) {
    return a.num_chunks_ == b.num_chunks_ && a.replicas_ == b.replicas_ &&
           a.replica_of_micro_batch_ == b.replica_of_micro_batch_;
  }
  friend bool operator!=(const ChunkPlacement& a, const ChunkPlacement& b) { return !(a == b); }

 private:
  // The first fault of the list itself, without devices and micro-batches; empty if there is none.
  std::string FindListFault() const;
  void MakeTables();

  int num_chunks_ = 0;
  int num_replicas_ = 0;  // 0 if the list is faulty
  std::vector<ChunkReplica> replicas_;
  std::vector<int32_t> replica_of_micro_batch_;
  // Empty if there is one replica or the list is faulty.
  std::vector<int32_t> index_;  // [replica × num_chunks + chunk]: the entry that it uses
  std::vector<int32_t> next_;   // [entry]: the chunk's next entry; -1 at its last
};

}  // namespace baton

#endif  // BATON_SCHEDULES_PLACEMENT_PLACEMENT_H_
