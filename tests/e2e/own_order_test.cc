// Training by an order from a file: the same bits as by any other schedule, the file's placement of chunks, and clear
// errors.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "schedules/catalog/catalog.h"
#include "schedules/lower/lower.h"
#include "schedules/lower/testing/greedy_order.h"
#include "schedules/program/form/csv.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

std::string WriteOrderFile(const std::string& name, const std::string& text) {
  const char* folder = std::getenv("TEST_TMPDIR");
  const std::string path = absl::StrCat(folder == nullptr ? "." : folder, "/", name);
  std::ofstream(path) << text;
  return path;
}

std::string CsvOf(const ComputeOrder& order) {
  return WriteCsv(Lower(order, {"csv", VariedCosts(order.num_chunks)}).value(), true);
}

proto::Job JobOf(const std::string& path, int stages, int chunks) {
  return MakeJob(kSmallGpt, {absl::StrCat("pipeline.order=\"", path, "\""), absl::StrCat("pipeline.stages=", stages),
                             absl::StrCat("pipeline.chunks_per_device=", chunks)});
}

TEST_CASE("the user's order trains to the same bits, for every placement of chunks") {
  const Outcome unsplit = RunToTheEnd(MakeJob(kSmallGpt, {"pipeline.stages=1", "pipeline.schedule=naive"}));
  for (bool split : {false, true}) {
    CAPTURE(split);
    CHECK(RunToTheEnd(JobOf(WriteOrderFile("v.csv", CsvOf(GreedyOrder(PlaceAsV(2), 2, 4, split))), 2, 2)) == unsplit);
    CHECK(RunToTheEnd(JobOf(WriteOrderFile("mixed.csv", CsvOf(GreedyOrder({1, 0, 1, 1, 2, 0}, 3, 4, split))), 3, 2)) ==
          unsplit);
  }
  // Passes that the file marks as overlapping run one after the other here.
  const std::string together =
      "0F0,0F1,(0F2;0B0)OVERLAP_F_B,(0F3;0B1)OVERLAP_F_B,0B2,0B3\n1F0,1B0,1F1,1B1,1F2,1B2,1F3,1B3\n";
  CHECK(RunToTheEnd(JobOf(WriteOrderFile("together.csv", together), 2, 1)) == unsplit);
}

TEST_CASE("an order with two replicas trains from a file as from the catalog") {
  for (const char* schedule : {"chimera", "dualpipe"}) {
    for (int stages : {2, 3, 4}) {
      CAPTURE(schedule, stages);
      const std::string path = WriteOrderFile("copies.csv", CsvOf(MakeOrder(schedule, {stages, 4}).value()));
      const proto::Job named =
          MakeJob(kSmallGpt, {absl::StrCat("pipeline.schedule=", schedule), absl::StrCat("pipeline.stages=", stages)});
      CHECK(RunToTheEnd(JobOf(path, stages, 1)) == RunToTheEnd(named));
    }
  }
}

TEST_CASE("an evaluation uses the same placement") {
  const proto::Job job = JobOf(WriteOrderFile("v.csv", CsvOf(GreedyOrder(PlaceAsV(2), 2, 4, true))), 2, 2);
  const auto run = TrainingSession::Create(job);
  REQUIRE(run.ok());
  const auto loss = (*run)->Evaluate();
  INFO(loss.status());
  REQUIRE(loss.ok());
  const auto unsplit = TrainingSession::Create(MakeJob(kSmallGpt, {"pipeline.stages=1", "pipeline.schedule=naive"}));
  REQUIRE(unsplit.ok());
  CHECK(*loss == (*unsplit)->Evaluate().value());
}

TEST_CASE("orders that do not fit the job are refused") {
  const auto message = [](const proto::Job& job) {
    const absl::Status status = TrainingSession::Create(job).status();
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  const std::string good = CsvOf(GreedyOrder({0, 1}, 2, 4, false));
  CHECK(message(JobOf(WriteOrderFile("good.csv", good), 3, 1)) ==
        "pipeline.order: the file has 2 rows (devices), but pipeline.stages is 3");
  CHECK(message(JobOf(WriteOrderFile("good.csv", good), 2, 2)) ==
        "pipeline.order: the file has 2 stages (chunks), but pipeline.stages × pipeline.chunks_per_device is 4");
  CHECK(message(JobOf(WriteOrderFile("few.csv", CsvOf(GreedyOrder({0, 1}, 2, 3, false))), 2, 1)) ==
        "pipeline.order: the file has 3 micro-batches, but batch.micro_batches is 4");
  CHECK(message(JobOf(WriteOrderFile("descends.csv", "0F0,0F1,0F2,0F3,0B1,0B0,0B2,0B3\n"), 1, 1)) ==
        "pipeline.order: device 0 position 5: 0B0 comes after micro-batch 1; a chunk's gradients are added in "
        "ascending micro-batch order; baton verify --order=FILE lists every violation");
  CHECK(message(JobOf(WriteOrderFile("forwards.csv", "0F0,0F1,0F2,0F3\n"), 1, 1)) ==
        "pipeline.order: the file has no backward");
  CHECK_THAT(message(JobOf(WriteOrderFile("broken.csv", "0F0,0X1\n"), 1, 1)),
             Catch::Contains("broken.csv:1:5: \"0X1\""));
  CHECK_THAT(message(JobOf("/nowhere/order.csv", 1, 1)), Catch::Contains("cannot read order file /nowhere/order.csv"));
}

}  // namespace
}  // namespace baton
