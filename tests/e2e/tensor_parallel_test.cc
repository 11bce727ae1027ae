// Layers over several devices: close to the unsplit model, and the same bits in every run, for every schedule and
// number of stages; state that is stored as wholes; and jobs that are refused.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "runtime/checkpoint/checkpoint.h"
#include "runtime/checkpoint/write_checkpoint.h"
#include "schedules/catalog/catalog.h"
#include "tests/testing/jobs.h"

namespace baton {
namespace {

// Sums over parts are rounded in another order than those of the whole.
constexpr double kTolerance = 1e-5;

constexpr char kGpt2[] = R"(
  model { gpt2 { layers: 4 width: 16 heads: 4 context: 12 vocabulary: 256 } dropout: 0.1 }
  data { text: "tests/data/handbook.txt" held_out: 0.05 }
  batch { sequences: 8 micro_batches: 4 }
  optimizer { adamw { learning_rate: 1e-2 weight_decay: 0.1 } clip_norm: 0.5 }
  run { steps: 3 })";

constexpr char kLlama[] = R"(
  model {
    llama {
      layers: 4 width: 16 heads: 8 key_value_heads: 4 feed_forward: 24 context: 16 vocabulary: 256 window: 7
      query_key_norm: true rotary {}
    }
  }
  data { text: "tests/data/handbook.txt" context: 12 held_out: 0.05 }
  batch { sequences: 8 micro_batches: 4 }
  optimizer { adamw { learning_rate: 1e-2 } clip_norm: 0.5 }
  run { steps: 3 })";

constexpr char kBert[] = R"(
  model { bert { layers: 4 width: 16 heads: 4 context: 16 vocabulary: 256 } dropout: 0.1 attention_dropout: 0.1 }
  data { text: "tests/data/handbook.txt" context: 12 held_out: 0.05 masking { mask_token: 0 } }
  batch { sequences: 8 micro_batches: 4 }
  optimizer { adamw { learning_rate: 1e-2 } }
  run { steps: 3 })";

constexpr char kVit[] = R"(
  model { vit { layers: 4 width: 16 heads: 4 image { height: 8 } patch: 4 classes: 8 } }
  data { clusters { examples: 96 } held_out: 0.25 }
  batch { sequences: 12 micro_batches: 4 }
  optimizer { adamw { learning_rate: 1e-2 } }
  run { steps: 3 })";

constexpr char kTwoHalves[] = R"(
  model { mlp { sizes: [784, 512, 10] activation: RELU } }
  data { clusters { examples: 96 } held_out: 0.25 }
  batch { sequences: 16 micro_batches: 4 }
  optimizer { adamw { learning_rate: 1e-3 } }
  run { steps: 3 })";

// AdamW divides by the root of the second moment, so that a rounding of a gradient near zero becomes a large one of the
// weight. Losses and norms of the first step have no update in front of them.
void CheckClose(const Outcome& whole, const Outcome& parts) {
  CHECK(parts.losses[0] == Approx(whole.losses[0]).epsilon(kTolerance));
  CHECK(parts.gradient_norms[0] == Approx(whole.gradient_norms[0]).epsilon(kTolerance));
  for (size_t step = 1; step < whole.losses.size(); ++step) {
    CHECK(parts.losses[step] == Approx(whole.losses[step]).epsilon(10 * kTolerance));
  }
  CHECK(Distance(whole, parts) < 1e-3);
}

// Where a parameter that is not cut stands in the memory of chunk 0. The first parameter there is the cut one of
// tokens.
Bytes OffsetOf(const std::string& name, TrainingSession& session) {
  const std::vector<TensorToWrite> weights = session.Weights().value();
  const auto found = std::find_if(weights.begin(), weights.end(), [&](const auto& each) { return each.name == name; });
  REQUIRE(found != weights.end());
  return found->data - session.state().replicas().front().parameters;
}

proto::Job JobOf(const char* text, int tensor, std::vector<std::string> overrides = {}) {
  overrides.push_back(absl::StrCat("parallel.tensor=", tensor));
  return MakeJob(text, overrides);
}

}  // namespace

TEST_CASE("every model over 2 and 4 devices is close to the unsplit one") {
  const char* const text = GENERATE(kGpt2, kLlama, kBert, kVit, kTwoHalves);
  CAPTURE(text);
  const bool is_list = text == kTwoHalves;
  const Outcome whole = RunToTheEnd(JobOf(text, 1));
  for (const int tensor : {2, 4}) {
    CAPTURE(tensor);
    const Outcome parts = RunToTheEnd(JobOf(text, tensor, {absl::StrCat("pipeline.stages=", is_list ? 1 : 2)}));
    CheckClose(whole, parts);
    CHECK(parts.weights != whole.weights);  // or nothing is cut
  }
}

