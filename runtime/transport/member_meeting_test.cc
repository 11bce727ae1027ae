// Members that meet, in one process and in several: sums in their order, maxima, slices, differing buffers, and a
// member or a process that has failed.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "runtime/transport/gloo/gloo_member_meeting.h"
#include "runtime/transport/gloo/gloo_transport.h"
#include "runtime/transport/local/local_member_meeting.h"
#include "runtime/transport/testing/stores.h"

namespace baton {
namespace {

// A group of which each process has equally many members.
class Group {
 public:
  Group(int num_members, int num_processes) : members_each_(num_members / num_processes) {
    if (num_processes == 1) {
      meetings_.push_back(std::make_unique<LocalMemberMeeting>(num_members));
      return;
    }
    std::vector<int> ranks, rank_of_member;
    for (int rank = 0; rank < num_processes; ++rank) {
      ranks.push_back(rank);
      rank_of_member.insert(rank_of_member.end(), members_each_, rank);
    }
    for (int rank = 0; rank < num_processes; ++rank) {
      GlooTransportOptions options;
      options.rank = rank;
      options.rank_of_device = ranks;
      options.store = &store_;
      transports_.push_back(GlooTransport::Create(options).value());
      meetings_.push_back(GlooMemberMeeting::Create(*transports_.back(), rank_of_member, rank).value());
    }
    std::vector<absl::Status> connected(transports_.size());
    std::vector<std::thread> threads;
    for (size_t i = 0; i < transports_.size(); ++i) {
      threads.emplace_back([this, &connected, i] { connected[i] = transports_[i]->AwaitConnected(); });
    }
    for (std::thread& thread : threads) thread.join();
    for (const absl::Status& each : connected) CHECK(each.ok());
  }

  MemberGroup& group(int member) { return meeting(member / members_each_).group(member); }
  MemberMeeting& meeting(int process) { return *meetings_[process]; }
  GlooTransport& transport(int process) { return *transports_[process]; }

