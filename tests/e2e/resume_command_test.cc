// Checkpoints from outside: `baton train --resume` and `baton checkpoint`, their refusals, and runs that are stopped.

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/content_hash.h"
#include "base/write_file.h"
#include "tests/testing/command.h"

namespace baton {
namespace {

namespace fs = std::filesystem;

CommandResult Train(const std::string& output, std::vector<std::string> more) {
  more.insert(more.begin(), {"train", "tests/faults/checkpointed.textproto", "--output", output});
  return Baton(more);
}

// A run that is complete: 6 steps, of which the checkpoints of 4 and 6 are kept.
std::string Complete(const std::string& name, const std::vector<std::string>& more = {}) {
  const std::string output = NewPath(name);
  const CommandResult result = Train(output, more);
  INFO(result.err);
  REQUIRE(result.status == 0);
  return output;
}

std::vector<int> StepsIn(const std::string& path) {
  std::vector<int> steps;
  for (const auto& line : absl::StrSplit(ReadWhole(path), '\n', absl::SkipEmpty())) {
    steps.push_back(nlohmann::json::parse(line.begin(), line.end()).at("step").get<int>());
  }
  return steps;
}

// Rewrites a manifest, with a right hash.
void ChangeManifest(const std::string& checkpoint, const std::string& from, const std::string& to) {
  const std::string path = checkpoint + "/manifest.json";
  std::string text = ReadWhole(path);
  const size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
  const size_t digits = text.rfind("\"manifest_hash\": \"") + 18;
  text.replace(digits, 32, std::string(32, '0'));
  text.replace(digits, 32, HashOf(text));
  REQUIRE(WriteFile(path, text).ok());
}

TEST_CASE("without a checkpoint --resume says so and begins") {
  const std::string output = NewPath("new");
  const CommandResult result = Train(output, {"--resume"});
  CHECK(result.status == 0);
  CHECK(absl::StartsWith(result.out,
                         absl::StrCat("no sound checkpoint in ", output, "/checkpoints: training begins at step 1\n")));
  CHECK(StepsIn(output + "/metrics.jsonl") == std::vector<int>{1, 2, 3, 4, 5, 6});
}

TEST_CASE("a complete run that is resumed does nothing, or goes on with more steps") {
  const std::string output = Complete("complete"), longer = Complete("longer", {"--set", "run.steps=9"});
  const std::string weights = ReadWhole(output + "/weights.safetensors");
  CHECK(Train(output, {"--resume"}).status == 0);
  CHECK((ReadWhole(output + "/weights.safetensors") == weights));
  CHECK(Train(output, {"--resume", "--set", "run.steps=9"}).status == 0);
  CHECK((ReadWhole(output + "/weights.safetensors") == ReadWhole(longer + "/weights.safetensors")));
  CHECK(StepsIn(output + "/metrics.jsonl") == std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8, 9});
  CHECK_FALSE(fs::exists(output + "/previous-1"));
}

TEST_CASE("from an earlier checkpoint, what came behind it is kept aside") {
  const std::string output = Complete("back");
  const std::string weights = ReadWhole(output + "/weights.safetensors");
  // A process that is killed leaves half a line.
  std::ofstream(output + "/metrics.jsonl", std::ios::app) << "{\"step\":7,\"lo";
  const CommandResult result =
      Train(output, {absl::StrCat("--resume=", output, "/checkpoints/step-000004"), "--set", "pipeline.stages=2"});
  CHECK(result.status == 0);
  CHECK(absl::StrContains(result.out,
                          absl::StrCat("later checkpoints were moved to ", output, "/checkpoints.discarded: 1\n")));
  CHECK(absl::StrContains(result.out,
                          absl::StrCat("goes on from ", output, "/checkpoints/step-000004, after step 4 of 6\n")));
  CHECK((ReadWhole(output + "/weights.safetensors") == weights));
  CHECK(StepsIn(output + "/metrics.jsonl") == std::vector<int>{1, 2, 3, 4, 5, 6});
  const std::string discarded = ReadWhole(output + "/metrics.jsonl.discarded");
  CHECK(absl::StartsWith(discarded, "{\"step\":5,"));
  CHECK(absl::EndsWith(discarded, "{\"step\":7,\"lo"));
  CHECK(fs::exists(output + "/checkpoints.discarded/step-000006/manifest.json"));
}

TEST_CASE("a checkpoint of another run begins a folder of its own") {
  const std::string first = Complete("first"), output = NewPath("second");
  const CommandResult result = Train(output, {absl::StrCat("--resume=", first, "/checkpoints/step-000004")});
  CHECK(result.status == 0);
  CHECK((ReadWhole(output + "/weights.safetensors") == ReadWhole(first + "/weights.safetensors")));
  CHECK(StepsIn(output + "/metrics.jsonl") == std::vector<int>{5, 6});
  CHECK(StepsIn(first + "/metrics.jsonl").size() == 6);
}

TEST_CASE("a run without --resume sets the checkpoints of the earlier one aside") {
  const std::string output = Complete("again");
  REQUIRE(Train(output, {}).status == 0);
  CHECK(fs::exists(output + "/previous-1/checkpoints/step-000006/manifest.json"));
  CHECK(fs::exists(output + "/checkpoints/step-000006/manifest.json"));
}

TEST_CASE("a job that bits depend on is refused by its field, before anything is touched") {
  const std::string output = Complete("refused");
  const std::string metrics = ReadWhole(output + "/metrics.jsonl");
  const std::string newest = output + "/checkpoints/step-000006";
  const auto refusal = [&](std::vector<std::string> more) {
    more.insert(more.begin(), "--resume");
    const CommandResult result = Train(output, more);
    CHECK(result.status == 2);
    CHECK(ReadWhole(output + "/metrics.jsonl") == metrics);
    return result.err;
  };
  const std::string begin = absl::StrCat("baton: --resume: to go on from ", newest, ", ");
  CHECK(refusal({"--set", "run.seed=5"}) == begin + "run.seed: 5 must be 1 (or --allow-change=run.seed)\n");
  CHECK(refusal({"--set", "model.mlp.sizes=[4,5,3]"}) == begin + "model.mlp.sizes: [4, 5, 3] must be [4, 4, 3]\n");
  CHECK(refusal({"--set", "run.steps=5"}) ==
        absl::StrCat("baton: --resume: run.steps: 5 is less than the 6 steps of ", newest, "\n"));
  CHECK(refusal({"--set", "run.steps=9", "--allow-change=run.stepz"}) ==
        absl::StrCat(begin, "--allow-change: a job has no field \"run.stepz\"; did you mean \"steps\"?\n"));
  const CommandResult allowed =
      Train(output, {"--resume", "--set", "run.steps=8", "--set", "optimizer.adamw.learning_rate=0.1",
                     "--allow-change=optimizer.adamw.learning_rate"});
  INFO(allowed.err);
  CHECK(allowed.status == 0);
  CHECK(Baton({"train", "tests/faults/checkpointed.textproto", "--resume"}).err ==
        "baton: --resume needs --output, the folder of the run, or --resume=CHECKPOINT\n");
  CHECK(Train(output, {"--allow-change=run.seed"}).err == "baton: --allow-change needs --resume\n");
}

TEST_CASE("a damaged checkpoint is named and the one before is used; a named one must be sound") {
  const std::string output = Complete("damaged");
  const std::string weights = ReadWhole(output + "/weights.safetensors");
  const std::string newest = output + "/checkpoints/step-000006";
  ChangeManifest(newest, "\"name\": \"optimizer.", "\"name\": \"../optimizer.");
  const std::string why =
      absl::StrCat(newest, "/manifest.json: file \"../optimizer.safetensors\" must be a name without a folder");
  CHECK(Train(output, {"--resume=" + newest}).err == absl::StrCat("baton: --resume: ", why, "\n"));
  const CommandResult table = Baton({"checkpoint", output});
  CHECK(table.status == 0);
  CHECK(absl::StrContains(table.out, "damaged: " + why));
  const CommandResult verified = Baton({"checkpoint", "verify", output});
  CHECK(verified.status == 1);
  CHECK(verified.out == absl::StrCat(output, "/checkpoints/step-000004: sound\n", why, "\n"));
  CHECK(verified.err == "baton: 1 of 2 checkpoints damaged\n");

  const CommandResult resumed = Train(output, {"--resume"});
  CHECK(resumed.status == 0);
  CHECK(absl::StrContains(resumed.out, absl::StrCat("checkpoint ", newest, " is not sound: ", why, "\n")));
  CHECK((ReadWhole(output + "/weights.safetensors") == weights));
  CHECK(Baton({"checkpoint", "verify", output}).status == 0);
}

// Flips a bit in the last tensor of a checkpoint: everything before it has been restored when the damage is found.
void FlipLastBit(const std::string& checkpoint) {
  const std::string path = checkpoint + "/optimizer.safetensors";
  std::string bytes = ReadWhole(path);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  REQUIRE(WriteFile(path, bytes).ok());
}

TEST_CASE("a checkpoint that proves damaged while it is restored leaves nothing behind") {
  const std::string output = Complete("restored_in_part");
  const std::string weights = ReadWhole(output + "/weights.safetensors");
  FlipLastBit(output + "/checkpoints/step-000006");
  const CommandResult before = Train(output, {"--resume"});
  CHECK(before.status == 0);
  CHECK(absl::StrContains(before.out, "step-000006 is not sound: "));
  CHECK(absl::StrContains(before.out, "goes on from " + output + "/checkpoints/step-000004, after step 4 of 6\n"));
  CHECK((ReadWhole(output + "/weights.safetensors") == weights));

  FlipLastBit(output + "/checkpoints/step-000004");
  FlipLastBit(output + "/checkpoints/step-000006");
  const CommandResult anew = Train(output, {"--resume"});
  CHECK(anew.status == 0);
  CHECK(absl::StrContains(anew.out, "no sound checkpoint in " + output + "/checkpoints: training begins at step 1\n"));
  CHECK((ReadWhole(output + "/weights.safetensors") == weights));
}

TEST_CASE("a newer format is refused, not passed over") {
  const std::string output = Complete("newer");
  const std::string newest = output + "/checkpoints/step-000006";
  ChangeManifest(newest, "\"version\": 1", "\"version\": 7");
  const CommandResult result = Train(output, {"--resume"});
  CHECK(result.status == 2);
  CHECK(result.err == absl::StrCat("baton: --resume: ", newest,
                                   "/manifest.json: version: 7 is newer than 2, the newest that this baton reads\n"));
}

TEST_CASE("checkpoints as JSON, one by its folder, and folders that have none") {
  const std::string output = Complete("listed");
  const nlohmann::json rows = nlohmann::json::parse(Baton({"checkpoint", output, "--format=json"}).out);
  REQUIRE(rows.size() == 2);
  CHECK(rows[1].at("step") == 6);
  CHECK(rows[1].at("sound") == true);
  CHECK(rows[1].at("bytes") > 1000);
  const std::string one = output + "/checkpoints/step-000004";
  CHECK(Baton({"checkpoint", "verify", one}).out == one + ": sound\n");
  const std::string empty = NewPath("empty");
  CHECK(Baton({"checkpoint", empty}).err == absl::StrCat("baton: DIR: ", empty, " is not a folder\n"));
  fs::create_directory(empty);
  const CommandResult none = Baton({"checkpoint", "verify", empty});
  CHECK(none.status == 2);
  CHECK(none.err == absl::StrCat("baton: DIR: ", empty, " has no checkpoint\n"));
}

TEST_CASE("a run past its time limit saves, ends with status 75 and goes on") {
  const std::string output = NewPath("limited"), undisturbed = Complete("unlimited");
  const CommandResult stopped = Train(output, {"--set", "run.time_limit=1e-9"});
  CHECK(stopped.status == 75);
  CHECK(stopped.err == "baton: stopped after step 1 of 6; the same command with --resume goes on\n");
  CHECK(fs::exists(output + "/checkpoints/step-000001/manifest.json"));
  CHECK(Train(output, {"--resume"}).status == 0);
  CHECK((ReadWhole(output + "/weights.safetensors") == ReadWhole(undisturbed + "/weights.safetensors")));
  const CommandResult unsaved = Baton({"train", "tests/faults/checkpointed.textproto", "--set", "run.time_limit=1e-9"});
  CHECK(unsaved.status == 1);
  CHECK(unsaved.err == "baton: stopped after step 1 of 6; without --output nothing is saved\n");
}

TEST_CASE("a save that fails ends itself, not the run") {
  const std::string output = NewPath("unwritable"), undisturbed = Complete("writable");
  const CommandResult result = Command({"/usr/bin/env", "BATON_FAIL=checkpoint.rename:1:enospc", "tools/baton/baton",
                                        "train", "tests/faults/checkpointed.textproto", "--output", output})
                                   .Wait();
  CHECK(result.status == 1);  // the last save failed as well
  CHECK(absl::StrContains(result.out, "error: step 2 is not saved: "));
  CHECK((ReadWhole(output + "/weights.safetensors") == ReadWhole(undisturbed + "/weights.safetensors")));
  CHECK(absl::StrContains(ReadWhole(output + "/metrics.jsonl"), "\"checkpoint_error\":\""));
  CHECK(fs::is_empty(output + "/checkpoints"));
}

}  // namespace
}  // namespace baton