TEST_CASE("tokens and classes that the devices do not divide are padded, which shows nowhere") {
  const std::pair<const char*, const char*> cases[] = {{kGpt2, "model.gpt2.vocabulary=257"},
                                                       {kLlama, "model.llama.vocabulary=259"},
                                                       {kBert, "model.bert.vocabulary=257"},
                                                       {kVit, "model.vit.classes=5"},
                                                       {kTwoHalves, "model.mlp.sizes=[784, 512, 11]"}};
  for (const auto& [text, odd] : cases) {
    CAPTURE(odd);
    const Outcome whole = RunToTheEnd(JobOf(text, 1, {odd}));
    for (const int tensor : {2, 4}) {
      const Outcome parts = RunToTheEnd(JobOf(text, tensor, {odd}));
      CheckClose(whole, parts);  // of weights with the same names and sizes
      CHECK(RunToTheEnd(JobOf(text, tensor, {odd})) == parts);
    }
  }
  const auto session = TrainingSession::Create(JobOf(kGpt2, 4, {"model.gpt2.vocabulary=257"})).value();
  REQUIRE(session->Step(0).ok());
  CHECK(session->PeakArenaBytes(0) == session->program().devices[0].arena_bytes);
  CHECK(session->DescribePadding() ==
        std::vector<std::string>{"parallel.tensor: 4 does not divide the 257 rows of wte.weight: padded by 3, so that "
                                 "each device has 65"});
  CHECK(TrainingSession::Create(JobOf(kGpt2, 4)).value()->DescribePadding().empty());
}

TEST_CASE("every schedule with one replica and every number of stages computes the same bits") {
  const char* const text = GENERATE(kGpt2, kBert);
  const Outcome expected = RunToTheEnd(JobOf(text, 2));
  CHECK(RunToTheEnd(JobOf(text, 2)) == expected);
  for (const ScheduleInfo& schedule : Catalog()) {
    if (schedule.has_replicas) continue;
    CAPTURE(schedule.name);
    CHECK(RunToTheEnd(JobOf(text, 2, {"pipeline.stages=2", "pipeline.schedule=" + std::string(schedule.name)})) ==
          expected);
  }
  CHECK(RunToTheEnd(JobOf(text, 2, {"pipeline.stages=4"})) == expected);
  for (const char* recompute : {"ATTENTION", "FULL"}) {
    CHECK(RunToTheEnd(JobOf(text, 2, {"pipeline.stages=2", absl::StrCat("pipeline.recompute=", recompute)})) ==
          expected);
  }
}

TEST_CASE("with slices of rows every model is close to the unsplit one") {
  const char* const text = GENERATE(kGpt2, kLlama, kBert, kVit);
  CAPTURE(text);
  const std::string batch = "batch={sequences: 16 micro_batches: 4}";
  const Outcome whole = RunToTheEnd(JobOf(text, 1, {batch}));
  for (const int tensor : {2, 4}) {
    CAPTURE(tensor);
    const Outcome parts =
        RunToTheEnd(JobOf(text, tensor, {batch, "pipeline.stages=2", "parallel.tensor_sequence=true"}));
    CheckClose(whole, parts);
    // The gradients of norms have another order of sums, and nothing else.
    const Outcome without = RunToTheEnd(JobOf(text, tensor, {batch}));
    CHECK(parts.losses[0] == without.losses[0]);
    CHECK(parts.weights != without.weights);
  }
}

TEST_CASE("with slices of rows every schedule, split, recomputation and number of replicas computes the same bits") {
  const std::vector<std::string> always = {"batch.sum_groups=2", "parallel.tensor_sequence=true"};
  const auto run = [&](std::vector<std::string> overrides) {
    overrides.insert(overrides.end(), always.begin(), always.end());
    return RunToTheEnd(JobOf(kGpt2, 4, overrides));  // a slice of 6 rows of 2 sequences of 12
  };
  const Outcome expected = run({});
  for (const ScheduleInfo& schedule : Catalog()) {
    if (schedule.has_replicas) continue;
    CAPTURE(schedule.name);
    CHECK(run({"pipeline.stages=2", "pipeline.schedule=" + std::string(schedule.name)}) == expected);
  }
  CHECK(run({"pipeline.stages=4"}) == expected);
  for (const char* recompute : {"ATTENTION", "FULL"}) {
    CAPTURE(recompute);
    CHECK(run({"pipeline.stages=2", absl::StrCat("pipeline.recompute=", recompute)}) == expected);
  }
  CHECK(run({"pipeline.stages=2", "parallel.replicas=2", "parallel.zero=1", "parallel.verify_replicas_every=1"}) ==
        expected);
}

