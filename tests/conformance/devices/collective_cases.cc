// Collectives: order of summation, rounds, threads and wrong calls.
#include <algorithm>
#include <numeric>
#include <thread>
#include <type_traits>
#include <utility>

#include "base/shards.h"
#include "tests/conformance/devices/conformance_case.h"
#include "tests/conformance/devices/lane.h"

namespace baton {
namespace {

template <typename T>
ReduceBuffer BufferOf(const Lane<T>& lane, int first, int count) {
  return {lane.At(first), static_cast<Bytes>(count * sizeof(T)), std::is_same<T, double>::value};
}

template <typename T>
absl::Status Arrive(Collective& collective, Lane<T>& lane, absl::Span<const ReduceBuffer> buffers, Event& done,
                    Event* started = nullptr) {
  return collective.Arrive(*lane.Bind().stream, lane.device.index(), buffers, done, started);
}

// 1e8 + 1 − 1e8 in f32 is 0 in one order of summation only. Members 0 and 2 are on device 0, member 1 on device 1.
template <typename T>
void SumInOrder(Context& context, int last) {
  MachineUnderTest machine = context.Make(2);
  Lane<T> lanes[] = {Lane<T>(*machine.devices[0]), Lane<T>(*machine.devices[1])};
  const std::unique_ptr<Collective> collective = machine.transport->CreateCollective({0, 1, 0}).value();
  const T of_device0[] = {T(1e8), 1, T(-1e8), 3}, of_device1[] = {1, 2};
  for (int i = 0; i < 4; ++i) CONFORM_OK(lanes[0].Set(i, of_device0[i]));
  for (int i = 0; i < 2; ++i) CONFORM_OK(lanes[1].Set(i, of_device1[i]));
  const ReduceBuffer of_0[] = {BufferOf(lanes[0], 0, 2), BufferOf(lanes[0], 2, 2)};
  const ReduceBuffer of_1[] = {BufferOf(lanes[1], 0, 2)};
  const absl::Span<const ReduceBuffer> buffers[] = {of_0, of_1};
  const std::unique_ptr<Event> done[] = {lanes[0].Made(), lanes[1].Made()};
  const std::unique_ptr<Event> started[] = {lanes[0].Made(), lanes[1].Made()};
  for (const int device : {1 - last, last}) {
    CONFORM_OK(Arrive(*collective, lanes[device], buffers[device], *done[device], started[device].get()));
    for (const auto* events : {&done, &started}) {
      for (const auto& event : *events) CONFORM(context.Soon([&] { return event->Posted() == (device == last); }));
    }
  }
  for (const int device : {0, 1}) {
    CONFORM_OK(lanes[device].Bind().stream->Wait(*done[device]));
    CONFORM_OK(lanes[device].stream->Synchronize());
    CONFORM(done[device]->Done());
    CONFORM(done[device]->DoneAt() >= started[device]->DoneAt());
  }
  const T expected = (of_device0[0] + of_device1[0]) + of_device0[2];
  CONFORM(lanes[0].Read(4) == std::vector<T>({expected, 6, expected, 6}));
  CONFORM(lanes[1].Read(2) == std::vector<T>({expected, 6}));
}

template <typename T, int last>
void SumsInOrder(Context& context) {
  SumInOrder<T>(context, last);
}

// Each member contributes its shard of `kNumbers` floats, or of a region of kRegion floats, in which these are from
// number kOffset on. Member n is on device n modulo kDevices.
template <int kDevices, int kMembers, int kNumbers, int kOffset = 0, int kRegion = kNumbers>
void Shards(Context& context) {
  MachineUnderTest machine = context.Make(kDevices);
  std::vector<int32_t> device_of_member;
  for (int member = 0; member < kMembers; ++member) device_of_member.push_back(member % kDevices);
  const std::unique_ptr<Collective> collective = machine.transport->CreateCollective(device_of_member).value();
  std::vector<std::unique_ptr<Lane<float>>> lanes;
  std::vector<std::unique_ptr<Event>> done;
  std::vector<float> expected(kNumbers);
  for (int device = 0; device < kDevices; ++device) {
    lanes.push_back(std::make_unique<Lane<float>>(*machine.devices[device]));
    done.push_back(lanes[device]->Made());
    std::vector<ReduceBuffer> buffers;
    for (int member = device; member < kMembers; member += kDevices) {
      const int first = static_cast<int>(buffers.size()) * kNumbers;
      const Shard shard = ShardOf(Bytes{kRegion} * 4, member, kMembers);
      for (int i = 0; i < kNumbers; ++i) {
        const auto value = static_cast<float>(1000 * member + i);
        CONFORM_OK(lanes[device]->Set(first + i, value));
        const int at = (kOffset + i) * 4;
        if (at >= shard.begin && at < shard.end) expected[i] = value;
      }
      buffers.push_back(BufferOf(*lanes[device], first, kNumbers));
      buffers.back().combine = Combine::kShards;
      if (kRegion == kNumbers) continue;
      buffers.back().offset = kOffset * 4;
      buffers.back().region_bytes = kRegion * 4;
    }
    CONFORM_OK(Arrive(*collective, *lanes[device], buffers, *done[device]));
  }
  for (int device = 0; device < kDevices; ++device) {
    CONFORM_OK(lanes[device]->Bind().stream->Wait(*done[device]));
    const int num_members = (kMembers - device + kDevices - 1) / kDevices;
    const std::vector<float> values = lanes[device]->Read(num_members * kNumbers);
    for (int member = 0; member < num_members; ++member) {
      const auto first = values.begin() + member * kNumbers;
      CONFORM(std::vector<float>(first, first + kNumbers) == expected);
    }
  }
}

// Left halves of the tree are full: 5 members are ((0 + 1) + (2 + 3)) + 4.
template <typename T>
T SumAsTree(const std::vector<T>& values, size_t begin, size_t end) {
  if (end - begin == 1) return values[begin];
  size_t left = 1;
  while (2 * left < end - begin) left *= 2;
  return SumAsTree(values, begin, begin + left) + SumAsTree(values, begin + left, end);
}

template <int kMembers, bool as_tree>
void ManyMembers(Context& context) {
  MachineUnderTest machine = context.Make(1);
  Lane<float> lane(*machine.devices[0]);
  const std::unique_ptr<Collective> collective =
      machine.transport->CreateCollective(std::vector<int32_t>(kMembers, 0)).value();
  std::vector<float> values;
  std::vector<ReduceBuffer> buffers;
  for (int i = 0; i < kMembers; ++i) {
    values.push_back(0.1f * static_cast<float>(i * i % 17 + 1));
    CONFORM_OK(lane.Set(i, values[i]));
    buffers.push_back(BufferOf(lane, i, 1));
    if (as_tree) buffers.back().combine = Combine::kAsTree;
  }
  const float in_order = std::accumulate(values.begin() + 1, values.end(), values[0]);
  const float expected = as_tree ? SumAsTree(values, 0, values.size()) : in_order;
  if (as_tree && kMembers > 8) CONFORM(expected != in_order);
  const std::unique_ptr<Event> done = lane.Made();
  CONFORM_OK(Arrive(*collective, lane, buffers, *done));
  CONFORM_OK(lane.stream->Wait(*done));
  CONFORM(lane.Read(kMembers) == std::vector<float>(kMembers, expected));
}

// More numbers than transports send directly. Member n is on device n modulo kDevices. Twice: the sums are summed
// again, unless each member has its shard of them alone.
template <typename T, int kDevices, int kMembers, Combine kCombine>
void ManyNumbers(Context& context) {
  constexpr int kNumbers = 20'003;
  constexpr Bytes kBytes = kNumbers * sizeof(T);
  MachineUnderTest machine = context.Make(kDevices);
  std::vector<int32_t> device_of_member;
  for (int member = 0; member < kMembers; ++member) device_of_member.push_back(member % kDevices);
  const std::unique_ptr<Collective> collective = machine.transport->CreateCollective(device_of_member).value();
  std::vector<std::vector<T>> values(kMembers, std::vector<T>(kNumbers));
  for (int member = 0; member < kMembers; ++member) {
    for (int i = 0; i < kNumbers; ++i) values[member][i] = T(0.1) * static_cast<T>((i + 1) * (member + 3) % 1013);
  }
  std::vector<std::byte*> buffers;  // [member]
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<std::unique_ptr<Event>> done;
  for (int device = 0; device < kDevices; ++device) {
    CONFORM_OK(machine.devices[device]->BindWorkerThread());
    streams.push_back(machine.devices[device]->CreateStream().value());
    done.push_back(machine.devices[device]->CreateEvent());
  }
  for (int member = 0; member < kMembers; ++member) {
    Device& device = *machine.devices[device_of_member[member]];
    CONFORM_OK(device.BindWorkerThread());
    buffers.push_back(device.CreateArena(kBytes).value());
    CONFORM_OK(device.CopyToArena(buffers[member], reinterpret_cast<const std::byte*>(values[member].data()), kBytes));
  }
  for (int round = 0; round < (kCombine == Combine::kTreeToShards ? 1 : 2); ++round) {
    std::vector<T> expected(kNumbers);
    for (int i = 0; i < kNumbers; ++i) {
      std::vector<T> of_members;
      for (const std::vector<T>& each : values) of_members.push_back(each[i]);
      expected[i] = kCombine == Combine::kInOrder
                        ? std::accumulate(of_members.begin() + 1, of_members.end(), of_members[0])
                        : SumAsTree(of_members, 0, kMembers);
    }
    for (int device = 0; device < kDevices; ++device) {
      CONFORM_OK(machine.devices[device]->BindWorkerThread());
      done[device]->Reset();
      std::vector<ReduceBuffer> own;
      for (int member = device; member < kMembers; member += kDevices) {
        own.push_back({buffers[member], kBytes, std::is_same<T, double>::value, kCombine});
      }
      CONFORM_OK(collective->Arrive(*streams[device], device, own, *done[device], nullptr));
    }
    for (int device = 0; device < kDevices; ++device) {
      CONFORM_OK(machine.devices[device]->BindWorkerThread());
      CONFORM_OK(streams[device]->Wait(*done[device]));
      CONFORM_OK(streams[device]->Synchronize());
    }
    for (int member = 0; member < kMembers; ++member) {
      Device& device = *machine.devices[device_of_member[member]];
      CONFORM_OK(device.BindWorkerThread());
      CONFORM_OK(device.CopyFromArena(reinterpret_cast<std::byte*>(values[member].data()), buffers[member], kBytes));
      const Shard shard = kCombine == Combine::kTreeToShards ? ShardOf(kBytes, member, kMembers) : Shard{0, kBytes};
      constexpr auto kSize = static_cast<Bytes>(sizeof(T));
      CONFORM(std::equal(expected.begin() + shard.begin / kSize, expected.begin() + shard.end / kSize,
                         values[member].begin() + shard.begin / kSize));
    }
  }
}

// In the second of `with_reset` rounds one device arrives, and a reset clears that.
void Rounds(Context& context, bool with_reset) {
  MachineUnderTest machine = context.Make(2);
  Lane<float> a(*machine.devices[0]), b(*machine.devices[1]);
  const std::unique_ptr<Collective> collective = machine.transport->CreateCollective({0, 1}).value();
  const std::unique_ptr<Event> done_a = a.Made(), done_b = b.Made();
  const ReduceBuffer of_a = BufferOf(a, 0, 1), of_b = BufferOf(b, 0, 1);
  for (int round = 0; round < 3; ++round) {
    done_a->Reset();
    done_b->Reset();
    CONFORM_OK(a.Set(0, 1.0f));
    CONFORM_OK(b.Set(0, 2.0f));
    if (round == 1 && with_reset) {
      CONFORM_OK(Arrive(*collective, a, {&of_a, 1}, *done_a));
      collective->Reset();
    }
    CONFORM_OK(Arrive(*collective, b, {&of_b, 1}, *done_b));
    CONFORM(!done_b->Posted());
    CONFORM_OK(Arrive(*collective, a, {&of_a, 1}, *done_a));
    CONFORM_OK(a.stream->Wait(*done_a));
    CONFORM_OK(b.Bind().stream->Wait(*done_b));
    CONFORM(a.Read(1) == std::vector<float>{3});
    CONFORM(b.Read(1) == std::vector<float>{3});
  }
}

void RoundsWithoutResets(Context& context) { Rounds(context, false); }
void RoundsAndResets(Context& context) { Rounds(context, true); }

void RoundsBetweenThreads(Context& context) {
  constexpr int kRounds = 100, kDevices = 3;
  MachineUnderTest machine = context.Make(kDevices);
  const std::unique_ptr<Collective> collective = machine.transport->CreateCollective({0, 1, 2}).value();
  std::vector<std::unique_ptr<Lane<double>>> lanes;
  std::vector<std::vector<std::unique_ptr<Event>>> done(kDevices);
  for (int device = 0; device < kDevices; ++device) {
    lanes.push_back(std::make_unique<Lane<double>>(*machine.devices[device]));
    for (int round = 0; round < kRounds; ++round) done[device].push_back(lanes[device]->Made());
  }
  int errors[kDevices] = {};
  std::vector<std::thread> threads;
  for (int device = 0; device < kDevices; ++device) {
    threads.emplace_back([&, device] {
      Lane<double>& lane = *lanes[device];
      const ReduceBuffer buffer = BufferOf(lane, 0, 1);
      for (int round = 0; round < kRounds; ++round) {
        errors[device] += !lane.Set(0, round + device).ok();
        errors[device] += !Arrive(*collective, lane, {&buffer, 1}, *done[device][round]).ok();
        errors[device] += !lane.stream->Wait(*done[device][round]).ok();
        errors[device] += lane.Read(1) != std::vector<double>{3.0 * round + 3.0};
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int of_device : errors) CONFORM(of_device == 0);
}

void WrongCallsAreInternal(Context& context) {
  MachineUnderTest machine = context.Make(2);
  Lane<float> a(*machine.devices[0]), b(*machine.devices[1]);
  const std::unique_ptr<Collective> collective = machine.transport->CreateCollective({0, 1}).value();
  const std::unique_ptr<Event> done_a = a.Made(), done_b = b.Made();
  const auto arrive = [&](int device, absl::Span<const ReduceBuffer> buffers) {
    Lane<float>& lane = device == 0 ? a : b;
    return collective->Arrive(*lane.Bind().stream, device, buffers, device == 0 ? *done_a : *done_b, nullptr).code();
  };
  const ReduceBuffer eight = {a.At(0), 8, false};
  CONFORM(arrive(2, {&eight, 1}) == absl::StatusCode::kInternal);
  CONFORM(arrive(0, {}) == absl::StatusCode::kInternal);
  CONFORM(arrive(0, {&eight, 1}) == absl::StatusCode::kOk);
  CONFORM(arrive(0, {&eight, 1}) == absl::StatusCode::kInternal);
}

// `first` and `second`: the members' bytes and whether they are f64.
void Disagree(Context& context, std::pair<Bytes, bool> first, std::pair<Bytes, bool> second) {
  MachineUnderTest machine = context.Make(2);
  const ReportedError reported(*machine.transport);
  Lane<float> a(*machine.devices[0]), b(*machine.devices[1]);
  const std::unique_ptr<Collective> collective = machine.transport->CreateCollective({0, 1}).value();
  const std::unique_ptr<Event> done_a = a.Made(), done_b = b.Made();
  const ReduceBuffer of_a = {a.At(0), first.first, first.second}, of_b = {b.At(0), second.first, second.second};
  absl::Status status = Arrive(*collective, a, {&of_a, 1}, *done_a);
  if (status.ok()) status = Arrive(*collective, b, {&of_b, 1}, *done_b);
  const auto is_internal = [&] {
    return (status.ok() ? reported.code() : status.code()) == absl::StatusCode::kInternal;
  };
  CONFORM(context.Soon(is_internal));
  CONFORM(!done_a->Posted());
  CONFORM(!done_b->Posted());
  collective->Reset();
}

void SizesMustAgree(Context& context) { Disagree(context, {8, false}, {4, false}); }
void TypesMustAgree(Context& context) { Disagree(context, {8, false}, {8, true}); }
void ElementsAreWhole(Context& context) { Disagree(context, {6, false}, {6, false}); }

void WithoutMembersIsRefused(Context& context) {
  MachineUnderTest machine = context.Make(1);
  CONFORM(machine.transport->CreateCollective({}).status().code() == absl::StatusCode::kInvalidArgument);
}

}  // namespace

std::vector<ConformanceCase> CollectiveCases() {
  std::vector<ConformanceCase> cases = {
      {"f32 is summed in the order of members: device 0 last", SumsInOrder<float, 0>},
      {"f32 is summed in the order of members: device 1 last", SumsInOrder<float, 1>},
      {"f64 is summed in the order of members: device 0 last", SumsInOrder<double, 0>},
      {"f64 is summed in the order of members: device 1 last", SumsInOrder<double, 1>},
      {"a device may have many members", ManyMembers<150, false>},
      {"two members exchange their shards", Shards<2, 2, 40>},
      {"three members exchange their shards", Shards<3, 3, 100>},
      {"seven members on three devices exchange their shards", Shards<3, 7, 200>},
      {"shards may be empty", Shards<3, 5, 33>},
      {"shards of a part of a region", Shards<3, 4, 100, 19, 200>},
      {"a part of a region that is in one member's shard", Shards<2, 4, 30, 65, 200>},
      {"two members are summed as a tree", ManyMembers<2, true>},
      {"three members are summed as a tree", ManyMembers<3, true>},
      {"eight members are summed as a tree", ManyMembers<8, true>},
      {"many members are summed as a tree", ManyMembers<150, true>},
      {"many numbers of three members on two devices", ManyNumbers<float, 2, 3, Combine::kInOrder>},
      {"many numbers of three devices", ManyNumbers<float, 3, 3, Combine::kInOrder>},
      {"many numbers of seven members on three devices, as a tree", ManyNumbers<double, 3, 7, Combine::kAsTree>},
      {"shards of the sum of two devices", ManyNumbers<float, 2, 2, Combine::kTreeToShards>},
      {"shards of the sum of four devices", ManyNumbers<double, 4, 4, Combine::kTreeToShards>},
      {"shards of the sum of seven members on three devices", ManyNumbers<float, 3, 7, Combine::kTreeToShards>},
      {"many numbers of five members on four devices", ManyNumbers<double, 4, 5, Combine::kInOrder>},
      {"a sum can be used again", RoundsWithoutResets},
      {"a sum can be used again after a reset", RoundsAndResets, {Ability::kWithdraw}},
      {"many sums between three threads", RoundsBetweenThreads},
      {"wrong devices and numbers of buffers are internal errors", WrongCallsAreInternal},
      {"members of different sizes are an internal error", SizesMustAgree},
      {"members of different types are an internal error", TypesMustAgree},
      {"a size that is not a multiple of the element's is an internal error", ElementsAreWhole},
      {"a sum without members is refused", WithoutMembersIsRefused},
  };
  for (ConformanceCase& each : cases) each.needs.push_back(Ability::kSums);
  return cases;
}

}  // namespace baton
