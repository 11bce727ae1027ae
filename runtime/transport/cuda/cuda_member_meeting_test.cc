// Members on GPUs of the stand-in that meet: sums in their order in every order of the GPUs' work, maxima, slices, and
// buffers that are written again at once.
#include "runtime/transport/cuda/cuda_member_meeting.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <thread>

#include "runtime/transport/cuda/combine_shares.h"
#include "tests/cuda_stand_in/stand_in.h"

namespace baton {
namespace {

constexpr Bytes kArenaBytes = 1 << 16;

// Members with a stream and an arena each. Member m is on GPU m modulo the number of GPUs.
struct Team {
  Team(int num_members, int num_gpus, uint64_t seed) {
    stand_in::ResetMachine();
    stand_in::SetNumGpus(num_gpus);
    stand_in::SetWorkOrder(seed);
    std::vector<const CudaDevice*> members;
    for (int member = 0; member < num_members; ++member) {
      devices.push_back(CudaDevice::Create(/*index=*/0, member).value());
      streams.push_back(devices.back()->CreateStream().value());
      arenas.push_back(devices.back()->CreateArena(kArenaBytes).value());
      members.push_back(devices.back().get());
    }
    meeting = CudaMemberMeeting::Create(members).value();
  }
  ~Team() {
    stand_in::SetNumGpus(1);
    CHECK(stand_in::LastFault().empty());
  }

  // Runs run(member) on a thread for each member, whose GPU is current there.
  std::vector<absl::Status> Together(const std::function<absl::Status(int)>& run) {
    std::vector<absl::Status> statuses(devices.size());
    std::vector<std::thread> threads;
    for (size_t m = 0; m < devices.size(); ++m) {
      threads.emplace_back([&, m] {
        statuses[m] = devices[m]->BindWorkerThread();
        if (statuses[m].ok()) statuses[m] = run(static_cast<int>(m));
      });
    }
    for (std::thread& thread : threads) thread.join();
    return statuses;
  }
  KernelStream StreamOf(int member) const { return {streams[member]->native_handle()}; }
  template <typename T>
  void Write(int member, Bytes offset, const std::vector<T>& values) {
    REQUIRE(devices[member]
                ->CopyToArena(arenas[member] + offset, reinterpret_cast<const std::byte*>(values.data()),
                              static_cast<Bytes>(values.size() * sizeof(T)))
                .ok());
  }
  // Waits for the streams.
  template <typename T>
  std::vector<T> Read(int member, Bytes offset, int64_t count) {
    for (const std::unique_ptr<Stream>& stream : streams) REQUIRE(stream->Synchronize().ok());
    std::vector<T> values(count);
    REQUIRE(devices[member]
                ->CopyFromArena(reinterpret_cast<std::byte*>(values.data()), arenas[member] + offset,
                                static_cast<Bytes>(values.size() * sizeof(T)))
                .ok());
    return values;
  }

