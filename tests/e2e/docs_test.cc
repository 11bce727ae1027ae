// docs/schedules.md against the commands that it shows: each output is what the command prints now.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "schedules/order/catalog.h"
#include "tests/testing/command.h"

namespace baton {
namespace {

struct Block {
  std::string command;  // without "$ baton "
  std::string output;
};

// The ```console blocks. A command may go on behind a backslash.
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

TEST_CASE("docs/schedules.md shows what the commands print; tools/update_schedule_docs writes it anew") {
  const std::vector<Block> blocks = BlocksOf(ReadWhole("docs/schedules.md"));
  REQUIRE_FALSE(blocks.empty());
  for (const Block& block : blocks) {
    CAPTURE(block.command);
    const CommandResult result = Baton(Words(block.command));
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

TEST_CASE("docs/schedules.md shows every schedule, in the order of the catalog") {
  std::vector<std::string> shown;
  for (const Block& block : BlocksOf(ReadWhole("docs/schedules.md"))) {
    const std::vector<std::string> words = Words(block.command);
    if (words.front() == "schedules" && words.size() == 2) shown.push_back(words[1]);
  }
  std::vector<std::string> known;
  for (const ScheduleInfo& schedule : Catalog()) known.emplace_back(schedule.name);
  CHECK(shown == known);
}

}  // namespace
}  // namespace baton
