// Tables of costs: what is read, what is refused and how, and that printing and reading are inverse.
#include "schedules/costs/costs_csv.h"

#include <catch2/catch.hpp>
#include <random>

#include "schedules/costs/check_costs.h"

namespace baton {
namespace {

constexpr char kRequired[] = "chunk,forward_us,backward_input_us,backward_weight_us,transfer_us";

TEST_CASE("times are read in microseconds, sizes in bytes") {
  const auto costs = ReadCostsCsv(std::string(kRequired) +
                                      ",activation_bytes,weight_activation_bytes\n"
                                      "0,18522,18086.5,9337,601,1000,366\n"
                                      "1,1e3,0,0.0014,0,64,64\n",
                                  "x.csv");
  REQUIRE(costs.status() == absl::OkStatus());
  REQUIRE(costs->chunks.size() == 2);
  CHECK(costs->chunks[0].forward_ns == 18522000);
  CHECK(costs->chunks[0].backward_input_ns == 18086500);
  CHECK(costs->chunks[0].backward_weight_ns == 9337000);
  CHECK(costs->chunks[0].saved_bytes == 634);
  CHECK(costs->chunks[0].saved_weight_bytes == 366);
  CHECK(costs->chunks[1].forward_ns == 1000000);
  CHECK(costs->chunks[1].backward_weight_ns == 1);
  CHECK(costs->chunks[1].saved_bytes == 0);
  CHECK(costs->link_ns == std::vector<Nanos>{601000, 0});
  CHECK(costs->LinkNs(0) == 601000);
  CHECK(CheckCosts(*costs, 2, 8).ok());
}

TEST_CASE("columns may come in any order, and sizes be left out") {
  const auto costs = ReadCostsCsv(
      "\xEF\xBB\xBF transfer_us, chunk ,backward_weight_us,forward_us,backward_input_us,activation_bytes\r\n"
      "\r\n 5,0,3,1,2, 640\r\n5,1,3,1,2,0",
      "x.csv");
  REQUIRE(costs.status() == absl::OkStatus());
  CHECK(costs->chunks[0].forward_ns == 1000);
  CHECK(costs->chunks[0].backward_input_ns == 2000);
  CHECK(costs->chunks[0].saved_weight_bytes == 640);  // all of it until backward-weight
  CHECK(costs->chunks[0].saved_bytes == 0);
  CHECK(costs->chunks.size() == 2);
  const auto bare = ReadCostsCsv(std::string(kRequired) + "\n0,1,1,1,1\n", "x.csv");
  REQUIRE(bare.ok());
  CHECK(bare->chunks[0].saved_weight_bytes == 0);
}

TEST_CASE("what cannot be read is refused with file, line, column, value and what is allowed") {
  const std::string header =
      std::string("the first line must be ") + kRequired +
      ",activation_bytes,weight_activation_bytes,recompute_us,step_us,repeated_us, the last five optional";
  const std::string time = " must be a time from 0 to 3600000000 microseconds";
  const std::string bytes = " must be a whole number of bytes from 0 to 70368744177664";
  struct Refused {
    std::string text;
    std::string message;
  };
  const std::string required = std::string(kRequired) + "\n";
  const std::string sized = std::string(kRequired) + ",activation_bytes,weight_activation_bytes\n";
  const Refused refused = GENERATE_COPY(
      Refused{"", "x.csv: empty; " + header}, Refused{"\n \n", "x.csv: empty; " + header},
      Refused{required, "x.csv: no row; one for each chunk must follow the header"},
      Refused{"chunk,forward\n", "x.csv:1:7: \"forward\" is no known column; " + header},
      Refused{"chunk,forward_us\n0,1\n", "x.csv:1:1: column backward_input_us is missing; " + header},
      Refused{"chunk,chunk\n", "x.csv:1:7: chunk: named twice"},
      Refused{std::string(kRequired) + ",weight_activation_bytes\n",
              "x.csv:1:1: column weight_activation_bytes needs column activation_bytes, of which it is a part"},
      Refused{required + "0,1,1,1\n", "x.csv:2:1: 4 cells; the header names 5 columns"},
      Refused{required + "\n0\n", "x.csv:3:1: 1 cell; the header names 5 columns"},
      Refused{required + "1,1,1,1,1\n", "x.csv:2:1: chunk: \"1\" must be 0, the number of chunks in the rows before"},
      Refused{required + "0,1,1,1,1\n0,1,1,1,1\n",
              "x.csv:3:1: chunk: \"0\" must be 1, the number of chunks in the rows before"},
      Refused{required + "0,,1,1,1\n", "x.csv:2:3: forward_us: \"\"" + time},
      Refused{required + "0,1ms,1,1,1\n", "x.csv:2:3: forward_us: \"1ms\"" + time},
      Refused{required + "0,1,-1,1,1\n", "x.csv:2:5: backward_input_us: \"-1\"" + time},
      Refused{required + "0,1,1,nan,1\n", "x.csv:2:7: backward_weight_us: \"nan\"" + time},
      Refused{required + "0,1,1,1,0x10\n", "x.csv:2:9: transfer_us: \"0x10\"" + time},
      Refused{required + "0,1,1,1,3600000001\n", "x.csv:2:9: transfer_us: \"3600000001\"" + time},
      Refused{sized + "0,1,1,1,1,-5,0\n", "x.csv:2:11: activation_bytes: \"-5\"" + bytes},
      Refused{sized + "0,1,1,1,1,1.5,0\n", "x.csv:2:11: activation_bytes: \"1.5\"" + bytes},
      Refused{sized + "0,1,1,1,1,70368744177665,0\n", "x.csv:2:11: activation_bytes: \"70368744177665\"" + bytes},
      Refused{sized + "0,1,1,1,1,10,11\n",
              "x.csv:2:14: weight_activation_bytes: 11 must be at most activation_bytes: 10"});
  const absl::Status status = ReadCostsCsv(refused.text, "x.csv").status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(status.message() == refused.message);
}

TEST_CASE("what is printed is what is read") {
  std::mt19937 random(5);
  for (int round = 0; round < 20; ++round) {
    CostModel costs;
    for (int i = 0; i <= round; ++i) {
      ChunkCosts chunk;
      chunk.forward_ns = random();
      chunk.backward_input_ns = random() % 2000;
      chunk.backward_weight_ns = random() % 20 * 1000;
      chunk.can_recompute = i % 2 == 1;
      chunk.recompute_ns = chunk.can_recompute ? 1 + random() % 5000 : 0;
      chunk.update_ns = random() % 3000;
      (chunk.can_recompute ? chunk.recomputed_bytes : chunk.saved_bytes) = random();
      (chunk.can_recompute ? chunk.recomputed_weight_bytes : chunk.saved_weight_bytes) = random() % 3;
      costs.chunks.push_back(chunk);
      costs.link_ns.push_back(random() % 1000000);
    }
    const std::string text = PrintCostsCsv(costs);
    const auto read = ReadCostsCsv(text, "x.csv");
    REQUIRE(read.status() == absl::OkStatus());
    REQUIRE(read->chunks.size() == costs.chunks.size());
    CHECK(read->link_ns == costs.link_ns);
    for (size_t i = 0; i < costs.chunks.size(); ++i) {
      CHECK(read->chunks[i].forward_ns == costs.chunks[i].forward_ns);
      CHECK(read->chunks[i].backward_input_ns == costs.chunks[i].backward_input_ns);
      CHECK(read->chunks[i].backward_weight_ns == costs.chunks[i].backward_weight_ns);
      CHECK(read->chunks[i].saved_bytes == costs.chunks[i].saved_bytes);
      CHECK(read->chunks[i].saved_weight_bytes == costs.chunks[i].saved_weight_bytes);
      CHECK(read->chunks[i].recomputed_bytes == costs.chunks[i].recomputed_bytes);
      CHECK(read->chunks[i].recomputed_weight_bytes == costs.chunks[i].recomputed_weight_bytes);
      CHECK(read->chunks[i].recompute_ns == costs.chunks[i].recompute_ns);
      CHECK(read->chunks[i].can_recompute == costs.chunks[i].can_recompute);
      CHECK(read->chunks[i].update_ns == costs.chunks[i].update_ns);
    }
    CHECK(PrintCostsCsv(*read) == text);
  }
}

TEST_CASE("neighbours in one chunk take the sum, and the last one's link") {
  CostModel costs;
  costs.chunks.resize(4);
  costs.link_ns = {1, 2, 3, 4};
  costs.chunks[1].recompute_ns = 6;
  costs.chunks[1].can_recompute = true;
  for (int i = 0; i < 4; ++i) {
    costs.chunks[i].forward_ns = 10 + i;
    costs.chunks[i].saved_bytes = 100 * i;
    costs.chunks[i].input_bytes = costs.chunks[i].output_bytes = 64 + i;
  }
  const CostModel merged = MergeChunks(costs, 2);
  REQUIRE(merged.chunks.size() == 2);
  CHECK(merged.chunks[0].forward_ns == 21);
  CHECK(merged.chunks[1].forward_ns == 25);
  CHECK(merged.chunks[1].saved_bytes == 500);
  CHECK(merged.chunks[0].recompute_ns == 6);
  CHECK(merged.chunks[0].can_recompute);
  CHECK_FALSE(merged.chunks[1].can_recompute);
  CHECK(merged.chunks[1].input_bytes == 66);
  CHECK(merged.chunks[1].output_bytes == 67);
  CHECK(merged.link_ns == std::vector<Nanos>{2, 4});
  CHECK(MergeChunks(costs, 4).link_ns == costs.link_ns);
  costs.chunks[2].repeated_ns = 3;
  costs.chunks[3].repeated_ns = 4;
  costs.chunks[3].fold_ns = 5;
  CHECK(MergeChunks(costs, 2).chunks[1].repeated_ns == 7);
  CHECK(MergeChunks(costs, 2).chunks[1].fold_ns == 5);
}

TEST_CASE("what both halves of a backward pass repeat is written if there is any, and at most the shorter half") {
  CostModel costs;
  costs.chunks.resize(2);
  costs.chunks[0].backward_input_ns = 3000;
  costs.chunks[0].backward_weight_ns = 2000;
  CHECK(PrintCostsCsv(costs).find("repeated_us") == std::string::npos);
  costs.chunks[0].repeated_ns = 1500;
  const std::string text = PrintCostsCsv(costs);
  const CostModel read = ReadCostsCsv(text, "costs.csv").value();
  CHECK(read.chunks[0].repeated_ns == 1500);
  CHECK(read.chunks[0].backward_ns() == 3500);
  CHECK(read.chunks[1].repeated_ns == 0);
  costs.chunks[0].repeated_ns = 2001;
  CHECK(ReadCostsCsv(PrintCostsCsv(costs), "costs.csv").status().message() ==
        "costs.csv:2:1: repeated_us: 2.001 must be at most the shorter half of the backward pass: 2");
}

}  // namespace
}  // namespace baton
