// Members that meet: sums in their order, maxima, differing buffers, and a member that has failed.
#include "runtime/transport/local/local_member_meeting.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <thread>

namespace baton {
namespace {

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
  for (const int num_members : {1, 2, 3, 4, 8}) {
    for (const int64_t count : {1, 5, 64, 1000}) {
      CAPTURE(num_members, count);
      LocalMemberMeeting meeting(num_members);
      constexpr int kRounds = 20;
      std::vector<std::vector<float>> results(num_members * kRounds, std::vector<float>(count));
      const auto statuses = Together(num_members, [&](int member) {
        absl::Status status;
        for (int round = 0; round < kRounds && status.ok(); ++round) {
          std::vector<float>& values = results[round * num_members + member];
          for (int64_t i = 0; i < count; ++i) values[i] = ValueOf(round, member, i);
          status = meeting.group(member).Sum({}, DataType::kFloat32, count, BytesOf(values));
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
  for (const int num_members : {1, 2, 3, 4}) {
    for (const int64_t count : {1, 5, 64, 1000}) {  // of a slice
      CAPTURE(num_members, count);
      LocalMemberMeeting meeting(num_members);
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
  std::vector<std::vector<double>> values = {{1, 5, kNone, 1}, {2, -1, 3, kNone}, {0, 4, 9, 9}};
  LocalMemberMeeting meeting(3);
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
