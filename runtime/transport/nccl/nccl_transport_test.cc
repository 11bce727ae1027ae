// Sums and shards of several processes by NCCL, on stand-ins for CUDA and NCCL: order, blocks, and calls that come too
// early. Processes are emulated by transports of their own.
#include "runtime/transport/nccl/nccl_transport.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include "base/shards.h"
#include "runtime/transport/testing/stores.h"
#include "tests/cuda_stand_in/nccl.h"
#include "tests/cuda_stand_in/stand_in.h"

namespace baton {
namespace {

// Device n is on GPU n and in the process of rank `rank_of_device[n]`. Each device has an arena of `num_floats` floats.
struct Run {
  Run(std::vector<int> ranks, int num_floats, int seed) : rank_of_device(std::move(ranks)) {
    stand_in::ResetMachine();
    stand_in::SetNumGpus(static_cast<int>(rank_of_device.size()));
    stand_in::SetWorkOrder(static_cast<uint64_t>(seed));
    for (size_t index = 0; index < rank_of_device.size(); ++index) {
      devices.push_back(CudaDevice::Create(static_cast<int>(index)).value());
      streams.push_back(devices[index]->CreateStream().value());
      arenas.push_back(devices[index]->CreateArena(num_floats * static_cast<Bytes>(sizeof(float))).value());
    }
    for (int rank = 0; rank <= rank_of_device.back(); ++rank) {
      NcclTransportOptions options;
      options.rank = rank;
      options.rank_of_device = rank_of_device;
      options.store = &store;
      options.key_prefix = "test/";
      for (size_t index = 0; index < devices.size(); ++index) {
        options.devices.push_back(rank_of_device[index] == rank ? devices[index].get() : nullptr);
      }
      transports.push_back(NcclTransport::Create(options).value());
    }
  }
  ~Run() { stand_in::SetNumGpus(1); }

  std::vector<std::unique_ptr<Collective>> Sum(const std::vector<int32_t>& device_of_member) {
    std::vector<std::unique_ptr<Collective>> parts;
    for (const auto& transport : transports) parts.push_back(transport->CreateCollective(device_of_member).value());
    return parts;
  }
  void Connect() {
    std::vector<absl::Status> statuses(transports.size());
    std::vector<std::thread> threads;
    for (size_t rank = 0; rank < transports.size(); ++rank) {
      threads.emplace_back([&, rank] { statuses[rank] = transports[rank]->AwaitConnected(); });
    }
    for (std::thread& thread : threads) thread.join();
    for (const absl::Status& status : statuses) REQUIRE(status == absl::OkStatus());
  }
  void Set(int device, const std::vector<float>& values) {
    REQUIRE(devices[device]
                ->CopyToArena(arenas[device], reinterpret_cast<const std::byte*>(values.data()),
                              static_cast<Bytes>(values.size() * sizeof(float)))
                .ok());
  }
  std::vector<float> Get(int device, size_t count) {
    std::vector<float> values(count);
    REQUIRE(devices[device]
                ->CopyFromArena(reinterpret_cast<std::byte*>(values.data()), arenas[device],
                                static_cast<Bytes>(count * sizeof(float)))
                .ok());
    return values;
  }