  std::vector<std::unique_ptr<CudaDevice>> devices;
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<std::byte*> arenas;
  std::unique_ptr<CudaMemberMeeting> meeting;
};

// Values of magnitudes so different that the order of a sum changes its bits.
float ValueOf(int round, int member, int64_t i) {
  return static_cast<float>(std::ldexp(1.0 + 0.37 * static_cast<double>(i % 11), (member * 7 + round) % 23));
}

std::vector<float> ValuesOf(int round, int member, int64_t count) {
  std::vector<float> values(count);
  for (int64_t i = 0; i < count; ++i) values[i] = ValueOf(round, member, i);
  return values;
}

std::vector<float> SumOf(int round, int num_members, int64_t count) {
  std::vector<float> sum = ValuesOf(round, 0, count);
  for (int member = 1; member < num_members; ++member) {
    for (int64_t i = 0; i < count; ++i) sum[i] += ValueOf(round, member, i);
  }
  return sum;
}

Bytes Place(int index) { return index * Bytes{4096}; }

}  // namespace

// Without a wait of Leave, a member overwrites or copies a buffer that another one still sums.
TEST_CASE("CUDA members: every member gets the sum in the order of members, in every order of the GPUs' work") {
  constexpr int kRounds = 4;
  for (const int num_members : {1, 2, 3, 4}) {
    for (const int64_t count : {1, 33, 700}) {
      for (const uint64_t seed : {1, 2, 3}) {
        CAPTURE(num_members, count, seed);
        Team team(num_members, /*num_gpus=*/1 + static_cast<int>(seed % 2), seed);
        for (int member = 0; member < num_members; ++member) {
          for (int round = 0; round < kRounds; ++round) {
            team.Write(member, Place(round), ValuesOf(round, member, count));
          }
        }
        const auto statuses = team.Together([&](int member) {
          absl::Status status;
          std::byte* const values = team.arenas[member] + Place(kRounds);
          for (int round = 0; round < kRounds && status.ok(); ++round) {
            // The buffer of the last round is used again at once.
            const Bytes bytes = count * static_cast<Bytes>(sizeof(float));
            status = team.streams[member]->Copy(values, team.arenas[member] + Place(round), bytes);
            if (status.ok()) {
              status = team.meeting->group(member).Sum(team.StreamOf(member), DataType::kFloat32, count, values);
            }
            if (status.ok()) status = team.streams[member]->Copy(team.arenas[member] + Place(round), values, bytes);
          }
          return status;
        });
        for (const absl::Status& status : statuses) REQUIRE(status == absl::OkStatus());
        for (int member = 0; member < num_members; ++member) {
          for (int round = 0; round < kRounds; ++round) {
            CHECK(team.Read<float>(member, Place(round), count) == SumOf(round, num_members, count));
          }
        }
      }
    }
  }
}

TEST_CASE("CUDA members: slices are gathered in order, and sums are scattered with the bits of a sum") {
  for (const int num_members : {2, 3}) {
    for (const uint64_t seed : {4, 5, 6}) {
      CAPTURE(num_members, seed);
      constexpr int64_t kCount = 37;  // of a slice
      const int64_t whole = num_members * kCount;
      Team team(num_members, /*num_gpus=*/1 + static_cast<int>(seed % 2), seed);
      for (int member = 0; member < num_members; ++member) team.Write(member, 0, ValuesOf(0, member, whole));
      const auto statuses = team.Together([&](int member) {
        MemberGroup& group = team.meeting->group(member);
        std::byte* const arena = team.arenas[member];
        const KernelStream stream = team.StreamOf(member);
        absl::Status status = group.SumScatter(stream, DataType::kFloat32, kCount, arena, arena + Place(1));
        if (status.ok()) status = group.Gather(stream, DataType::kFloat32, kCount, arena + Place(1), arena + Place(2));
        if (!status.ok()) return status;
        return team.streams[member]->Zero(arena + Place(1), kCount * static_cast<Bytes>(sizeof(float)));
      });
      for (int member = 0; member < num_members; ++member) {
        REQUIRE(statuses[member] == absl::OkStatus());
        CHECK(team.Read<float>(member, Place(2), whole) == SumOf(0, num_members, whole));
        CHECK(team.Read<float>(member, 0, whole) == ValuesOf(0, member, whole));
      }
    }
  }
}

TEST_CASE("CUDA members: a maximum is the largest, or no number if one is none; sums of bf16 are rounded once") {
  Team team(3, /*num_gpus=*/2, /*seed=*/7);
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  const std::vector<std::vector<double>> values = {{1, 5, kNone, 1}, {2, -1, 3, kNone}, {0, 4, 9, 9}};
  // 1, 2⁻⁸ and 2⁻⁸ in bf16: 1 + 2⁻⁸ is 1 if it is rounded at once.
  const std::vector<uint16_t> small = {0x3f80, 0x3b80, 0x3b80};
  for (int member = 0; member < 3; ++member) {
    team.Write(member, 0, values[member]);
    team.Write(member, Place(1), std::vector<uint16_t>{small[member]});
  }
  const auto statuses = team.Together([&](int member) {
    MemberGroup& group = team.meeting->group(member);
    const absl::Status status = group.Max(team.StreamOf(member), DataType::kFloat64, 4, team.arenas[member]);
    if (!status.ok()) return status;
    return group.Sum(team.StreamOf(member), DataType::kBFloat16, 1, team.arenas[member] + Place(1));
  });
  for (int member = 0; member < 3; ++member) {
    REQUIRE(statuses[member] == absl::OkStatus());
    const std::vector<double> largest = team.Read<double>(member, 0, 4);
    CHECK(largest[0] == 2);
    CHECK(largest[1] == 5);
    CHECK(std::isnan(largest[2]));
    CHECK(std::isnan(largest[3]));
    CHECK(team.Read<uint16_t>(member, Place(1), 1)[0] == 0x3f81);  // 1 + 2⁻⁷
  }
}

TEST_CASE("CUDA members: other types and too large groups are refused") {
  Team team(2, /*num_gpus=*/1, /*seed=*/8);
  const auto statuses = team.Together([&](int member) {
    return team.meeting->group(member).Sum(team.StreamOf(member), DataType::kInt32, 3, team.arenas[member]);
  });
  for (const absl::Status& status : statuses) {
    CHECK(status == absl::InvalidArgumentError("sum over members: [3] i32 is not f32, f64 or bf16"));
  }
  const std::vector<const CudaDevice*> many(kMostMembersOnGpus + 1, team.devices[0].get());
  CHECK(CudaMemberMeeting::Create(many).status() ==
        absl::InvalidArgumentError("a group of 65 members on GPUs must have at most 64"));
}

}  // namespace baton
