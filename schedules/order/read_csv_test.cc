// Reading orders in PyTorch's CSV form: what is tolerated, what is inferred, and where errors point.
#include "schedules/order/read_csv.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "schedules/order/order_text.h"

namespace baton {
namespace {

CsvOrder MustRead(const std::string& text) {
  auto csv = ReadCsv(text, "o.csv");
  INFO(text << ": " << csv.status());
  REQUIRE(csv.ok());
  return *std::move(csv);
}

TEST_CASE("stages, devices and micro-batches are inferred") {
  const CsvOrder csv = MustRead("0F0,0F1,3F0,3B0,,0B0,0I1,0W1\n\n1F0,2F0,1B0\n");
  CHECK(csv.order.num_chunks == 4);
  CHECK(csv.order.num_micro_batches == 2);
  CHECK(csv.order.placement == ChunkPlacement::Of({0, 2, 2, 0}));
  CHECK(FormatOrder(csv.order) == "0F0 0F1 3F0 3B0 0B0 0I1 0W1\n\n1F0 2F0 1B0\n");
  CHECK(csv.cells[0] == std::vector<int32_t>{1, 2, 3, 4, 6, 7, 8});
  CHECK(csv.rows == std::vector<int32_t>{1, 2, 3});
  CHECK_FALSE(csv.has_transfers);
}

TEST_CASE("two replicas of the parameters are inferred from micro-batches that go the opposite way") {
  const ComputeOrder order = MustRead("0F0,1F1,1B1,0B0\n1F0,0F1,1B0,0B1\n").order;
  CHECK(order.placement == ChunkPlacement::OfReplicas({{0, 1}, {1, 0}}, {0, 1}));
  // A missing forward is missing from the replica that the others show.
  CHECK(MustRead("0F0,1B1,0B0\n1F0,0F1,1B0,0B1\n").order.placement.replica_of_micro_batch() ==
        std::vector<int32_t>{0, 1});
  // Anything else has one replica, and work on wrong devices: a way that is neither, a part of one, no way to reverse.
  for (const char* text :
       {"0F0,1F1,2F0\n1F0,0F1,2F1\n", "0F0,1F1,0F2\n1F0,0F1,0F3,1F3\n", "1F1\n1F0,0F1\n", "0F0,1B1\n1F0,1B0\n"}) {
    INFO(text);
    const ComputeOrder other = MustRead(text).order;
    CHECK(other.placement.num_replicas() == 1);
    CHECK(other.placement.num_chunks() == other.num_chunks);
  }
}

TEST_CASE("PyTorch's older letters: B is the input half, BW the whole backward") {
  const auto old = ReadCsv("0F0,0B0,0W0\n", "o.csv", OrderLetters::kOld);
  REQUIRE(old.ok());
  CHECK(FormatOrder(old->order) == "0F0 0I0 0W0\n");
  CHECK(FormatOrder(MustRead("0F0,0B0,0W0\n").order) == "0F0 0B0 0W0\n");
  // BW gives a file away.
  CHECK(FormatOrder(MustRead("0F0,0F1,0BW0,0B1,0W1\n").order) == "0F0 0F1 0B0 0I1 0W1\n");
  CHECK(FormatOrder(MustRead("0F0,0I0,(0F1;0BW1)OVERLAP_F_B,0W0\n").order) == "0F0 0I0 0F1 0B1 0W0\n");
}

TEST_CASE("lists as Python prints them are rows") {
  const std::string plain = FormatOrder(MustRead("0F0,0B0\n,1F0,1B0\n").order);
  for (const char* text :
       {"{0: [0F0, 0B0], 1: [None, 1F0, 1B0]}", "[[0F0, 0B0], [None, 1F0, 1B0]]", "[0F0, 0B0]\n[1F0, 1B0]\n",
        " {0: [0F0,\n 0B0],\n 1: [1F0,\n 1B0]}\n", "['0F0', '0B0']\n['1F0', '1B0']", "[0F0, None, 0B0]\n[1F0, 1B0"}) {
    CAPTURE(text);
    CHECK(FormatOrder(MustRead(text).order) == plain);
  }
  CHECK(MustRead("{0: [0F0], 1: []}").order.num_devices() == 1);  // as an empty row at the end of a file
  CHECK(std::string(ReadCsv("[0F0, x]", "o.csv").status().message()).find("o.csv:1:") == 0);
  CHECK_FALSE(ReadCsv("[", "o.csv").ok());
  CHECK_FALSE(ReadCsv("{}", "o.csv").ok());
}

TEST_CASE("blanks, quotes, CRLF, a byte order mark and trailing empty rows mean nothing") {
  const std::string plain = FormatOrder(MustRead("0F0,0B0\n1F0,1B0\n").order);
  for (const char* text :
       {"0F0,0B0\r\n1F0,1B0\r\n", "0F0,0B0\n1F0,1B0", " 0F0 ,\t0B0 \n1F0 , 1B0", "\"0F0\",\"0B0\"\n'1F0',\" 1B0 \"\n",
        "\xEF\xBB\xBF"
        "0F0,0B0\n1F0,1B0\n",
        "0F0,,,0B0,,\n,,1F0,\"\",1B0\n", "0F0,0B0\n1F0,1B0\n\n \r\n\n",
        "0UNSHARD,0F0,0B0,0REDUCE_GRAD,0RESHARD\n1UNSHARD,1F0,1B0,1REDUCE_GRAD0\n",
        "0F0,0B0,0WAIT_SEND_F0,0REDUCE_GRAD,0WAIT_REDUCE_GRAD\n1F0,1B0,1WAIT_SEND_B0\n"}) {
    CHECK(FormatOrder(MustRead(text).order) == plain);
  }
  CHECK(MustRead("0F0\n\"\"\n").order.num_devices() == 2);  // a row of one empty cell is a device
}

TEST_CASE("a cell of two passes is two actions, the forward first") {
  for (const char* cell : {"(0F1;0B0)OVERLAP_F_B", "( 0F1 ; 0B0 )OVERLAP_F_B", "(0B0;0F1)OVERLAP_F_B"}) {
    const CsvOrder csv = MustRead(std::string("0F0,") + cell + ",0B1");
    CHECK(FormatOrder(csv.order) == "0F0 0F1 0B0 0B1\n");
    CHECK(csv.cells[0] == std::vector<int32_t>{1, 2, 2, 3});
  }
}

TEST_CASE("transfers are kept beside the order, with their places") {
  const CsvOrder csv = MustRead("0F0,0SEND_F0,0RECV_B0,0B0\n1RECV_F0,1F0,1B0,1SEND_B0\n");
  CHECK(csv.has_transfers);
  REQUIRE(csv.transfers[0].size() == 2);
  REQUIRE(csv.transfers[1].size() == 2);
  const CsvTransfer& send = csv.transfers[0][0];
  CHECK((send.is_send && !send.is_gradient && send.chunk == 0 && send.before == 1 && send.cell == 2));
  const CsvTransfer& gradient = csv.transfers[1][1];
  CHECK((gradient.is_send && gradient.is_gradient && gradient.chunk == 1 && gradient.before == 2));
  CHECK_FALSE(csv.transfers[1][0].is_send);
  CHECK(csv.transfers[0][1].is_gradient);
  CHECK(csv.order.num_chunks == 2);
}

TEST_CASE("errors name line and column") {
  const std::pair<const char*, const char*> cases[] = {
      {"", "o.csv:1:1: the file has no compute cell"},
      {"\n\n,,\n", "o.csv:1:1: the file has no compute cell"},
      {"0SEND_F0", "o.csv:1:1: the file has no compute cell"},
      {"0F0\n1F0, 1X0", "o.csv:2:6: \"1X0\": the stage is followed by no known letter"},
      {"0F0,F1", "o.csv:1:5: \"F1\": a number is missing"},
      {"0F0,0F", "o.csv:1:5: \"0F\": a number is missing"},
      {"0F0,0F-1", "a number is missing"},
      {"0F0,0F1x", "unexpected text after the cell"},
      {"0F0 0F1", "unexpected text after the cell"},
      {"0F0,0f1", "no known letter"},
      {"0F0,0F12345678", "a number has more than 7 digits"},
      {"99999999F0", "a number has more than 7 digits"},
      {"0F0,\"0F1", "o.csv:1:5: \"\\\"0F1\": a quote is not closed"},
      {"0F0,\"", "a quote is not closed"},
      {"(0F1;0B0)", "parentheses come with OVERLAP_F_B"},
      {"(0F1;0B0OVERLAP_F_B", "a parenthesis is not closed"},
      {"(0F1)OVERLAP_F_B", "two actions are needed"},
      {"(0F1;0F2)OVERLAP_F_B", "only a forward and a backward can run together"},
      {"(0F1;0W0)OVERLAP_F_B", "only a forward and a backward can run together"},
      {"(0F1;0B0;0B1)OVERLAP_F_B", "unexpected text after the cell"},
      {"((0F1;0B0)OVERLAP_F_B;0F0)OVERLAP_F_B", "a number is missing"},
      {"0F0\n9999999F1",
       "o.csv:2:1: 10000000 stages and 2 micro-batches are named, but there are only 2 compute cells"},
      {"0F0\n1F0,1F9999999", "o.csv:2:5: 2 stages and 10000000 micro-batches are named"},
      {"0F0,\x01\xff", "o.csv:1:5: \"\\x01\\xff\": a number is missing"},
  };
  for (const auto& [text, message] : cases) {
    const auto csv = ReadCsv(text, "o.csv");
    INFO(text << ": " << csv.status());
    REQUIRE_FALSE(csv.ok());
    CHECK(csv.status().code() == absl::StatusCode::kInvalidArgument);
    CHECK_THAT(std::string(csv.status().message()), Catch::Contains(message));
  }
  const std::string rows(kMaxCsvRows, '\n');
  CHECK_THAT(std::string(ReadCsv("0F0\n" + rows + "1F0", "o.csv").status().message()),
             Catch::Contains("o.csv:65538:1: more than 65536 rows"));
  CHECK_THAT(std::string(ReadCsv(std::string(kMaxCsvBytes + 1, ','), "o.csv").status().message()),
             Catch::Contains("134217729 bytes"));
}

TEST_CASE("damaged files are read or refused with a place, never more") {
  const std::string whole = "0F0,0SEND_F0,(0F1;0B0)OVERLAP_F_B,\"0B1\"\r\n1RECV_F0,1F0,,1I0,1W0,1F1,1B1\n";
  std::mt19937 random(1);
  int num_read = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text = whole;
    for (unsigned n = random() % 3; n < 3; ++n) {
      const size_t at = random() % text.size();
      if (random() % 2 == 0) text.erase(at, 1 + random() % 4);
      if (random() % 2 == 0) text.insert(at, 1, "0123456789FBIW,;()\"\n\r SENDRCV_\x80"[random() % 32]);
      if (text.empty()) text = "0";
    }
    const auto csv = ReadCsv(text, "o.csv");
    INFO(text << ": " << csv.status());
    if (csv.ok()) {
      ++num_read;
      REQUIRE(csv->order.num_devices() == static_cast<int>(csv->cells.size()));
      for (size_t device = 0; device < csv->cells.size(); ++device) {
        REQUIRE(csv->cells[device].size() == csv->order.devices[device].size());
      }
    } else {
      REQUIRE(csv.status().code() == absl::StatusCode::kInvalidArgument);
      REQUIRE(csv.status().message().substr(0, 6) == "o.csv:");
    }
  }
  CHECK(num_read > 1000);
  CHECK(num_read < 19000);
}

}  // namespace
}  // namespace baton
