// Devices that share cores: cases worked out by hand, and that no work is lost.
#include "schedules/costs/shared_cores.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

namespace baton {
namespace {

struct Piece {
  int device;
  Nanos start;
  Nanos work;
};

// When the work of each device ends; -1: it has none.
std::vector<Nanos> EndsOf(const SharedCores& cores, int num_devices, const std::vector<Piece>& pieces) {
  CoreTurns turns(cores, num_devices);
  for (const Piece& piece : pieces) turns.Start(piece.device, piece.start, piece.work);
  std::vector<Nanos> ends(num_devices, -1);
  Nanos last = 0;
  while (turns.NextEvent() != kNoEvent) {
    const Nanos now = turns.NextEvent();
    REQUIRE(now >= last);
    last = now;
    if (const int device = turns.Advance(); device >= 0) ends[device] = now;
  }
  return ends;
}

TEST_CASE("devices that share cores, worked out by hand") {
  struct Case {
    const char* name;
    SharedCores cores;
    std::vector<Piece> pieces;
    std::vector<Nanos> ends;
  };
  const Case cases[] = {
      {"a core each", {2, 1, 0}, {{0, 0, 10}, {1, 0, 7}}, {10, 7}},
      {"one core, both at once", {1, 1, 0}, {{0, 0, 10}, {1, 0, 10}}, {20, 20}},
      // Until 20 both have 10 of their work; then device 0 is alone.
      {"one core, the longer one is alone at last", {1, 1, 0}, {{0, 0, 30}, {1, 0, 10}}, {40, 20}},
      // Alone until 10, then half of the core for each: device 1 ends after 10 of its own work, at 30.
      {"one core, one later", {1, 1, 0}, {{0, 0, 30}, {1, 10, 10}}, {40, 30}},
      {"one core, one after the other", {1, 1, 0}, {{0, 0, 10}, {1, 10, 10}}, {10, 20}},
      {"two cores, three devices", {2, 1, 0}, {{0, 0, 10}, {1, 0, 10}, {2, 0, 10}}, {15, 15, 15}},
      {"two threads each", {2, 2, 0}, {{0, 0, 10}, {1, 0, 10}}, {20, 20}},
      {"more threads than cores", {1, 2, 0}, {{0, 0, 10}}, {20}},
      {"two hosts", {1, 1, 2}, {{0, 0, 10}, {1, 0, 10}, {2, 0, 10}}, {20, 20, 10}},
      {"two GPUs, devices dealt in turn", {1, 1, 0, 2}, {{0, 0, 10}, {1, 0, 10}, {2, 0, 10}}, {20, 10, 20}},
      // The two on a GPU do 1.25 of the work of one alone: 20 of it take 16.
      {"a GPU whose kernels overlap", {1.25, 1, 0, 1}, {{0, 0, 10}, {1, 0, 10}}, {16, 16}},
      {"a device alone on such a GPU", {1.25, 1, 0, 2}, {{0, 0, 10}, {1, 0, 7}}, {10, 7}},
      {"two hosts of two GPUs", {1, 1, 3, 2}, {{0, 0, 10}, {1, 0, 10}, {2, 0, 10}, {3, 0, 10}}, {20, 10, 20, 10}},
      {"no limit", {0, 4, 0}, {{0, 0, 10}, {1, 3, 10}}, {10, 13}},
  };
  for (const Case& each : cases) {
    CAPTURE(each.name);
    CHECK(EndsOf(each.cores, static_cast<int>(each.ends.size()), each.pieces) == each.ends);
  }
}

TEST_CASE("cores are shared if the devices of one host have more threads") {
  CHECK(!SharedCores{0, 8, 0}.AreShared(100));
  CHECK(!SharedCores{4, 1, 0}.AreShared(4));
  CHECK(SharedCores{4, 1, 0}.AreShared(5));
  CHECK(SharedCores{4, 2, 0}.AreShared(3));
  CHECK(!SharedCores{4, 1, 4}.AreShared(100));
  CHECK(SharedCores{4, 1, 5}.AreShared(100));
  CHECK(!SharedCores{4, 1, 100}.AreShared(4));
  CHECK(!SharedCores{1, 1, 0, 4}.AreShared(4));
  CHECK(SharedCores{1, 1, 0, 4}.AreShared(5));
  CHECK(!SharedCores{2, 1, 0, 4}.AreShared(8));
  CHECK(SharedCores{1.5, 1, 0, 4}.AreShared(8));
}

TEST_CASE("the devices of a host are dealt to its GPUs in turn") {
  const SharedCores cores{1, 1, 5, 2};
  std::vector<int> processors;
  for (int device = 0; device < 12; ++device) processors.push_back(cores.ProcessorOf(device));
  CHECK(processors == std::vector<int>{0, 1, 0, 1, 0, 2, 3, 2, 3, 2, 4, 5});
  CHECK(cores.NumProcessors(12) == 6);
  CHECK(cores.NumProcessors(0) == 0);
  CHECK(cores.MostOnProcessor(12) == 3);
  CHECK(cores.MostOnProcessor(3) == 2);
}

TEST_CASE("cores are never idle while work waits, and never do more than they can") {
  for (const double cores : {1.0, 2.0, 3.0, 4.0, 5.0}) {
    for (int seed = 0; seed < 20; ++seed) {
      std::vector<Piece> pieces;
      Nanos all = 0, longest = 0;
      for (int device = 0; device < 6; ++device) {
        const Nanos work = 1 + (device * 37 + seed * 101) % 53;
        pieces.push_back({device, 0, work});
        all += work;
        longest = std::max(longest, work);
      }
      const std::vector<Nanos> ends = EndsOf({cores, 1, 0}, 6, pieces);
      const Nanos last = *std::max_element(ends.begin(), ends.end());
      CAPTURE(cores, seed);
      // Each event may round up by a nanosecond.
      CHECK(last * cores >= all);
      CHECK(last >= longest);
      if (cores == 1) CHECK(last <= all + 6);
      for (int device = 0; device < 6; ++device) {
        CHECK(ends[device] >= pieces[device].work);
        // As if all others ran all the time.
        CHECK(static_cast<double>(ends[device]) <=
              static_cast<double>(pieces[device].work) / SharedCores{cores, 1, 0}.SpeedOf(6) + 6);
      }
    }
  }
}

}  // namespace
}  // namespace baton
