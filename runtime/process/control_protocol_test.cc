// The state machines of control by themselves: counts of bytes, first failures, goodbyes, broken welcomes; and the
// clocks' offset.
#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "runtime/process/clock_offset.h"
#include "runtime/process/testing/simulated_network.h"

namespace baton {
namespace {

// Streams 0 to size - 1 as the processes of these ranks.
void JoinAll(LeaderState& leader, int size) {
  for (int rank = 0; rank < size; ++rank) {
    proto::FromProcess hello;
    *hello.mutable_hello() = HelloOfRank(rank, size);
    leader.Opened(rank, 0);
    leader.Received(rank, hello, 0);
  }
}

TEST_CASE("operations without bytes are counted too") {
  LeaderState leader(OptionsOfLeader(HelloOfRank(0, 2)), 0);
  JoinAll(leader, 2);
  proto::FromProcess part;
  part.mutable_part()->set_last(true);
  const int most = (1 << 20) / static_cast<int>(2 * sizeof(std::string));
  for (int i = 0; i < most; ++i) {
    part.mutable_part()->set_sequence(i);
    leader.Received(1, part, 0);
  }
  CHECK_FALSE(leader.failure().has_value());
  part.mutable_part()->set_sequence(most);
  leader.Received(1, part, 0);
  REQUIRE(leader.failure().has_value());
  CHECK(leader.failure()->rank() == 1);
  CHECK(absl::StrContains(leader.failure()->message(), "more than 1048576 bytes wait"));
}

TEST_CASE("a process that comes after the first failure is told of it, rank 0's own too") {
  LeaderState leader(OptionsOfLeader(HelloOfRank(0, 3)), 0);
  const int late = GENERATE(0, 2);
  const auto join = [&](int64_t stream, const proto::Hello& hello) {
    proto::FromProcess message;
    *message.mutable_hello() = hello;
    leader.Opened(stream, 0);
    leader.Received(stream, message, 0);
    return leader.TakeActions();
  };
  (void)join(1, HelloOfRank(1, 2));  // a world of another size
  const std::vector<LeaderAction> actions = join(2, HelloOfRank(late, 3));
  REQUIRE(actions.size() == 2);
  REQUIRE(actions[0].message != nullptr);
  CHECK(actions[0].message->failure().rank() == 0);
  CHECK(absl::StrContains(actions[0].message->failure().message(), "has a world of size 2, rank 0 (host-0) has 3"));
  CHECK(actions[1].message == nullptr);
  CHECK(actions[1].refusal.empty());
  MemberState member(OptionsOfMember(HelloOfRank(late, 3)), 0);
  member.Connected(0);
  member.Received(*actions[0].message, 0);
  member.Disconnected("", 0);
  REQUIRE(member.phase() == kFailed);
  CHECK(member.failure()->message() == actions[0].message->failure().message());
  CHECK(member.failure_is_shared());
}

TEST_CASE("a process that has left gets and says nothing more") {
  LeaderState leader(OptionsOfLeader(HelloOfRank(0, 2)), 0);
  JoinAll(leader, 2);
  proto::FromProcess ask, goodbye, set, failure;
  ask.mutable_ask_value()->set_key("k");
  goodbye.mutable_goodbye();
  set.mutable_set_value()->set_key("k");
  failure.mutable_failure()->set_message("x");
  leader.Received(1, ask, 0);
  leader.Received(1, goodbye, 0);
  (void)leader.TakeActions();
  leader.Received(0, set, 0);
  leader.Received(1, failure, 0);
  CHECK(leader.TakeActions().empty());
  CHECK_FALSE(leader.failure().has_value());
}

TEST_CASE("a leader that breaks the protocol is a failure of its own") {
  struct Broken {
    int num_members;  // of the welcome
    int num_welcomes;
    const char* message;
  };
  const Broken broken = GENERATE(Broken{1, 1, "sent a welcome with 1 members; this run has 2 processes"},
                                 Broken{2, 2, "sent a second welcome"}, Broken{0, 0, "sent data before the welcome"});
  MemberState member(OptionsOfMember(HelloOfRank(1, 2)), 0);
  member.Connected(0);
  proto::FromLeader welcome, part;
  welcome.mutable_welcome();
  for (int rank = 0; rank < broken.num_members; ++rank) {
    *welcome.mutable_welcome()->add_members() = HelloOfRank(rank, 2);
  }
  part.mutable_part()->set_last(true);
  for (int i = 0; i < broken.num_welcomes; ++i) member.Received(welcome, 0);
  if (broken.num_welcomes == 0) member.Received(part, 0);
  REQUIRE(member.phase() == kFailed);
  CHECK(member.failure()->rank() == 0);
  CHECK(member.failure()->message() == broken.message);
  CHECK_FALSE(member.failure_is_shared());
}

TEST_CASE("the clocks' offset is that of the least round trip of eight") {
  ClockOffset clock;
  CHECK(clock.round_trip_ns() == 0);
  clock.Add(1000, 501'100, 1200);  // round trip 200: offset 500'000
  CHECK(clock.offset_ns() == 500'000);
  clock.Add(2000, 502'900, 3000);  // round trip 1000, 400 off
  CHECK(clock.offset_ns() == 500'000);
  clock.Add(4000, 504'010, 4020);
  CHECK(clock.offset_ns() == 500'000);
  CHECK(clock.round_trip_ns() == 20);
  clock.Add(10, 1, 5);  // returned before it was sent
  // No clock is before its start; such numbers would overflow.
  clock.Add(INT64_MIN, 1, 5);
  clock.Add(1, INT64_MIN, 5);
  CHECK(clock.round_trip_ns() == 20);
  for (int i = 0; i < ClockOffset::kProbes; ++i) clock.Add(i * 1000, i * 1000 + 700'050, i * 1000 + 100);
  CHECK(clock.offset_ns() == 700'000);  // the others are forgotten
}

}  // namespace
}  // namespace baton