  const std::vector<int> rank_of_device;
  MemoryStore store;
  std::vector<std::unique_ptr<CudaDevice>> devices;
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<std::byte*> arenas;
  std::vector<std::unique_ptr<NcclTransport>> transports;  // [rank]
};

// Member n is on device n. Returns what each device has then. `offset`: bytes of the region before the values, and
// behind them.
std::vector<std::vector<float>> CombineAll(Run& run, const std::vector<std::vector<float>>& values, Combine combine,
                                           Bytes offset = 0) {
  const auto num_devices = static_cast<int>(values.size());
  std::vector<int32_t> device_of_member(values.size());
  std::iota(device_of_member.begin(), device_of_member.end(), 0);
  const auto parts = run.Sum(device_of_member);
  run.Connect();
  std::vector<std::unique_ptr<Event>> done;
  const auto bytes = static_cast<Bytes>(values[0].size() * sizeof(float));
  for (int device = 0; device < num_devices; ++device) {
    run.Set(device, values[device]);
    done.push_back(run.devices[device]->CreateEvent());
    REQUIRE(run.devices[device]->BindWorkerThread().ok());
    const ReduceBuffer buffer = {run.arenas[device], bytes, false, combine, offset, bytes + 2 * offset};
    Collective& part = *parts[run.rank_of_device[device]];
    REQUIRE(part.Arrive(*run.streams[device], device, {&buffer, 1}, *done[device], nullptr) == absl::OkStatus());
  }
  std::vector<std::vector<float>> results;
  for (int device = 0; device < num_devices; ++device) {
    REQUIRE(run.devices[device]->BindWorkerThread().ok());
    REQUIRE(run.streams[device]->Wait(*done[device]).ok());
    REQUIRE(run.streams[device]->Synchronize().ok());
    results.push_back(run.Get(device, values[0].size()));
  }
  CHECK(stand_in::LastFault().empty());
  return results;
}

TEST_CASE("NCCL: members in two and three processes are summed in their order, and as a tree") {
  const std::vector<int> ranks =
      GENERATE(std::vector<int>{0, 0, 1}, std::vector<int>{0, 1, 1}, std::vector<int>{0, 1, 2});
  const int seed = GENERATE(1, 2, 3);
  CAPTURE(ranks, seed);
  // 1e8 + 1 − 1e8 in f32 is 0 in this order alone.
  const std::vector<std::vector<float>> values = {{1e8f, 1}, {1, 2}, {-1e8f, 4}};
  for (const Combine combine : {Combine::kInOrder, Combine::kAsTree}) {
    Run run(ranks, 2, seed);
    for (const std::vector<float>& result : CombineAll(run, values, combine)) {
      CHECK(result == std::vector<float>{(1e8f + 1.0f) + -1e8f, 7});
    }
  }
}

// 5 MiB and 52 bytes: three blocks, and shards that end within them.
TEST_CASE("NCCL: sums and shards of several blocks") {
  constexpr size_t kNumbers = (5 << 18) + 13;
  const std::vector<int> ranks = GENERATE(std::vector<int>{0, 0, 1}, std::vector<int>{0, 1, 2});
  std::vector<std::vector<float>> values(3, std::vector<float>(kNumbers));
  constexpr Bytes kOffset = 300'004;
  std::vector<float> sum(kNumbers), shards(kNumbers), of_region(kNumbers);
  for (size_t i = 0; i < kNumbers; ++i) {
    for (int member = 0; member < 3; ++member) {
      values[member][i] = 0.1f * static_cast<float>(i % 1013) + static_cast<float>(member);
      const Shard shard = ShardOf(kNumbers * sizeof(float), member, 3);
      const auto at = static_cast<Bytes>(i * sizeof(float));
      if (at >= shard.begin && at < shard.end) shards[i] = values[member][i];
      const Shard wider = ShardOf(kNumbers * sizeof(float) + 2 * kOffset, member, 3);
      if (kOffset + at >= wider.begin && kOffset + at < wider.end) of_region[i] = values[member][i];
    }
    sum[i] = (values[0][i] + values[1][i]) + values[2][i];
  }
  Run run(ranks, kNumbers, 4);
  for (const std::vector<float>& result : CombineAll(run, values, Combine::kShards)) CHECK((result == shards));
  for (const std::vector<float>& result : CombineAll(run, values, Combine::kShards, kOffset)) {
    CHECK((result == of_region));
  }
  for (const std::vector<float>& result : CombineAll(run, values, Combine::kInOrder)) CHECK((result == sum));
}

// Values of which neither order nor association of additions is free.
std::vector<std::vector<float>> ValuesOf(int num_members, size_t count) {
  std::vector<std::vector<float>> values(num_members, std::vector<float>(count));
  for (int member = 0; member < num_members; ++member) {
    for (size_t i = 0; i < count; ++i) {
      const auto number = static_cast<float>((i + 1) * static_cast<size_t>(member + 7) % 1013);
      values[member][i] = member % 2 == 0 ? 0.1f * number : 1e4f - number;
    }
  }
  return values;
}

// Whether each member has its shard of the sum; nothing is said of the rest.
bool HaveShards(const std::vector<std::vector<float>>& results, const std::vector<float>& sum) {
  const auto num_members = static_cast<int>(results.size());
  for (int member = 0; member < num_members; ++member) {
    const Shard shard = ShardOf(static_cast<Bytes>(sum.size() * sizeof(float)), member, num_members);
    const auto begin = shard.begin / static_cast<Bytes>(sizeof(float));
    const auto end = shard.end / static_cast<Bytes>(sizeof(float));
    if (!std::equal(sum.begin() + begin, sum.begin() + end, results[member].begin() + begin)) return false;
  }
  return true;
}

// The bytes that a sum sends, without those of NcclConnection::Connect.
int64_t BytesOfSum(Run& run, const std::vector<std::vector<float>>& values, Combine combine,
                   const std::vector<float>& expected) {
  const int64_t before = stand_in::NcclBytes();
  const std::vector<std::vector<float>> results = CombineAll(run, values, combine);
  if (combine == Combine::kTreeToShards) {
    CHECK(HaveShards(results, expected));
  } else {
    for (const std::vector<float>& result : results) CHECK((result == expected));
  }
  const auto num_ranks = static_cast<int64_t>(run.transports.size());
  return stand_in::NcclBytes() - before - num_ranks * (num_ranks - 1);
}

// 2 MiB blocks and a last one of less than a part's alignment; a sum that is just beyond what is sent directly.
TEST_CASE("NCCL: each of several processes adds a part of a large sum: the same bits, with a ring's bytes") {
  const std::vector<int> ranks = GENERATE(std::vector<int>{0, 1, 2}, std::vector<int>{0, 1, 2, 3});
  const auto num_members = static_cast<int>(ranks.size());
  for (const size_t count : {size_t{5 << 18} + 13, size_t{16 << 10} + 1}) {
    CAPTURE(num_members, count);
    const std::vector<std::vector<float>> values = ValuesOf(num_members, count);
    std::vector<float> in_order(count), as_tree(count);
    for (size_t i = 0; i < count; ++i) {
      in_order[i] = values[0][i];
      for (int member = 1; member < num_members; ++member) in_order[i] += values[member][i];
      as_tree[i] = (values[0][i] + values[1][i]) + (num_members == 3 ? values[2][i] : values[2][i] + values[3][i]);
    }
    Run run(ranks, static_cast<int>(count), num_members);
    const auto bytes = static_cast<int64_t>(count * sizeof(float));
    CHECK(BytesOfSum(run, values, Combine::kInOrder, in_order) == 2 * (num_members - 1) * bytes);
    CHECK(BytesOfSum(run, values, Combine::kAsTree, as_tree) == 2 * (num_members - 1) * bytes);
    CHECK(BytesOfSum(run, values, Combine::kTreeToShards, as_tree) == (num_members - 1) * bytes);
  }
}

TEST_CASE("NCCL: sums of at most 64 KiB go directly") {
  const std::vector<std::vector<float>> values = ValuesOf(3, 16 << 10);
  std::vector<float> sum(16 << 10);
  for (size_t i = 0; i < sum.size(); ++i) sum[i] = (values[0][i] + values[1][i]) + values[2][i];
  Run run({0, 1, 2}, 16 << 10, 1);
  CHECK(BytesOfSum(run, values, Combine::kInOrder, sum) == 3 * 2 * (64 << 10));
}

// Processes have different numbers of members, also not the first one.
TEST_CASE("NCCL: parts of sums with several members in a process") {
  const std::vector<int> ranks =
      GENERATE(std::vector<int>{0, 0, 1, 2}, std::vector<int>{0, 1, 1, 2}, std::vector<int>{0, 1, 2, 2, 2});
  const int seed = GENERATE(1, 2, 3);
  CAPTURE(ranks, seed);
  constexpr size_t kNumbers = (17 << 10) + 3;
  const auto num_members = static_cast<int>(ranks.size());
  const std::vector<std::vector<float>> values = ValuesOf(num_members, kNumbers);
  std::vector<float> sum = values[0];
  for (int member = 1; member < num_members; ++member) {
    for (size_t i = 0; i < kNumbers; ++i) sum[i] += values[member][i];
  }
  Run run(ranks, kNumbers, seed);
  for (const std::vector<float>& result : CombineAll(run, values, Combine::kInOrder)) CHECK((result == sum));
}

// Members of a process that are not consecutive get the whole sum.
TEST_CASE("NCCL: shards of a sum with several members in a process") {
  const std::vector<int> ranks = GENERATE(std::vector<int>{0, 0, 1, 1}, std::vector<int>{0, 1, 1, 2},
                                          std::vector<int>{0, 1, 0, 1}, std::vector<int>{0, 1, 0, 2});
  const size_t count = GENERATE(size_t{1}, size_t{100}, (size_t{5} << 18) + 13);
  CAPTURE(ranks, count);
  const std::vector<std::vector<float>> values = ValuesOf(4, count);
  std::vector<float> sum(count);
  for (size_t i = 0; i < count; ++i) sum[i] = (values[0][i] + values[1][i]) + (values[2][i] + values[3][i]);
  Run run(ranks, static_cast<int>(count), 1);
  CHECK(HaveShards(CombineAll(run, values, Combine::kTreeToShards), sum));
}

TEST_CASE("NCCL: what is not connected is refused, and what is wrong has its sentence") {
  Run run({0, 1}, 4, 1);
  const auto channel = run.transports[0]->CreateChannel(0, 1, 1).value();
  const auto done = run.devices[0]->CreateEvent();
  const absl::Status status = channel->Send(*run.streams[0], run.arenas[0], 4, *done, nullptr);
  CHECK(status == absl::FailedPreconditionError("NCCL: \"test/channel 0 1 0\" is not connected yet"));
  CHECK(run.transports[0]->CreateChannel(0, 2, 1).status().message() == "device 2: there are 2 devices");
  CHECK(run.transports[0]->CreateChannel(0, 0, 1).status().message() == "a channel from device 0 to itself");
  CHECK(run.transports[0]->CreateCollective({}).status().message() == "a sum without members");
  CHECK(run.transports[0]->CreateCollective({1, 1}).value() == nullptr);
  run.transports[1]->Abort(absl::AbortedError("enough"));
  const auto other = run.transports[1]->CreateChannel(0, 1, 1).value();
  CHECK(run.transports[1]->AwaitConnected() == absl::AbortedError("enough"));
  CHECK(NcclTransport::Create({}).status().message() == "store: null");
}

}  // namespace
}  // namespace baton
