// `baton generate` from outside: runs and checkpoints, ids and text, and what it refuses.
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/printable.h"
#include "base/write_file.h"
#include "tests/testing/command.h"

namespace baton {
namespace {

constexpr char kJob[] = R"(
  model { gpt2 { layers: 2 width: 16 heads: 2 context: 24 vocabulary: 256 } }
  data { text: "tests/data/handbook.txt" }
  batch { sequences: 4 }
  run { steps: 4 }
  checkpoint { every: 2 }
)";

// The output folder of a run, trained once.
const std::string& Run() {
  static const std::string folder = [] {
    const std::string job = NewPath("job.textproto");
    REQUIRE(WriteFile(job, kJob).ok());
    const std::string output = NewPath("run");
    REQUIRE(Baton({"train", job, "--output", output}).status == 0);
    return output;
  }();
  return folder;
}

CommandResult Generate(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "generate");
  return Baton(std::move(arguments));
}

TEST_CASE("ids: those of the prompt, then as many as asked for, the same for every split") {
  const std::vector<std::string> arguments = {Run(), "--prompt-ids=84,104, 101", "--tokens=30", "--print-ids"};
  const CommandResult first = Generate(arguments);
  CHECK(first.err == "");
  REQUIRE(first.status == 0);
  const std::vector<std::string> ids = Words(first.out);
  REQUIRE(ids.size() == 33);
  CHECK(std::vector<std::string>(ids.begin(), ids.begin() + 3) == std::vector<std::string>{"84", "104", "101"});
  for (const char* setting : {"pipeline.stages=2", "devices.threads_each=1"}) {
    std::vector<std::string> same = arguments;
    same.insert(same.end(), {"--set", setting, "--seed", "1"});
    CHECK(Generate(same).out == first.out);
  }
  std::vector<std::string> other = arguments;
  other.push_back("--seed=2");
  CHECK(Generate(other).out != first.out);
}

TEST_CASE("text begins with the prompt and is UTF-8, whatever the model says") {
  const CommandResult result = Generate({Run(), "--prompt", "Gr\xc3\xb6\xc3\x9f", "--tokens=80", "--temperature=3"});
  CHECK(result.err == "");
  REQUIRE(result.status == 0);
  CHECK(absl::StartsWith(result.out, "Gr\xc3\xb6\xc3\x9f"));
  CHECK(IsUtf8(result.out));
}

TEST_CASE("weights come from the run, from its newest sound checkpoint, or from a checkpoint that is named") {
  const std::vector<std::string> options = {"--prompt=The", "--tokens=12", "--temperature=0", "--print-ids"};
  const auto generate = [&](const std::string& folder) {
    std::vector<std::string> arguments = options;
    arguments.insert(arguments.begin(), folder);
    return Generate(arguments);
  };
  const CommandResult expected = generate(Run());
  REQUIRE(expected.status == 0);
  CHECK(generate(Run() + "/checkpoints/step-000004").out == expected.out);
  const std::string copy = NewPath("copy");
  std::filesystem::copy(Run(), copy, std::filesystem::copy_options::recursive);
  std::filesystem::remove(copy + "/weights.safetensors");
  CHECK(generate(copy).out == expected.out);
  // A damaged one is said and passed over.
  REQUIRE(WriteFile(copy + "/checkpoints/step-000004/parameters.safetensors", "damaged").ok());
  const CommandResult older = generate(copy);
  CHECK(older.status == 0);
  CHECK(absl::StrContains(older.err, "step-000004"));
  CHECK(older.out == generate(Run() + "/checkpoints/step-000002").out);
  std::filesystem::remove_all(copy + "/checkpoints");
  const CommandResult none = generate(copy);
  CHECK(none.status == 2);
  CHECK(none.err ==
        absl::StrCat("baton: DIR: ", copy, " has a job, but neither weights.safetensors nor a sound checkpoint\n"));
}

TEST_CASE("wrong input is refused with one sentence") {
  const struct {
    std::vector<std::string> arguments;
    std::string message;
  } cases[] = {
      {{"--tokens=3"}, "--prompt or --prompt-ids is required"},
      {{"--prompt="}, "--prompt"},
      {{"--prompt-ids=1,x"}, "--prompt-ids: \"x\" is not the number of a token"},
      {{"--prompt-ids=,"}, "--prompt-ids: has no token to continue"},
      {{"--prompt-ids=1,256"}, "--prompt-ids: token 256; the model's tokens are from 0 to 255"},
      {{"--prompt-ids=-1"}, "--prompt-ids: token -1; the model's tokens are from 0 to 255"},
      {{"--prompt-ids=99999999999"}, "--prompt-ids: \"99999999999\" is not the number of a token"},
      {{"--prompt", std::string(25, 'a')}, "--prompt: 25 tokens; the model's context has 24"},
      {{"--prompt=a", "--temperature=-0.5"}, "--temperature: -0.5 is not at least 0"},
      {{"--prompt=a", "--temperature=nan"}, "--temperature: nan is not at least 0"},
      {{"--prompt=a", "--top-p=0"}, "--top-p: 0 is not above 0 and at most 1"},
      {{"--prompt=a", "--top-p=1.01"}, "--top-p: 1.01 is not above 0 and at most 1"},
      {{"--prompt=a", "--tokens=0"}, "is not a whole number from 1 to 1000000"},
      {{"--prompt=a", "--set=pipeline.stages=3"}, "pipeline: stages: 3 and chunks_per_device: 1 make 3 chunks"},
      {{"--prompt=a", "--prompt-ids=1"}, "--prompt"},
  };
  for (const auto& each : cases) {
    std::vector<std::string> arguments = each.arguments;
    arguments.insert(arguments.begin(), Run());
    const CommandResult result = Generate(arguments);
    CAPTURE(arguments, result.err);
    CHECK(result.status == 2);
    CHECK(result.out == "");
    CHECK(absl::StrContains(result.err, each.message));
  }
  for (const char* const kind : {"bert", "vit", "resnet"}) {
    const std::string folder = std::string("tests/data/models/") + kind;
    const CommandResult result = Generate({folder, "--prompt-ids=1,2"});
    CAPTURE(kind, result.err);
    CHECK(result.status == 2);
    CHECK(absl::StrContains(result.err, "DIR: " + folder + " has a model of kind " + kind +
                                            ", which does not continue text; gpt2, llama and lists of layers with "
                                            "causal attention do"));
  }
  CHECK(absl::StrContains(Generate({"nowhere", "--prompt=a"}).err, "DIR: nowhere is not a folder"));
  CHECK(absl::StrContains(Generate({"examples", "--prompt=a"}).err, "DIR: examples has neither job.textproto"));
}

}  // namespace
}  // namespace baton