TEST_CASE("with slices of rows a device needs less memory, and sends less, as predicted") {
  const std::vector<std::string> overrides = {"pipeline.stages=2", "model.gpt2.context=64", "batch.micro_batches=2"};
  const auto without = TrainingSession::Create(JobOf(kGpt2, 2, overrides)).value();
  std::vector<std::string> more = overrides;
  more.push_back("parallel.tensor_sequence=true");
  const auto with = TrainingSession::Create(JobOf(kGpt2, 2, more)).value();
  REQUIRE(with->Step(0).status() == absl::OkStatus());
  REQUIRE(without->Step(0).status() == absl::OkStatus());
  for (int device = 0; device < 2; ++device) {
    CHECK(with->PeakArenaBytes(device) == with->program().devices[device].arena_bytes);
    CHECK(with->PeakArenaBytes(device) < without->program().devices[device].arena_bytes);
  }
  CHECK(with->planned_costs().chunks[0].output_bytes == without->planned_costs().chunks[0].output_bytes / 2);
  CHECK(with->Evaluate().value() == Approx(without->Evaluate().value()).epsilon(1e-3));
}

TEST_CASE("replicas, with sharded optimizer state and without, compute the same bits") {
  const Outcome expected = RunToTheEnd(JobOf(kGpt2, 2, {"batch.sum_groups=2"}));
  for (const int zero : {0, 1}) {
    CAPTURE(zero);
    CHECK(RunToTheEnd(JobOf(kGpt2, 2,
                            {"batch.sum_groups=2", "parallel.replicas=2", absl::StrCat("parallel.zero=", zero),
                             "pipeline.stages=2"})) == expected);
  }
}

TEST_CASE("a member that differs in one bit ends the run at the next comparison, which names it") {
  struct Case {
    int replicas;
    size_t damaged;  // index into ParameterState::replicas(), of chunk 0
    bool is_cut;     // the damaged parameter
    const char* message;
  };
  const Case cases[] = {
      {2, 4 + 2, /*is_cut=*/true,
       "after step 2 the parameters of chunk 0 on member 1 of device 2 differ from those on member 1 of device 0"},
      {1, 2 + 0, /*is_cut=*/false,
       "after step 2 the uncut parameters of chunk 0 on member 1 of device 0 differ from those on member 0 of device "
       "0"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.is_cut);
    const auto run = TrainingSession::Create(JobOf(kGpt2, 2,
                                                   {"pipeline.stages=2", "parallel.verify_replicas_every=1",
                                                    absl::StrCat("parallel.replicas=", each.replicas)}))
                         .value();
    REQUIRE(run->Step(0).status() == absl::OkStatus());
    const ReplicaParameters& replica = run->state().replicas()[each.damaged];
    REQUIRE(replica.chunk == 0);
    REQUIRE(replica.member == 1);
    // A high bit of the mantissa, since rounding may take away the difference of a low one.
    replica.parameters[each.is_cut ? 2 : 2 + OffsetOf("wpe.weight", *run)] ^= std::byte{0x20};
    const absl::Status status = run->Step(1).status();
    CHECK(status.code() == absl::StatusCode::kDataLoss);
    CHECK(status.message() == absl::StrCat(each.message, ", which should be equal: memory or a device is damaged"));
  }
}

TEST_CASE("bidirectional schedules and growing batches train close to the unsplit model") {
  for (const char* schedule : {"chimera", "dualpipe"}) {
    CAPTURE(schedule);
    const proto::Job job = JobOf(kGpt2, 2, {"pipeline.stages=2", absl::StrCat("pipeline.schedule=", schedule)});
    const Outcome outcome = RunToTheEnd(job);
    CHECK(RunToTheEnd(job) == outcome);
    CheckClose(RunToTheEnd(JobOf(kGpt2, 1)), outcome);
  }
  const char* const ramp = "batch.ramp={from: 4 by: 4 every_steps: 1}";
  CheckClose(RunToTheEnd(JobOf(kGpt2, 1, {ramp})), RunToTheEnd(JobOf(kGpt2, 2, {ramp, "pipeline.stages=2"})));
}

