// `baton train` from outside: its files, equal weights for every split, and stopping it.
#include <signal.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/write_file.h"
#include "google/protobuf/util/message_differencer.h"
#include "runtime/checkpoint/safetensors.h"
#include "runtime/job/load.h"
#include "runtime/machine/available_cores.h"
#include "runtime/train/trainer.h"
#include "tests/testing/command.h"

namespace baton {
namespace {

constexpr char kShards[] = "examples/two_shards.textproto";

std::vector<std::string> LinesOf(const std::string& text) { return absl::StrSplit(text, '\n', absl::SkipEmpty()); }

void CheckMetrics(const std::string& output, int64_t steps) {
  const std::vector<std::string> lines = LinesOf(ReadWhole(output + "/metrics.jsonl"));
  REQUIRE(static_cast<int64_t>(lines.size()) == steps);
  for (int64_t i = 0; i < steps; ++i) {
    const nlohmann::json line = nlohmann::json::parse(lines[i]);
    CHECK(line.at("step") == i + 1);
    for (const char* field : {"loss", "grad_norm", "learning_rate", "step_ms", "examples_per_second", "model_tflops",
                              "bubble_ratio", "predicted_bubble_ratio"}) {
      CAPTURE(field);
      REQUIRE(line.at(field).is_number());
    }
    // The first step warms up and the second one is measured first.
    CHECK(line.at("predicted_step_ms").is_number() == (i >= 2));
    CHECK(line["loss"] > 0);
    CHECK(line["step_ms"] > 0);
    CHECK_FALSE(line.contains("tokens_per_second"));  // the model has no tokens
    const double seconds = line["step_ms"].get<double>() / 1e3;
    CHECK(line["examples_per_second"].get<double>() * seconds == Approx(64));
    CHECK(line["model_tflops"] > 0);
    CHECK(line["bubble_ratio"] < 1);
  }
}

void CheckWeights(const std::string& output) {
  const auto file = SafetensorsFile::Open(output + "/weights.safetensors");
  INFO(file.status());
  REQUIRE(file.ok());
  CHECK((*file)->tensors().size() == 16);  // six linears and two norms, each of a weight and a bias
}

// Waits until the run has written some steps.
void AwaitSteps(const std::string& output, size_t steps) {
  for (int i = 0; i < 3000; ++i) {
    if (LinesOf(ReadWhole(output + "/metrics.jsonl")).size() >= steps) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  FAIL("the run writes no steps");
}

TEST_CASE("malformed variables of a launcher are refused by name") {
  Command malformed({"/usr/bin/env", "RANK=first", "WORLD_SIZE=2", "tools/baton/baton", "train", kShards});
  const CommandResult refused = malformed.Wait();
  CHECK(refused.status == 2);
  CHECK(refused.err == "baton: RANK=first is not a whole number from 0 to 65536\n");
}

TEST_CASE("train writes four files that can be read back") {
  const std::string output = NewPath("parent") + "/run";
  const std::vector<std::string> overrides = {"run.steps=5", "run.evaluate_every=2"};
  const CommandResult result =
      Baton({"train", kShards, "--output", output, "--set", overrides[0], "--set", overrides[1]});
  CHECK(result.err == "");
  REQUIRE(result.status == 0);
  CheckMetrics(output, 5);
  CheckWeights(output);

  const nlohmann::json trace = nlohmann::json::parse(ReadWhole(output + "/trace.json"));
  CHECK(trace.at("traceEvents").size() > 44);  // the number of instructions

  const auto job = LoadJob(kShards, overrides);
  REQUIRE(job.ok());
  const auto kept = LoadJob(output + "/job.textproto", {});
  REQUIRE(kept.ok());
  CHECK(google::protobuf::util::MessageDifferencer::Equals(*kept, *job));

  // Plain lines, since standard output is no terminal.
  CHECK_FALSE(absl::StrContains(result.out, "\r"));
  CHECK_FALSE(absl::StrContains(result.out, "\033"));
  const CommandResult again = Baton({"train", output + "/job.textproto", "--output", output});
  CHECK(again.status == 0);
  CHECK(absl::StartsWith(again.out,
                         absl::StrCat("an earlier run in ", output, " was moved to ", output, "/previous-1\n")));
  CHECK(ReadWhole(output + "/previous-1/trace.json") != ReadWhole(output + "/trace.json"));
  for (const char* name : {"job.textproto", "metrics.jsonl", "trace.json", "weights.safetensors"}) {
    CHECK(std::filesystem::exists(absl::StrCat(output, "/previous-1/", name)));
  }
  CHECK_FALSE(std::filesystem::exists(output + "/.lock"));
}

TEST_CASE("a trace that cannot be written costs neither the weights nor the folder's trace") {
  const std::string output = NewPath("full");
  const CommandResult result =
      Baton({"train", kShards, "--output", output, "--set", "run.steps=2", "--trace", "/dev/full"});
  CHECK(result.status == 1);
  CHECK(result.err == "baton: not everything was written: /dev/full: cannot be written: No space left on device\n");
  CheckWeights(output);
  CHECK(nlohmann::json::accept(ReadWhole(output + "/trace.json")));
}

TEST_CASE("a folder that a run is writing to is refused, by the name of its process") {
  const std::string output = NewPath("shared");
  Command first({"tools/baton/baton", "train", kShards, "--output", output, "--set", "run.steps=1000000000"});
  AwaitSteps(output, 1);
  const CommandResult second = Baton({"train", kShards, "--output", output, "--set", "run.steps=2"});
  CHECK(second.status == 2);
  CHECK(absl::StartsWith(second.err, absl::StrCat("baton: --output: ", output, " is in use by process ")));
  // A run that is killed gives the folder back.
  first.Signal(SIGKILL);
  first.Wait();
  CHECK(Baton({"train", kShards, "--output", output, "--set", "run.steps=2"}).status == 0);
  CheckMetrics(output, 2);
  CheckWeights(output);
}

TEST_CASE("without weights a run leaves its other files") {
  const std::string output = NewPath("bench");
  CHECK(Baton({"train", kShards, "--output", output, "--set", "run.steps=2", "--no-weights"}).status == 0);
  CheckMetrics(output, 2);
  CHECK_FALSE(std::filesystem::exists(output + "/weights.safetensors"));
}

TEST_CASE("a step that is not finite ends training with exit 1, and with the weights of before") {
  const std::vector<std::string> arguments = {
      "train",   "examples/gpt_host.textproto",
      "--set",   "model.gpt2={layers: 4 width: 64 heads: 2 context: 16 vocabulary: 256}",
      "--set",   "data.text=tests/data/handbook.txt",
      "--set",   "optimizer={adamw { learning_rate: 1000 }}",
      "--set",   "run.evaluate_every=1",
      "--output"};
  const auto train = [&](const std::string& output, const std::string& steps) {
    std::vector<std::string> all = arguments;
    all.insert(all.end(), {output, "--set", "run.steps=" + steps});
    return Baton(all);
  };
  const std::string good = NewPath("good");
  const std::string bad = NewPath("bad");
  const CommandResult result = train(bad, "12");
  CAPTURE(result.err, result.out);
  CHECK(result.status == 1);
  const std::vector<std::string> lines = LinesOf(ReadWhole(bad + "/metrics.jsonl"));
  const nlohmann::json last = nlohmann::json::parse(lines.back());
  CHECK(last.at("nonfinite").size() > 0);
  for (const auto& [key, name] : last.at("nonfinite").items()) CHECK(last.at(key).is_null());
  CHECK(absl::StrContains(result.err, absl::StrCat("baton: step ", lines.size(), ": the ")));
  CHECK(train(good, absl::StrCat(lines.size() - 1)).status == 0);
  CHECK((ReadWhole(bad + "/weights.safetensors") == ReadWhole(good + "/weights.safetensors")));
}

TEST_CASE("on a terminal one line is overwritten; every log_every-th stays") {
  const auto job = LoadJob(kShards, {"run.steps=6", "run.log_every=4", "run.evaluate_every=0"});
  REQUIRE(job.ok());
  std::ostringstream log;
  TrainerOptions options;
  options.log = &log;
  options.columns = [] { return 200; };
  REQUIRE(Train(*job, options).ok());
  std::vector<std::string> kept;
  for (const std::string& line : LinesOf(log.str())) {
    const size_t last = line.rfind("\r\033[K");
    if (last != std::string::npos) kept.push_back(line.substr(last + 4, 8));
  }
  CHECK(kept == std::vector<std::string>{"step 1/6", "step 4/6", "step 6/6"});
  for (int step = 1; step <= 6; ++step) {
    CHECK(absl::StrContains(log.str(), absl::StrCat("\r\033[Kstep ", step, "/6  loss ")));
  }
}

TEST_CASE("the same weights, byte for byte, in one stage and in four") {
  const std::string one = NewPath("one");
  const std::string four = NewPath("four");
  const std::vector<std::string> common = {
      "train", "examples/gpt_host.textproto",
      "--set", "model.gpt2={layers: 8 width: 32 heads: 2 context: 16 vocabulary: 256}",
      "--set", "data.text=tests/data/handbook.txt",
      "--set", "run.steps=3",
      "--set", "run.evaluate_every=0",
      "--set", "optimizer.warmup_steps=1"};
  auto train = [&](const std::string& output, const std::string& stages, const std::string& schedule) {
    std::vector<std::string> arguments = common;
    arguments.insert(arguments.end(), {"--set", "pipeline.stages=" + stages, "--set", "pipeline.schedule=" + schedule,
                                       "--output", output});
    const CommandResult result = Baton(arguments);
    INFO(result.err);
    REQUIRE(result.status == 0);
    return ReadWhole(output + "/weights.safetensors");
  };
  const std::string weights = train(one, "1", "gpipe");
  CHECK(weights.size() > 8 * 12 * 32 * 32 * 4);
  CHECK((weights == train(four, "4", "1f1b")));  // in parentheses, so that a failure does not print them
}

TEST_CASE("a run has one thread for each device's thread, and one more") {
  const int stages = 3;
  const int threads_each = std::min(2, AvailableCores());
  const std::string output = NewPath("threads");
  Command command({"tools/baton/baton", "train", kShards, "--output", output, "--set", "run.steps=1000000000", "--set",
                   "pipeline={}", "--set", absl::StrCat("pipeline.stages=", stages), "--set",
                   absl::StrCat("devices.threads_each=", threads_each)});
  AwaitSteps(output, 2);
  CHECK(command.NumThreads() <= 1 + stages * threads_each);
  command.Signal(SIGKILL);
  command.Wait();
}

TEST_CASE("a signal within a long step ends it, and saves what the step before left") {
  const std::string output = NewPath("long");
  // The second step takes many times as long as it takes to send a signal.
  Command command({"tools/baton/baton", "train", "examples/gpt_host.textproto", "--output", output, "--set",
                   "data.text=tests/data/handbook.txt", "--set", "batch.sequences=256", "--set",
                   "batch.micro_batches=128", "--set", "run.steps=1000000", "--set", "run.evaluate_every=0"});
  AwaitSteps(output, 1);
  command.Signal(SIGTERM);
  const CommandResult result = command.Wait();
  CAPTURE(result.err);
  CHECK(result.status == 75);
  CHECK(absl::StrContains(result.out, "stopped after step 1; saving\n"));
  CHECK(LinesOf(ReadWhole(output + "/metrics.jsonl")).size() == 1);
  CHECK(std::filesystem::exists(output + "/weights.safetensors"));
  CHECK(nlohmann::json::accept(ReadWhole(output + "/trace.json")));
}

TEST_CASE("--print-schedule shows the learning rates and trains nothing") {
  const CommandResult result = Baton({"train", "examples/gpt_host.textproto", "--print-schedule", "--set",
                                      "run.steps=4", "--set", "optimizer.warmup_steps=1"});
  CHECK(result.status == 0);
  CHECK(result.err == "");
  CHECK(result.out ==
        "step  learning rate\n"
        "----  -------------\n"
        "   1          0.001\n"
        "   2          0.001\n"
        "   3        0.00055\n"
        "   4         0.0001\n");
}

TEST_CASE("a signal ends training, and saves") {
  const int signal = GENERATE(SIGINT, SIGTERM, SIGHUP);
  const std::string output = NewPath("stopped");
  Command command({"tools/baton/baton", "train", kShards, "--output", output, "--set", "run.steps=1000000000"});
  AwaitSteps(output, 3);
  command.Signal(signal);
  const CommandResult result = command.Wait();
  CHECK(result.status == 75);
  const size_t steps = LinesOf(ReadWhole(output + "/metrics.jsonl")).size();
  CHECK(result.err ==
        absl::StrCat("baton: stopped after step ", steps, " of 1000000000; the same command with --resume goes on\n"));
  CHECK(Baton({"checkpoint", "verify", output}).status == 0);
  CHECK(absl::StrContains(result.out, absl::StrCat("stopped after step ", steps, "; saving\n")));
  CheckMetrics(output, static_cast<int64_t>(steps));
  CheckWeights(output);
}

TEST_CASE("training goes on when standard output has no reader any more, and says so") {
  const std::string output = NewPath("unread");
  Command command(
      {"/bin/sh", "-c",
       absl::StrCat("{ tools/baton/baton train ", kShards, " --output ", output,
                    " --set run.steps=60 --set run.log_every=1; echo $? >", output, ".status; } | head -n 2")});
  const CommandResult result = command.Wait();
  CHECK(result.status == 0);
  CHECK(result.err == "baton: standard output has no reader any more; training goes on\n");
  CHECK(LinesOf(result.out).size() == 2);
  CHECK(ReadWhole(output + ".status") == "0\n");
  CheckMetrics(output, 60);
  CheckWeights(output);
}

TEST_CASE("a run that does not start removes the folders that it made, with the token cache, and no others") {
  namespace fs = std::filesystem;
  const std::string job = NewPath("job.textproto");
  REQUIRE(WriteFile(job, R"(
    name: "cached"
    model { gpt2 { layers: 1 width: 8 heads: 1 context: 16 vocabulary: 1024 } }
    data { text: "tests/data/handbook.txt" tokenizer: "tests/data/tokenizers/byte_level/tokenizer.json" }
    batch { sequences: 2 }
    run { steps: 1 initial_weights: "no_such.safetensors" }
  )")
              .ok());
  const std::string parent = NewPath("parent");
  CHECK(Baton({"train", job, "--output", parent + "/runs/a"}).status == 2);
  CHECK_FALSE(fs::exists(parent));
  // A folder from before stays, with the cache in it.
  fs::create_directories(parent + "/runs");
  CHECK(Baton({"train", job, "--output", parent + "/runs"}).status == 2);
  CHECK(fs::exists(parent + "/runs/tokens.cache"));
  CHECK(Baton({"train", job, "--output", parent + "/runs/b/"}).status == 2);
  CHECK_FALSE(fs::exists(parent + "/runs/b"));
}

}  // namespace
}  // namespace baton
