// Sums and shards of several processes, of every size, have the bits that one process computes.
#include "runtime/transport/gloo/gloo_exchange.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "runtime/device/host/host_device.h"
#include "runtime/transport/gloo/gloo_transport.h"
#include "runtime/transport/local/sum_members.h"
#include "runtime/transport/testing/stores.h"

namespace baton {
namespace {

// Several emulated processes that share one collective. Each device has one member.
class Group {
 public:
  // Member n is on device n, which is in process rank_of_device[n]. The last one is in the last process.
  explicit Group(const std::vector<int>& rank_of_device) : rank_of_device_(rank_of_device) {
    GlooTransportOptions options;
    options.store = &store_;
    options.rank_of_device = rank_of_device;
    std::vector<int32_t> members;
    for (size_t device = 0; device < rank_of_device.size(); ++device) {
      devices_.push_back(HostDevice::Create(static_cast<int>(device), {}).value());
      streams_.push_back(devices_.back()->CreateStream().value());
      done_.push_back(devices_.back()->CreateEvent());
      started_.push_back(devices_.back()->CreateEvent());
      members.push_back(static_cast<int32_t>(device));
    }
    for (int rank = 0; rank <= rank_of_device.back(); ++rank) {
      options.rank = rank;
      transports_.push_back(GlooTransport::Create(options).value());
      collectives_.push_back(transports_.back()->CreateCollective(members).value());
    }
  }

  // Combines values: [member][number], all of one size. `offset`: numbers of the region before them, and behind them.
  template <typename T>
  void Run(Combine combine, std::vector<std::vector<T>>& values, size_t offset = 0) {
    for (size_t device = 0; device < devices_.size(); ++device) {
      done_[device]->Reset();
      started_[device]->Reset();
      const ReduceBuffer buffer = BufferOf(combine, values[device], offset);
      REQUIRE(collectives_[rank_of_device_[device]]
                  ->Arrive(*streams_[device], static_cast<int>(device), {&buffer, 1}, *done_[device],
                           started_[device].get())
                  .ok());
    }
    for (size_t device = 0; device < devices_.size(); ++device) {
      REQUIRE(streams_[device]->Wait(*done_[device]).ok());
      CHECK(started_[device]->DoneAt() <= done_[device]->DoneAt());
    }
  }

  template <typename T>
  static ReduceBuffer BufferOf(Combine combine, std::vector<T>& values, size_t offset) {
    ReduceBuffer buffer = {reinterpret_cast<std::byte*>(values.data()), static_cast<Bytes>(values.size() * sizeof(T)),
                           sizeof(T) == sizeof(double), combine};
    buffer.offset = static_cast<Bytes>(offset * sizeof(T));
    if (offset > 0) buffer.region_bytes = buffer.bytes + 2 * buffer.offset;
    return buffer;
  }

 private:
  const std::vector<int> rank_of_device_;
  MemoryStore store_;
  std::vector<std::unique_ptr<HostDevice>> devices_;
  std::vector<std::unique_ptr<Stream>> streams_;
  // A collective may still ring the device of an event that a waiter has seen: both outlive it.
  std::vector<std::unique_ptr<Event>> done_, started_;
  std::vector<std::unique_ptr<GlooTransport>> transports_;
  std::vector<std::unique_ptr<Collective>> collectives_;
};

template <typename T>
std::vector<std::vector<T>> RandomValues(size_t num_members, size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<T> value(-1, 1);
  std::vector<std::vector<T>> values(num_members, std::vector<T>(count));
  for (auto& member : values) {
    for (T& each : member) each = value(random);
  }
  return values;
}

template <typename T>
bool SameBits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

template <typename T>
void KeepShard(size_t member, size_t num_members, std::vector<T>& values) {
  const Shard shard =
      ShardOf(static_cast<Bytes>(values.size() * sizeof(T)), static_cast<int>(member), static_cast<int>(num_members));
  const auto size = static_cast<Bytes>(sizeof(T));
  values = std::vector<T>(values.begin() + shard.begin / size, values.begin() + shard.end / size);
}

template <typename T>
void CheckAgainstOneProcess(const std::vector<int>& rank_of_device, Combine combine, const std::vector<size_t>& counts,
                            size_t offset = 0) {
  Group group(rank_of_device);
  unsigned seed = 1;
  for (const size_t count : counts) {
    CAPTURE(rank_of_device, static_cast<int>(combine), count);
    std::vector<std::vector<T>> values = RandomValues<T>(rank_of_device.size(), count, ++seed);
    std::vector<std::vector<T>> expected = values;
    std::vector<ReduceBuffer> members;
    for (auto& member : expected) members.push_back(Group::BufferOf(combine, member, offset));
    if (count > 0) SumMembers(members, 0, members[0].bytes);
    group.Run(combine, values, offset);
    for (size_t member = 0; member < values.size(); ++member) {
      if (combine == Combine::kTreeToShards) {  // nothing is said of the rest
        KeepShard(member, values.size(), values[member]);
        KeepShard(member, values.size(), expected[member]);
      }
      CHECK(SameBits(values[member], expected[member]));
    }
  }
}

// Sums of one element, of the largest size that goes directly and of one element more, and of more than a block; then
// smaller ones again.
const std::vector<size_t> kCounts = {1, 0, 7, 1 << 14, (1 << 14) + 1, 300'007, (5 << 18) + 13, 3};

TEST_CASE("gloo: sums over several processes have the bits of one process") {
  const auto ranks = GENERATE(values<std::vector<int>>({{0, 1},
                                                        {0, 0, 1},
                                                        {0, 1, 2},
                                                        {0, 0, 1, 2, 2},
                                                        {0, 1, 2, 3},
                                                        {0, 0, 0, 1, 2, 3, 3, 4},
                                                        {0, 1, 1, 2, 3, 4, 5, 6, 7, 8}}));
  const Combine combine = GENERATE(Combine::kInOrder, Combine::kAsTree, Combine::kTreeToShards);
  CheckAgainstOneProcess<float>(ranks, combine, kCounts);
}

TEST_CASE("gloo: sums of f64 over several processes have the bits of one process") {
  CheckAgainstOneProcess<double>({0, 1, 2}, Combine::kInOrder, {1, (1 << 13) + 1, 200'001});
}

TEST_CASE("gloo: members of a process that are not consecutive get their shards of a sum") {
  const auto ranks = GENERATE(values<std::vector<int>>({{0, 1, 0, 1}, {0, 1, 0, 2}}));
  CheckAgainstOneProcess<float>(ranks, Combine::kTreeToShards, kCounts);
}

// A shard ends within a block, and a block within a shard.
TEST_CASE("gloo: shards of every size are exchanged between several processes") {
  const auto ranks =
      GENERATE(values<std::vector<int>>({{0, 1}, {0, 1, 2}, {0, 0, 1, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 8}}));
  CheckAgainstOneProcess<float>(ranks, Combine::kShards, {13, (3 << 18) + 13, 100});
}

TEST_CASE("gloo: shards of a part of a region are exchanged between several processes") {
  const auto ranks = GENERATE(values<std::vector<int>>({{0, 1}, {0, 0, 1, 2, 2}}));
  for (const size_t offset : {size_t{5}, size_t{200'003}}) {
    CheckAgainstOneProcess<float>(ranks, Combine::kShards, {13, (3 << 18) + 13, 100}, offset);
  }
}

}  // namespace
}  // namespace baton