TEST_CASE("held-out loss is close to the unsplit model's, with the same weights") {
  for (const char* text : {kGpt2, kLlama, kBert, kVit}) {
    CAPTURE(text);
    const auto whole = TrainingSession::Create(JobOf(text, 1)).value();
    const auto parts = TrainingSession::Create(JobOf(text, 2, {"pipeline.stages=2"})).value();
    CHECK(parts->Evaluate().value() == Approx(whole->Evaluate().value()).epsilon(kTolerance));
  }
}

TEST_CASE("a run goes on from a checkpoint with the bits of an undisturbed one, whatever stages and replicas") {
  const int vocabulary = GENERATE(256, 257);
  CAPTURE(vocabulary);
  const std::vector<std::string> always = {"batch.sum_groups=2", "run.steps=4",
                                           absl::StrCat("model.gpt2.vocabulary=", vocabulary)};
  const proto::Job job = JobOf(kGpt2, 2, always);
  const Outcome expected = RunToTheEnd(job);
  const std::string folder = absl::StrCat(std::getenv("TEST_TMPDIR"), "/checkpoints-", vocabulary);
  const auto first = TrainingSession::Create(job).value();
  for (int step = 0; step < 2; ++step) REQUIRE(first->Step(step).ok());
  StateSnapshot snapshot;
  first->state().Prepare(snapshot);
  REQUIRE(first->state().CopyTo(snapshot).ok());
  proto::CheckpointManifest manifest = first->DescribeRun();
  manifest.set_step(2);
  REQUIRE(WriteCheckpoint(folder, manifest, snapshot.files) == absl::OkStatus());
  for (const auto& overrides : std::vector<std::vector<std::string>>{
           {}, {"pipeline.stages=4"}, {"pipeline.stages=2", "parallel.replicas=2", "parallel.zero=1"}}) {
    CAPTURE(overrides);
    std::vector<std::string> all = always;
    all.insert(all.end(), overrides.begin(), overrides.end());
    const auto second = TrainingSession::Create(JobOf(kGpt2, 2, all)).value();
    REQUIRE(second->Restore(*Checkpoint::Open(folder + "/step-000002").value()) == absl::OkStatus());
    for (int step = 2; step < 4; ++step) {
      const StepResult result = second->Step(step).value();
      CHECK(result.loss == expected.losses[step]);
      CHECK(result.gradient_norm == expected.gradient_norms[step]);
    }
    const std::vector<TensorToWrite> weights = second->Weights().value();
    for (const TensorToWrite& tensor : weights) {
      CAPTURE(tensor.name);
      const std::vector<std::byte>& bytes = expected.weights.at(tensor.name);
      CHECK(std::memcmp(tensor.data, bytes.data(), bytes.size()) == 0);
    }
  }
  // The state of wholes fits another number of members.
  const auto whole = TrainingSession::Create(JobOf(kGpt2, 1, always)).value();
  REQUIRE(whole->Restore(*Checkpoint::Open(folder + "/step-000002").value()) == absl::OkStatus());
  CHECK(whole->Step(2).value().loss == Approx(expected.losses[2]).epsilon(kTolerance));
}

TEST_CASE("a step uses the memory that was predicted, to the byte, and less for each device than the whole") {
  const auto whole = TrainingSession::Create(JobOf(kGpt2, 1, {"pipeline.stages=2"})).value();
  const auto parts = TrainingSession::Create(JobOf(kGpt2, 2, {"pipeline.stages=2"})).value();
  REQUIRE(parts->Step(0).ok());
  for (int device = 0; device < 2; ++device) {
    CHECK(parts->PeakArenaBytes(device) == parts->program().devices[device].arena_bytes);
    CHECK(parts->PeakArenaBytes(device) < whole->program().devices[device].arena_bytes * 3 / 4);
  }
  CHECK(parts->FlopsOfStep(0) == whole->FlopsOfStep(0));
}

TEST_CASE("models that the members do not divide are refused") {
  const auto refused = [](const char* text, const std::vector<std::string>& overrides) {
    const auto session = TrainingSession::Create(JobOf(text, 2, overrides));
    REQUIRE_FALSE(session.ok());
    CHECK(absl::IsInvalidArgument(session.status()));
    return std::string(session.status().message());
  };
  CHECK(refused(kGpt2, {"parallel.tensor_sequence=true", "model.gpt2.context=11", "batch.micro_batches=8"}) ==
        "parallel.tensor_sequence: true needs parallel.tensor: 2 to divide the 1 x 11 rows of a micro-batch");
  CHECK(refused(kGpt2, {"model.gpt2.heads=1"}) == "parallel.tensor: 2 does not divide the 1 heads of h.0.attn.c_attn");
}

}  // namespace baton
