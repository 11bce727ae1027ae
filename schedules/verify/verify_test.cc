// Verdicts on orders from files: goldens of the output, and the round trip from program to file.
#include "schedules/verify/verify.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "schedules/catalog/catalog.h"
#include "schedules/lower/lower.h"
#include "schedules/lower/testing/greedy_order.h"
#include "schedules/program/form/csv.h"
#include "schedules/program/structure.h"

namespace baton {
namespace {

constexpr TransportModel kDefault;
constexpr TransportModel kPerDevice{0, QueueKind::kPerDevice};

Verdict MustVerify(const std::string& text, const TransportModel& transport = kDefault) {
  const auto csv = ReadCsv(text, "o.csv");
  INFO(csv.status());
  REQUIRE(csv.ok());
  auto verdict = Verify(*csv, transport);
  INFO(verdict.status());
  REQUIRE(verdict.ok());
  REQUIRE(verdict->is_sound == verdict->violations.empty());
  REQUIRE(verdict->is_sound != verdict->summary.empty());
  return *std::move(verdict);
}

std::string Violations(const std::string& text, const TransportModel& transport = kDefault) {
  return absl::StrJoin(MustVerify(text, transport).violations, "\n");
}

TEST_CASE("a sound order is one line of numbers") {
  CHECK(MustVerify("0F0,0F1,0B0,0B1\n,1F0,1B0,1F1,1B1\n").summary ==
        "sound: 2 devices, 2 chunks, 2 micro-batches, 22 instructions; at most 2 micro-batches live (device 0); safe "
        "by rendezvous, one queue a peer and direction");
  CHECK(MustVerify("0F0,0F1,0B0,0B1\n,1F0,1B0,1F1,1B1\n", {2, QueueKind::kPerPeer}).summary ==
        "sound: 2 devices, 2 chunks, 2 micro-batches, 22 instructions; at most 2 micro-batches live (device 0); safe "
        "by 2 buffers a peer and direction, one queue a peer");
  CHECK_THAT(MustVerify("0F0,0F1\n1F0,1F1").summary, Catch::Contains("; note: it has no backward"));
  CHECK_THAT(MustVerify("0F0,0F1,0B1,,0B0\n1F0,1F1,1B1,1B0").summary,
             Catch::Contains("; note: not for training, since the bits would differ: device 0, row 1 cell 5: 0B0 comes "
                             "after micro-batch 1"));
}

TEST_CASE("a cell of two passes runs them in turn, the forward first") {
  // The last device's backward needs the forward beside it.
  CHECK_THAT(
      MustVerify("0F0,0F1,0B0,0B1\n(1F0;1B0)OVERLAP_F_B,(1B1;1F1)OVERLAP_F_B\n").summary,
      Catch::EndsWith("; note: device 1, row 2 cell 1: the backward needs the forward of the same cell, so this is "
                      "sound only where the two run in turn, as in Baton and, by default, in PyTorch"));
  CHECK_THAT(MustVerify("0F0,0F1,0B0,0B1\n1F0,(1F1;1B0)OVERLAP_F_B,1B1\n").summary, !Catch::Contains("note"));
  // In turn is not enough if another device waits for the backward before that forward.
  CHECK(Violations("0F0,0B0,0F1,0B1\n1F0,(1F1;1B0)OVERLAP_F_B,1B1\n") != "");
}

TEST_CASE("one of each is singular") {
  CHECK_THAT(MustVerify("0F0,0B0\n").summary, Catch::StartsWith("sound: 1 device, 1 chunk, 1 micro-batch, "));
  CHECK_THAT(MustVerify("0F0,0B0\n").summary, Catch::Contains("at most 1 micro-batch live"));
}

TEST_CASE("every violation, by row and cell") {
  CHECK(Violations("0F0,,0F1,0F0,0B0\n\n1F0,1B0,1F1,1B1,1B0\n") ==
        "device 0, row 1: 0B1 is missing\n"
        "device 0, row 1 cell 4: 0F0 is repeated; first at cell 1\n"
        "device 2, row 3 cell 5: 1B0 is repeated; first at cell 2");
  CHECK(Violations("0F0,0W0,0I0\n1F0,1B0,0F0") ==
        "device 0, row 1 cell 2: 0W0 comes before its backward-input\n"
        "device 1, row 2 cell 3: 0F0 is of chunk 0, which is on device 0");
  CHECK(Violations("0F0,0B0,2F0,2B0\n") == "order: chunk 1 has no work on any device");
}

TEST_CASE("a wait cycle is printed and drawn") {
  const Verdict verdict = MustVerify("0F0,0B0,0F1,0B1\n,1F0,1F1,1B0,1B1\n");
  CHECK(absl::StrJoin(verdict.violations, "\n") ==
        "device 0, row 1 cell 2: 0B0 can never run, a cycle of 2 waits: 0B0 waits for 1B0 (device 1 cell 4), which is "
        "after 1F1; 1F1 waits for 0F1 (device 0 cell 3), which is after 0B0");
  CHECK(verdict.timeline ==
        "  device 0  0F0 | 0B0 0F1 0B1   0B0 waits for 1B0\n"
        "  device 1  1F0 | 1F1 1B0 1B1   1F1 waits for 0F1\n"
        "  | actions after the bar were not issued\n");
}

constexpr char kWithTransfers[] =
    "0F0,0SEND_F0,0F1,0SEND_F1,0RECV_B0,0B0,0RECV_B1,0B1\n"
    "1RECV_F0,1F0,1B0,1SEND_B0,1RECV_F1,1F1,1B1,1SEND_B1\n";

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST_CASE("transfers of a file are checked against what its order needs") {
  CHECK_THAT(MustVerify(kWithTransfers).summary, Catch::EndsWith("with its own transfers too"));
  const auto found = [](const std::string& from, const std::string& to) {
    return Violations(Replaced(kWithTransfers, from, to));
  };
  CHECK(found("1SEND_B1", "") == "device 0, row 1 cell 7: 0RECV_B1 is unpaired: device 1 has no 1SEND_B1");
  CHECK(found("1RECV_F1,", ",") == "device 0, row 1 cell 4: 0SEND_F1 is unpaired: device 1 has no 1RECV_F1");
  CHECK(Violations(Replaced(Replaced(kWithTransfers, "1RECV_F1,", ""), "0SEND_F1,", "")) ==
        "device 0, row 1: 0SEND_F1 is missing, and on device 1 1RECV_F1");
  CHECK(found("0SEND_F0", "0SEND_F0,0SEND_F0") == "device 0, row 1 cell 3: 0SEND_F0 is repeated; first at cell 2");
  CHECK(found("1B0,1SEND_B0", "1SEND_B0,1B0") ==
        "device 1, row 2 cell 3: 1SEND_B0 comes before 1B0, whose result it sends");
  CHECK(found("1RECV_F0,1F0", "1F0,1RECV_F0") == "device 1, row 2 cell 2: 1RECV_F0 comes after 1F0, which reads it");
  CHECK(found("1F0,1B0", "1F0,1SEND_F0,1B0") == "device 1, row 2 cell 3: 1SEND_F0 is not needed: there is no stage 2");
  CHECK(found("1F0,1B0", "1F0,0RECV_B0,1B0") == "device 1, row 2 cell 3: 0RECV_B0 is of stage 0, which is on device 0");
  CHECK(found("1F0,1B0", "1F0,7RECV_B0,1RECV_F9,1B0") ==
        "device 1, row 2 cell 3: 7RECV_B0 names no existing stage; they are 0 to 1\n"
        "device 1, row 2 cell 4: 1RECV_F9 names no existing micro-batch; they are 0 to 1");
  CHECK(Violations("0F0,0F1,0SEND_F1,0SEND_F0\n1RECV_F0,1RECV_F1,1F0,1F1\n") ==
        "device 1, row 2 cell 1: 1RECV_F0 is number 1 from device 0 and is matched to 0SEND_F1 (device 0 cell 3) "
        "instead of "
        "0SEND_F0");
  CHECK(Violations("0F0,1F0,0SEND_F0\n") ==
        "device 0, row 1 cell 3: 0SEND_F0 is not needed: stage 1 is on the same "
        "device");
}

TEST_CASE("transfers that get stuck in one queue a device are drawn; finer queues or buffers let them go") {
  // Device 0 posts the receive of a gradient before the send that leads to it.
  const std::string text = Replaced(kWithTransfers, "0F1,0SEND_F1,0RECV_B0,0B0", "0RECV_B0,0F1,0SEND_F1,0B0");
  CHECK(MustVerify(text).is_sound);
  CHECK(MustVerify(text, kPerDevice).is_sound);  // the gradient of micro-batch 0 does not depend on micro-batch 1
  const std::string early =
      Replaced(kWithTransfers, "0F0,0SEND_F0,0F1,0SEND_F1,0RECV_B0", "0RECV_B0,0F0,0SEND_F0,0F1,0SEND_F1");
  CHECK(MustVerify(early).is_sound);
  const Verdict verdict = MustVerify(early, kPerDevice);
  CHECK(absl::StrJoin(verdict.violations, "\n") ==
        "device 0, row 1 cell 1: 0RECV_B0 can never run by rendezvous, one queue a device, a cycle: 0RECV_B0 waits "
        "to be matched by 1SEND_B0 (device 1 cell 4); 1SEND_B0 comes after 1F0; 1F0 waits for 1RECV_F0; 1RECV_F0 "
        "waits to be matched by 0SEND_F0 (device 0 cell 3); 0SEND_F0 is queued behind 0RECV_B0");
  CHECK(verdict.timeline ==
        "  device 0  0RECV_B0* … 0SEND_F0* 0F1 0SEND_F1 | 0B0 0RECV_B1 0B1   0RECV_B0 waits to be matched by 1SEND_B0 "
        "(device 1 cell 4); 0SEND_F0 is queued behind 0RECV_B0\n"
        "  device 1  1RECV_F0* | 1F0 1B0 1SEND_B0 1RECV_F1 …                 1SEND_B0 comes after 1F0; 1F0 waits for "
        "1RECV_F0; 1RECV_F0 waits to be matched by 0SEND_F0 (device 0 cell 3)\n"
        "  | actions after the bar were not issued; * posted, not matched\n"
        "Without its SEND and RECV cells the order is sound: Baton places transfers so that none gets stuck.\n");
  // A buffer does not help a receive at the head of the queue.
  CHECK_FALSE(MustVerify(early, {4, QueueKind::kPerDevice}).is_sound);
  CHECK_FALSE(MustVerify(early, {0, QueueKind::kPerPeer}).is_sound);
  // Crossing sends are stuck by rendezvous, but not with a buffer.
  const std::string crossing = "0F0,0SEND_F0,3RECV_F0,3F0\n2SEND_F0,1RECV_F0,1F0,2F0\n";
  CHECK(Violations(crossing) == "device 1, row 2 cell 1: 2SEND_F0 comes before 2F0, whose result it sends");
}

TEST_CASE("orders that went wrong in the field") {
  // The last rank runs F1 to Fm and never F0.
  CHECK(Violations("0F0,0F1,0B0,0B1\n1F1,1B1,1F2,1B2\n") ==
        "device 0, row 1: 0F2 is missing\n"
        "device 0, row 1: 0B2 is missing\n"
        "device 1, row 2: 1F0 is missing\n"
        "device 1, row 2: 1B0 is missing");
  // One backward is repeated and another omitted.
  CHECK(Violations("0F0,0F1,0B0,0B1\n1F0,1B0,1F1,1B0\n") ==
        "device 1, row 2: 1B1 is missing\n"
        "device 1, row 2 cell 4: 1B0 is repeated; first at cell 2");
  // Fewer micro-batches than stages, with a warm-up that is cut in one rank only.
  CHECK(Violations("0F0,0F1,0F2,0B0,0B1,0B2\n1F0,1F1,1B0,1B1\n2F0,2B0,2F1,2B1\n") ==
        "device 1, row 2: 1F2 is missing\n"
        "device 1, row 2: 1B2 is missing\n"
        "device 2, row 3: 2F2 is missing\n"
        "device 2, row 3: 2B2 is missing");
}

Program MustLower(const ComputeOrder& order) {
  auto program = Lower(order, {"csv", VariedCosts(order.num_chunks)});
  INFO(program.status());
  REQUIRE(program.ok());
  return *std::move(program);
}

TEST_CASE("the CSV of a program, read back, gives the same program, and its transfers are sound") {
  std::vector<ComputeOrder> orders;
  for (const ScheduleInfo& info : Catalog()) {
    for (const OrderRequest& request : {OrderRequest{1, 1}, OrderRequest{4, 2}, OrderRequest{3, 7}}) {
      auto order = MakeOrder(info.name, request);
      REQUIRE(order.ok());
      orders.push_back(*std::move(order));
    }
  }
  for (int p : {1, 2, 4}) orders.push_back(GreedyOrder(PlaceAsV(p), p, 6, true));
  orders.push_back(GreedyOrder({0, 2, 1, 1, 0, 2, 2}, 3, 5, false));
  for (const ComputeOrder& order : orders) {
    const Program program = MustLower(order);
    for (bool with_transfers : {false, true}) {
      const std::string text = WriteCsv(program, with_transfers);
      INFO(text);
      const auto csv = ReadCsv(text, "o.csv");
      REQUIRE(csv.ok());
      CHECK(SameProgram(MustLower(csv->order), program));
      CHECK(MustVerify(text).is_sound);
    }
  }
}

TEST_CASE("programs lowered for a transport are sound in it when read back as given") {
  for (int m : {2, 3, 6}) {
    const ComputeOrder order = GreedyOrder({0, 2, 1, 1, 0}, 3, m, true);
    for (QueueKind queues : {QueueKind::kPerPeerAndDirection, QueueKind::kPerPeer, QueueKind::kPerDevice}) {
      for (int slots : {0, 1, 3}) {
        LowerOptions options{"csv", VariedCosts(5)};
        options.transport = {slots, queues};
        const auto program = Lower(order, options);
        REQUIRE(program.ok());
        CHECK(MustVerify(WriteCsv(*program, true), options.transport).is_sound);
      }
    }
  }
}

TEST_CASE("damaged files get a verdict") {
  const std::string whole = WriteCsv(MustLower(GreedyOrder({0, 2, 1, 1, 0}, 3, 3, true)), true);
  std::mt19937 random(5);
  int num_sound = 0;
  int num_unsound = 0;
  int num_drawn = 0;
  for (int round = 0; round < 3000; ++round) {
    // Swaps and changes of cells, which mostly parse.
    std::string text = whole;
    for (unsigned n = random() % 3; n < 3; ++n) {
      std::vector<size_t> commas;
      for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == ',') commas.push_back(i);
      }
      const size_t k = random() % (commas.size() - 2);
      const std::string a = text.substr(commas[k], commas[k + 1] - commas[k]);
      const std::string b = text.substr(commas[k + 1], commas[k + 2] - commas[k + 1]);
      if (a.find('\n') != std::string::npos || b.find('\n') != std::string::npos) continue;
      if (random() % 6 == 0) {
        text[commas[k] + 1] = static_cast<char>('0' + random() % 6);
      } else {
        text.replace(commas[k], a.size() + b.size(), b + a);
      }
    }
    const auto csv = ReadCsv(text, "o.csv");
    if (!csv.ok()) continue;
    const TransportModel transport{static_cast<int>(random() % 3), static_cast<QueueKind>(random() % 3)};
    const auto verdict = Verify(*csv, transport);
    INFO(text << verdict.status());
    REQUIRE(verdict.ok());
    ++(verdict->is_sound ? num_sound : num_unsound);
    num_drawn += verdict->timeline.empty() ? 0 : 1;
  }
  CHECK(num_sound > 20);
  CHECK(num_unsound > 500);
  CHECK(num_drawn > 50);
}

}  // namespace
}  // namespace baton