 private:
  const int members_each_;
  MemoryStore store_;
  std::vector<std::unique_ptr<GlooTransport>> transports_;  // [process], if there are several
  std::vector<std::unique_ptr<MemberMeeting>> meetings_;    // [process]
};

struct Kind {
  int num_members = 1;
  int num_processes = 1;
};

constexpr Kind kKinds[] = {{1, 1}, {2, 1}, {3, 1}, {4, 1}, {8, 1}, {2, 2}, {3, 3}, {4, 2}, {4, 4}, {6, 3}, {10, 10}};

// Runs member(m) on a thread for each member.
std::vector<absl::Status> Together(int num_members, const std::function<absl::Status(int)>& member) {
  std::vector<absl::Status> statuses(num_members);
  std::vector<std::thread> threads;
  for (int m = 0; m < num_members; ++m) threads.emplace_back([&, m] { statuses[m] = member(m); });
  for (std::thread& thread : threads) thread.join();
  return statuses;
}

template <typename T>
std::byte* BytesOf(std::vector<T>& values) {
  return reinterpret_cast<std::byte*>(values.data());
}

// Values of magnitudes so different that the order of a sum changes its bits.
float ValueOf(int round, int member, int64_t i) {
  return static_cast<float>(std::ldexp(1.0 + 0.37 * static_cast<double>(i % 11), (member * 7 + round) % 23));
}

}  // namespace

TEST_CASE("every member gets the sum in the order of members") {
  for (const auto& [num_members, num_processes] : kKinds) {
    Group group(num_members, num_processes);
    for (const int64_t count : {1, 5, 64, 1000, 40'000}) {
      CAPTURE(num_members, num_processes, count);
      const int kRounds = count > 1000 ? 2 : 20;
      std::vector<std::vector<float>> results(num_members * kRounds, std::vector<float>(count));
      const auto statuses = Together(num_members, [&](int member) {
        absl::Status status;
        for (int round = 0; round < kRounds && status.ok(); ++round) {
          std::vector<float>& values = results[round * num_members + member];
          for (int64_t i = 0; i < count; ++i) values[i] = ValueOf(round, member, i);
          status = group.group(member).Sum({}, DataType::kFloat32, count, BytesOf(values));
        }
        return status;
      });
      for (const absl::Status& status : statuses) REQUIRE(status.ok());
      for (int round = 0; round < kRounds; ++round) {
        std::vector<float> expected(count);
        for (int64_t i = 0; i < count; ++i) {
          expected[i] = ValueOf(round, 0, i);
          for (int member = 1; member < num_members; ++member) expected[i] += ValueOf(round, member, i);
        }
        for (int member = 0; member < num_members; ++member) CHECK(results[round * num_members + member] == expected);
      }
    }
  }
}

TEST_CASE("slices are gathered in the order of members, and sums are scattered with the bits of a sum") {
  for (const auto& [num_members, num_processes] : kKinds) {
    Group meeting(num_members, num_processes);
    for (const int64_t count : {1, 5, 64, 1000, 20'000}) {  // of a slice
      CAPTURE(num_members, num_processes, count);
      const int64_t whole = num_members * count;
      using Buffers = std::vector<std::vector<float>>;
      Buffers wholes(num_members, std::vector<float>(whole)), slices(num_members, std::vector<float>(count));
      Buffers sums(num_members, std::vector<float>(whole)), gathered(num_members, std::vector<float>(whole));
      const auto statuses = Together(num_members, [&](int member) {
        MemberGroup& group = meeting.group(member);
        for (int64_t i = 0; i < whole; ++i) sums[member][i] = wholes[member][i] = ValueOf(/*round=*/0, member, i);
        absl::Status status =
            group.SumScatter({}, DataType::kFloat32, count, BytesOf(wholes[member]), BytesOf(slices[member]));
        if (status.ok()) status = group.Sum({}, DataType::kFloat32, whole, BytesOf(sums[member]));
        if (!status.ok()) return status;
        return group.Gather({}, DataType::kFloat32, count, BytesOf(slices[member]), BytesOf(gathered[member]));
      });
      for (int member = 0; member < num_members; ++member) {
        REQUIRE(statuses[member] == absl::OkStatus());
        CHECK(gathered[member] == sums[member]);
        for (int64_t i = 0; i < whole; ++i) CHECK(wholes[member][i] == ValueOf(0, member, i));
      }
    }
  }
}

TEST_CASE("a maximum is the largest, or no number if one is none") {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  const int num_processes = GENERATE(1, 3);
  CAPTURE(num_processes);
  std::vector<std::vector<double>> values = {{1, 5, kNone, 1}, {2, -1, 3, kNone}, {0, 4, 9, 9}};
  Group meeting(3, num_processes);
  const auto statuses = Together(
      3, [&](int member) { return meeting.group(member).Max({}, DataType::kFloat64, 4, BytesOf(values[member])); });
  for (const absl::Status& status : statuses) REQUIRE(status.ok());
  for (const auto& each : values) {
    CHECK(each[0] == 2);
    CHECK(each[1] == 5);
    CHECK(std::isnan(each[2]));
    CHECK(std::isnan(each[3]));
  }
}

TEST_CASE("a maximum of f32 over several members of each process") {
  Group meeting(4, 2);
  std::vector<std::vector<float>> values = {{1, 5, -2}, {2, -1, -3}, {0, 4, -1}, {-7, 6, -9}};
  const auto statuses = Together(
      4, [&](int member) { return meeting.group(member).Max({}, DataType::kFloat32, 3, BytesOf(values[member])); });
  for (const absl::Status& status : statuses) REQUIRE(status.ok());
  for (const auto& each : values) CHECK(each == std::vector<float>{2, 6, -1});
}

TEST_CASE("bytes of all members are gathered by one thread of each process") {
  for (const auto& [num_members, num_processes] : kKinds) {
    Group group(num_members, num_processes);
    const int each = num_members / num_processes;
    for (const Bytes bytes : {0, 1, 12, 64, 1000}) {
      CAPTURE(num_members, num_processes, bytes);
      std::vector<std::byte> expected;
      for (int member = 0; member < num_members; ++member) {
        for (Bytes i = 0; i < bytes; ++i) expected.push_back(static_cast<std::byte>(member * 31 + i));
      }
      std::vector<std::vector<std::byte>> all(num_processes, std::vector<std::byte>(expected.size()));
      const auto statuses = Together(num_processes, [&](int process) {
        return group.meeting(process).GatherBytes(bytes, expected.data() + process * each * bytes, all[process].data());
      });
      for (int process = 0; process < num_processes; ++process) {
        REQUIRE(statuses[process] == absl::OkStatus());
        CHECK(all[process] == expected);
      }
    }
  }
}

TEST_CASE("groups of which processes have different numbers of members are refused") {
  MemoryStore store;
  GlooTransportOptions options;
  options.rank_of_device = {0, 1};
  options.store = &store;
  const auto transport = GlooTransport::Create(options).value();
  const auto meeting = GlooMemberMeeting::Create(*transport, {0, 1, 1}, /*rank=*/0);
  CHECK(meeting.status().message() == "a tensor-parallel group has 2 members in rank 1 and 1 in rank 0");
}

TEST_CASE("members of different processes that bring other buffers are told, and nobody waits for ever") {
  Group group(2, 2);
  std::vector<absl::Status> reported(2);
  for (int process = 0; process < 2; ++process) {
    group.transport(process).SetErrorSink([&, process](const absl::Status& status) {
      reported[process] = status;
      group.meeting(process).Cancel();
    });
  }
  std::vector<std::vector<float>> values(2, std::vector<float>(4));
  const auto statuses = Together(2, [&](int member) {
    return group.group(member).Sum({}, DataType::kFloat32, member == 0 ? 4 : 3, BytesOf(values[member]));
  });
  for (int process = 0; process < 2; ++process) group.transport(process).SetErrorSink(nullptr);
  for (const absl::Status& status : statuses) CHECK_FALSE(status.ok());
  CHECK((!reported[0].ok() && !reported[1].ok()));
}

TEST_CASE("when a process has gone, members of others return, and the sink hears of it") {
  Group group(4, 2);
  absl::Status reported;
  group.transport(0).SetErrorSink([&](const absl::Status& status) {
    reported = status;
    group.meeting(0).Cancel();
  });
  std::vector<std::vector<float>> values(4, std::vector<float>(4));
  const auto statuses = Together(3, [&](int member) {
    if (member < 2) return group.group(member).Sum({}, DataType::kFloat32, 4, BytesOf(values[member]));
    group.transport(1).Abort(absl::UnavailableError("killed"));
    return absl::OkStatus();
  });
  group.transport(0).SetErrorSink(nullptr);
  CHECK_FALSE(statuses[0].ok());
  CHECK_FALSE(statuses[1].ok());
  CAPTURE(reported.ToString());
  CHECK(absl::StrContains(reported.message(), "rank 1"));
}

TEST_CASE("members that bring other buffers all get the error") {
  LocalMemberMeeting meeting(2);
  std::vector<std::vector<float>> values(2, std::vector<float>(4));
  const auto statuses = Together(2, [&](int member) {
    return meeting.group(member).Sum({}, DataType::kFloat32, member == 0 ? 4 : 3, BytesOf(values[member]));
  });
  for (const absl::Status& status : statuses) {
    CHECK(status.code() == absl::StatusCode::kInternal);
    CHECK(status.message() ==
          "member 1 of a tensor-parallel group brings 3 values to an exchange of another kind or type, or of 4");
  }
}

TEST_CASE("when a member fails, the others return, and meet again after Reset") {
  LocalMemberMeeting meeting(3);
  std::vector<std::vector<float>> values(3, std::vector<float>(4, 1.0f));
  const auto sum = [&](int member) {
    return meeting.group(member).Sum({}, DataType::kFloat32, 4, BytesOf(values[member]));
  };
  const auto statuses = Together(3, [&](int member) {
    if (member < 2) return sum(member);
    meeting.Cancel();
    return absl::OkStatus();
  });
  CHECK(statuses[0].code() == absl::StatusCode::kCancelled);
  CHECK(statuses[1].code() == absl::StatusCode::kCancelled);
  meeting.Reset();
  for (auto& each : values) each.assign(4, 1.0f);
  for (const absl::Status& status : Together(3, sum)) REQUIRE(status.ok());
  for (const auto& each : values) CHECK(each == std::vector<float>(4, 3.0f));
}

}  // namespace baton
