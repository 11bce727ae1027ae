// Input that the command line refuses: arguments, flags, tables of costs, overrides, job files and outputs. Each gives
// one sentence that names the field, its value and what is allowed.
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "schedules/search/searched_schedules.h"
#include "tests/testing/command.h"
#include "tests/testing/refused.h"

namespace baton {
namespace {

constexpr char kShards[] = "examples/two_shards.textproto";
constexpr char kGpt[] = "examples/gpt_host.textproto";
constexpr char kTime[] = " is not a time from 0 to 3600 s with its unit, like 18.5ms; units are ns, us, ms and s";
constexpr char kCosts[] =
    "chunk,forward_us,backward_input_us,backward_weight_us,transfer_us,activation_bytes\n"
    "0,2000,2000,1000,50,64000\n1,3000,3000,1500,700,64000\n2,2000,2000,1000,50,64000\n3,2000,2000,1000,50,0\n";

// `suggested`: the schedule that the message asks about; empty: none.
std::string KnownSchedules(const std::string& suggested) {
  std::string names;
  for (const ScheduleInfo* schedule : AllSchedules()) {
    absl::StrAppend(&names, names.empty() ? "" : ", ", std::string(schedule->name));
  }
  if (suggested.empty()) return absl::StrCat("not a known schedule; known are ", names);
  return absl::StrCat("not a known schedule; did you mean \"", suggested, "\"? Known are ", names);
}

TEST_CASE("wrong arguments are refused in one sentence") {
  const std::string commands =
      "commands are train, launch, check-cluster, compile, simulate, compare, frontier, profile, rehearse, explain, whatif, "
      "schedules, verify, checkpoint, generate, evaluate, model, completion";
  const Refused refused = GENERATE_COPY(
      Refused{"", "a command is missing; the " + commands},
      Refused{"trian", "\"trian\" is not a command; did you mean \"train\"? The " + commands},
      Refused{"--frobnicate", "A subcommand is required; see baton --help"},
      Refused{"train", "JOB is required; see baton train --help"},
      Refused{"train --output", "--output: its value is missing; see baton train --help"},
      Refused{"train --output=", "--output: the value after = is missing"},
      Refused{"train a b", "\"b\" is not expected here; see baton train --help"},
      Refused{"compare --schedule=1f1b",
              "\"--schedule=1f1b\" is not expected here; did you mean \"--schedules\"? See baton compare --help"},
      Refused{"compare --schedules=,", "--schedules: its value is missing; see baton compare --help"},
      Refused{"simulate --format=xml", "--format: xml not in {text,json}; see baton simulate --help"},
      Refused{"simulate --columns=5",
              "--columns: \"5\" is not a whole number from 20 to 100000; see baton simulate --help"},
      Refused{"simulate --devices=0",
              "--devices: \"0\" is not a whole number from 1 to 4096; see baton simulate --help"},
      Refused{"schedules 1f2b", "NAME: \"1f2b\" is " + KnownSchedules("1f1b")},
      Refused{"schedules 1f1b gpipe", "\"gpipe\" is not expected here; see baton schedules --help"},
      Refused{"rehearse --steps=0", "--steps: \"0\" is not a whole number from 1 to 1000; see baton rehearse --help"});
  CheckRefused(Words(refused.arguments), refused.message);
}

TEST_CASE("wrong descriptions of a pipeline are refused in one sentence") {
  const std::string missing =
      "give a job file, or --stages and --micro-batches (and --forward, --backward-input, --backward-weight, "
      "--transfer, or --costs)";
  const std::string stages = " is not a whole number from 1 to 4096; see baton simulate --help";
  const std::string sizes = " is not a whole number from 0 to 70368744177664; see baton simulate --help";
  const Refused refused = GENERATE_COPY(
      Refused{"", missing}, Refused{"--stages=4", missing}, Refused{"--micro-batches=4", missing},
      Refused{"--stages=0", "--stages: \"0\"" + stages}, Refused{"--stages=-1", "--stages: \"-1\"" + stages},
      Refused{"--stages=4097", "--stages: \"4097\"" + stages}, Refused{"--stages=four", "--stages: \"four\"" + stages},
      Refused{"--stages=1.5", "--stages: \"1.5\"" + stages},
      Refused{"--stages=99999999999999999999", "--stages: \"99999999999999999999\"" + stages},
      Refused{"--stages --micro-batches=4", "--stages: \"--micro-batches=4\"" + stages},
      Refused{"--stages=4 --stages=5", "--stages: given 2 times; once is allowed; see baton simulate --help"},
      Refused{"--micro-batches=0",
              "--micro-batches: \"0\" is not a whole number from 1 to 16777216; see baton simulate --help"},
      Refused{"--chunks=0", "--chunks: \"0\" is not a whole number from 1 to 1024; see baton simulate --help"},
      Refused{"--activation-bytes=-1", "--activation-bytes: \"-1\"" + sizes},
      Refused{"--message-bytes=1e3", "--message-bytes: \"1e3\"" + sizes},
      Refused{"--stages=2 --micro-batches=2 --chunks=2",
              "--chunks: 2; schedule \"1f1b\" takes exactly 1 chunk per device"},
      Refused{"--stages=2 --micro-batches=2 --schedule=1f2b", "--schedule: \"1f2b\" is " + KnownSchedules("1f1b")},
      Refused{"--stages=2 --micro-batches=2 --set run.steps=1", "--set: needs a job file to change"});
  std::vector<std::string> arguments = Words(refused.arguments);
  arguments.insert(arguments.begin(), "simulate");
  CheckRefused(arguments, refused.message);
}

TEST_CASE("an unknown option suggests another one, or the field of the job that is called so") {
  const Refused refused = GENERATE_COPY(
      Refused{"train a.textproto --steps 20",
              "\"--steps 20\" are not expected here; did you mean --set run.steps=20? See baton train --help"},
      Refused{"simulate a.textproto --learning-rate=0.1",
              "\"--learning-rate=0.1\" is not expected here; did you mean --set optimizer.adamw.learning_rate=0.1? See "
              "baton simulate --help"},
      Refused{"train a.textproto --ouput=x",
              "\"--ouput=x\" is not expected here; did you mean \"--output\"? See baton train --help"},
      Refused{"verify --frobnicate o.csv", "\"--frobnicate\" is not expected here; see baton verify --help"},
      Refused{"simulate - --costs=-", "\"-\" is given 2 times; standard input can be read once"},
      Refused{"simulate --stages=2 --micro-batches=2 --schedule=gpip",
              "--schedule: \"gpip\" is " + KnownSchedules("gpipe")});
  CheckRefused(Words(refused.arguments), refused.message);
}

TEST_CASE("a program that this machine's memory cannot hold is refused by its size") {
  const CommandResult result = Baton(Words("simulate --stages=4096 --micro-batches=16777216 --chunks=1024"));
  CHECK(result.status == 2);
  CHECK(result.out.empty());
  CHECK(absl::StartsWith(result.err,
                         "baton: --micro-batches: 16777216 times --stages 4096 times --chunks 1024 are a program of "
                         "about 65536 TiB, but "));
  CHECK(absl::EndsWith(result.err, " of this machine's memory is free\n"));
}

TEST_CASE("wrong times are refused with their flag") {
  const std::string time =
      GENERATE("5", "-1ms", "nan", "nanms", "infs", "1e400s", " ", "ms", "1m", "3601s", "0x10ms", "1,5ms", "18.5MS");
  const std::string flag = GENERATE("forward", "transfer");
  CheckRefused({"simulate", "--stages=2", "--micro-batches=2", absl::StrCat("--", flag, "=", time)},
               absl::StrCat("--", flag, ": \"", time, "\"", kTime));
}

TEST_CASE("tables of costs that do not fit are refused in one sentence") {
  const std::string path = WriteNewFile(kCosts);
  const std::string replaces = ": --costs gives it for each chunk; leave one of them out";
  const std::string need = ", or a multiple, whose neighbours are joined";
  const Refused refused = GENERATE_COPY(
      Refused{"--forward=1ms", "--forward" + replaces}, Refused{"--transfer=1ms", "--transfer" + replaces},
      Refused{"--activation-bytes=64", "--activation-bytes" + replaces},
      Refused{"--stages=3", "--costs: 4 chunks; 3 stages of 1 chunk need 3" + need},
      Refused{"--stages=4 --schedule=zb-v", "--costs: 4 chunks; 4 stages of 2 chunks need 8" + need},
      Refused{"--schedule=interleaved --chunks=3",
              "--costs: 4 chunks; 3 on each device must divide them; give --stages or --chunks"});
  std::vector<std::string> arguments = Words(refused.arguments);
  arguments.insert(arguments.begin(), {"simulate", "--micro-batches=2", "--costs=" + path});
  CheckRefused(arguments, refused.message);
  CheckRefused({"simulate", kShards, "--stages=3", "--costs=" + path},
               "pipeline.split.layers: 2 numbers, but pipeline.stages: 3 and pipeline.chunks_per_device: 1 need 3");
  CheckRefused({"simulate", kGpt, "--stages=8", "--costs=" + path},
               "--costs: 4 chunks; the job has 8, and a table must have as many or a multiple");
  CheckRefused({"simulate", "--micro-batches=2", "--costs=/no/such/file"},
               "cannot read costs file /no/such/file: No such file or directory");
  const std::string wrong = WriteNewFile("chunk\n");
  CHECK(absl::StartsWith(Baton({"simulate", "--micro-batches=2", "--costs=" + wrong}).err,
                         "baton: " + wrong + ":1:1: column forward_us is missing; "));
}

TEST_CASE("input that one command does not accept is refused") {
  const Refused refused = GENERATE_COPY(
      Refused{"compare --stages=2 --micro-batches=2 --schedules=1f1b,x", "--schedules: \"x\" is " + KnownSchedules("")},
      Refused{"compile --stages=2 --micro-batches=2 --transfers",
              "--transfers: needs --format=csv; the other formats always show transfers"},
      Refused{"rehearse --stages=2 --micro-batches=2 --forward=0s --backward-input=0s --backward-weight=0s",
              "--forward, --backward-input, --backward-weight: all 0; nothing to rehearse"},
      Refused{"rehearse --stages=4096 --micro-batches=1",
              "--stages: 4096 devices; a rehearsal needs threads for each and allows at most 1024"},
      Refused{"rehearse --stages=2 --micro-batches=2 --forward=3000s",
              "--steps: 3 steps of 9000 s; a rehearsal takes real time, at most 3600 s"},
      Refused{"rehearse --stages=2 --micro-batches=2 --trace=/nonexistent/trace.json",
              "--trace: /nonexistent/trace.json: cannot be opened: No such file or directory"},
      Refused{absl::StrCat("simulate ", kShards, " --forward=1ms"),
              "--forward: with a job file the layers are measured; leave out the flag, or the job"},
      Refused{absl::StrCat("simulate ", kShards, " --message-bytes=1"),
              "--message-bytes: with a job file the layers give their sizes; leave out the flag, or the job"},
      Refused{absl::StrCat("simulate ", kShards, " --schedule=x"), "--schedule: \"x\" is " + KnownSchedules("")},
      Refused{absl::StrCat("simulate ", kShards, " --stages=9"),
              "pipeline: stages: 9 and chunks_per_device: 1 make 9 chunks, more than the layers of model.layer: 8"},
      Refused{absl::StrCat("compare ", kShards, " --micro-batches=7"),
              "batch.micro_batches: 7 does not divide batch.sequences: 64"});
  CheckRefused(Words(refused.arguments), refused.message);
}

TEST_CASE("wrong overrides are refused") {
  const Refused refused = GENERATE_COPY(
      Refused{"steps", "--set: \"steps\" is not of the form path=value, as pipeline.schedule=gpipe"},
      Refused{"run.step=1",
              "run has no field \"step\"; did you mean \"steps\"? (fields: steps, seed, log_every, evaluate_every, "
              "evaluate_at_most, on_nonfinite, initial_weights, time_limit)"},
      Refused{"run.steps=1e3", "run.steps: \"1e3\" is not a whole number of 32 bits"},
      Refused{"run.steps=0", "run.steps: 0 must be at least 1"},
      Refused{"pipeline.schedule=x", "pipeline.schedule: \"x\" is " + KnownSchedules("")},
      Refused{"pipeline.split.layers=[4,5]", "pipeline.split.layers: 4 + 5 = 9, but the layers of model.layer: 8"},
      Refused{"devices.backend=GPU", "devices.backend: \"GPU\" is not one of HOST, CUDA"},
      Refused{"optimizer.adamw.learning_rate=nan",
              "optimizer.adamw.learning_rate: nan must be above 0 and at most 1000"},
      Refused{
          "model.layer=1",
          "model.layer: \"1\" is not a list [{ … }, { … }] whose messages have the fields linear, layer_norm, relu, "
          "gelu, residual, convolution, group_norm, batch_norm, max_pool, average_pool, rms_norm, dropout, attention, "
          "gated_feed_forward, patches, global_average, embedding"});
  const std::string command = GENERATE("train", "compile");
  CheckRefused({command, kShards, "--set", refused.arguments}, refused.message);
}

TEST_CASE("wrong job files and data are refused") {
  const std::string folder = NewPath("folder");
  REQUIRE(mkdir(folder.c_str(), 0700) == 0);
  CheckRefused({"train", folder}, absl::StrCat("job file ", folder, " is a folder"));
  CheckRefused({"train", "/nonexistent"}, "cannot read job file /nonexistent: No such file or directory");
  const std::string empty = WriteNewFile("");
  CheckRefused({"compare", empty}, absl::StrCat("job file ", empty, " is empty"));
  const std::string garbage = WriteNewFile(std::string("\xce\x00\xff\x01", 4));
  CheckRefused(
      {"train", garbage},
      absl::StrCat(garbage, ":1:1: a byte that is not ASCII stands outside of a string; a job is protobuf text"));
  const std::string misspelt = WriteNewFile("name: \"a\"\npipeline { stagse: 4 }\n");
  CheckRefused({"simulate", misspelt},
               absl::StrCat(misspelt, ":2:12: Pipeline has no field \"stagse\"; did you mean \"stages\"?"));
  const std::string output = NewPath("output");
  CheckRefused({"train", kGpt, "--set", "data.text=/nonexistent", "--output", output},
               "data.text: \"/nonexistent\" matches no regular file");
  CHECK_FALSE(std::filesystem::exists(output));
  CheckRefused(
      {"train", kGpt, "--set", absl::StrCat("data.text=", empty)},
      absl::StrCat("data.text: \"", empty, "\" gives 0 tokens to train on, but a sequence needs 128 and one more"));
}

TEST_CASE("a model too large for this machine is refused, not started") {
  const std::string command = GENERATE("train", "simulate");
  const CommandResult result = Baton({command, "examples/four_devices.textproto", "--set",
                                      "model.mlp.sizes=2,180000,180000,2,2", "--set", "data.clusters.examples=64"});
  CHECK(result.status == 2);
  CHECK(absl::StartsWith(result.err, "baton: model: "));
  CHECK(absl::StrContains(result.err, "of this machine's memory is free"));
}

TEST_CASE("an output that cannot be written is refused before anything is trained") {
  const std::string file = WriteNewFile("x");
  CheckRefused({"train", kShards, "--output", file}, absl::StrCat("--output: ", file, ": Not a directory"));
  const std::string folder = NewPath("taken");
  const char* name = GENERATE("job.textproto", "metrics.jsonl", "trace.json", "weights.safetensors");
  REQUIRE(mkdir(folder.c_str(), 0700) == 0);
  REQUIRE(mkdir(absl::StrCat(folder, "/", name).c_str(), 0700) == 0);
  CheckRefused({"train", kShards, "--output", folder},
               absl::StrCat("--output: ", folder, "/", name, " is in the way: it is not a file"));
}

}  // namespace
}  // namespace baton
