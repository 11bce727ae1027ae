// When a run over several processes hangs, and how that is said.
#include "runtime/train/progress_reporter.h"

#include <catch2/catch.hpp>

namespace baton {
namespace {

proto::Heartbeat Beat(int64_t instructions, const std::string& position) {
  proto::Heartbeat heartbeat;
  heartbeat.set_instructions(instructions);
  if (!position.empty()) heartbeat.add_positions(position);
  return heartbeat;
}

TEST_CASE("a run hangs once no process within a step completes anything for the timeout") {
  const absl::Time start = absl::UnixEpoch();
  HangDetector detector(2, absl::Seconds(60));
  const auto hangs_at = [&](int second, const proto::Heartbeat& a, const proto::Heartbeat& b) {
    return detector.Hangs({a, b}, start + absl::Seconds(second));
  };
  CHECK_FALSE(hangs_at(0, Beat(5, "waits"), Beat(5, "computes")));
  CHECK_FALSE(hangs_at(59, Beat(5, "waits"), Beat(5, "computes")));
  CHECK_FALSE(hangs_at(61, Beat(5, "waits"), Beat(6, "computes")));  // rank 1 has moved
  CHECK_FALSE(hangs_at(122, Beat(5, "waits"), Beat(6, "")));         // rank 1 is between two steps
  CHECK_FALSE(hangs_at(181, Beat(5, "waits"), Beat(6, "computes")));
  CHECK(hangs_at(182, Beat(5, "waits"), Beat(6, "computes")));
}

TEST_CASE("a hang is described rank by rank") {
  std::vector<proto::Hello> members(2);
  members[0].set_host("a");
  members[1].set_host("b");
  CHECK(DescribeHang({Beat(1, "device 0 waits in Recv"), Beat(2, "device 1 computes Forward")}, members,
                     absl::Seconds(60)) ==
        "no device has completed an instruction for 1m; rank 0 (a): device 0 waits in Recv; rank 1 (b): device 1 "
        "computes Forward");
}

}  // namespace
}  // namespace baton
