// The output in docs/schedules.md and docs/prediction.md, and the README's picture, are those of the commands beside
// them.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "schedules/search/searched_schedules.h"
#include "tests/testing/command.h"

namespace baton {
namespace {

struct Block {
  std::string command;  // without "$ baton "
  std::string output;
};

// The ```console blocks. A backslash continues a command on the next line.
std::vector<Block> BlocksOf(const std::string& page) {
  std::vector<Block> blocks;
  bool inside = false;
  bool in_command = false;
  for (absl::string_view line : absl::StrSplit(page, '\n')) {
    if (line == "```console") {
      blocks.push_back({});
      inside = in_command = true;
    } else if (line == "```") {
      inside = false;
    } else if (in_command) {
      in_command = absl::ConsumeSuffix(&line, "\\");
      absl::ConsumePrefix(&line, "$ baton ");
      absl::StrAppend(&blocks.back().command, line, " ");
    } else if (inside) {
      absl::StrAppend(&blocks.back().output, line, "\n");
    }
  }
  return blocks;
}

// The arguments of a command: words, or texts between double quotes.
std::vector<std::string> ArgumentsOf(const std::string& command) {
  std::vector<std::string> arguments;
  const std::vector<std::string> parts = absl::StrSplit(command, '"');
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i % 2 == 1) {
      arguments.push_back(parts[i]);
    } else {
      for (const std::string& word : Words(parts[i])) arguments.push_back(word);
    }
  }
  return arguments;
}

TEST_CASE("the pages show the output of the commands; tools/update_schedule_docs regenerates it") {
  const char* page = GENERATE("docs/schedules.md", "docs/prediction.md");
  const std::vector<Block> blocks = BlocksOf(ReadWhole(page));
  REQUIRE_FALSE(blocks.empty());
  for (const Block& block : blocks) {
    CAPTURE(block.command);
    const CommandResult result = Baton(ArgumentsOf(block.command));
    CHECK(result.status == 0);
    CHECK(result.err.empty());
    CHECK(block.output == result.out);
    // "µ" and "×" have two bytes.
    for (const std::string& line : std::vector<std::string>(absl::StrSplit(result.out, '\n'))) {
      CAPTURE(line);
      CHECK(line.size() <= 122);
    }
  }
}

TEST_CASE("the README's picture is that of the command beside it") {
  const std::string command = "baton simulate --stages=4 --micro-batches=8 --schedule=zb-h1 --transfer=0.1ms --svg=";
  CHECK(absl::StrContains(ReadWhole("README.md"), command + "docs/pictures/zb-h1.svg"));
  const std::string file = NewPath("picture.svg");
  std::vector<std::string> arguments = Words(command + file);
  arguments.erase(arguments.begin());
  REQUIRE(Baton(arguments).status == 0);
  CHECK(ReadWhole(file) == ReadWhole("docs/pictures/zb-h1.svg"));
}

TEST_CASE("docs/schedules.md shows every schedule, in the order of the catalog") {
  std::vector<std::string> shown;
  for (const Block& block : BlocksOf(ReadWhole("docs/schedules.md"))) {
    const std::vector<std::string> words = Words(block.command);
    if (words.front() == "schedules" && words.size() == 2) shown.push_back(words[1]);
  }
  std::vector<std::string> known;
  for (const ScheduleInfo* schedule : AllSchedules()) known.emplace_back(schedule->name);
  CHECK(shown == known);
}

}  // namespace
}  // namespace baton
