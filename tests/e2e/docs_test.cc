// The output that README.md and docs/*.md show, and the README's picture, are those of the commands beside them.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "schedules/search/searched_schedules.h"
#include "tests/testing/command.h"

namespace baton {
namespace {

// oneDNN's workspaces differ between instruction sets, so commands use one that all machines have.
[[maybe_unused]] const int kInstructionSet = setenv("ONEDNN_MAX_CPU_ISA", "AVX2", /*overwrite=*/1);

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
  const char* page = GENERATE("docs/schedules.md", "docs/prediction.md", "docs/training.md", "docs/parallelism.md");
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

// The blocks of "    $ baton COMMAND" with output below it, up to the next command or the end of the indented lines.
std::vector<Block> IndentedBlocksOf(const std::string& page) {
  std::vector<Block> blocks;
  bool inside = false;
  bool in_command = false;
  for (absl::string_view line : absl::StrSplit(page, '\n')) {
    const bool is_command = absl::ConsumePrefix(&line, "    $ ");
    if (is_command) {
      inside = absl::ConsumePrefix(&line, "baton ");
      if (inside) blocks.push_back({});
      in_command = inside;
    } else if (!line.empty() && !absl::ConsumePrefix(&line, "    ")) {
      inside = false;
    }
    if (!inside) continue;
    if (in_command) {
      in_command = absl::ConsumeSuffix(&line, "\\");
      absl::StrAppend(&blocks.back().command, line, " ");
    } else {
      absl::StrAppend(&blocks.back().output, line, "\n");
    }
  }
  return blocks;
}

// Whether every machine prints the same: a command without times that were measured here, and no run that trains.
bool IsReproducible(const Block& block) {
  if (absl::StartsWith(block.command, "profile") || absl::StrContains(block.output, "measured here")) return false;
  const std::vector<std::string> words = Words(absl::StrReplaceAll(block.output, {{"\n", " "}}));
  if (words.empty()) return false;
  return !absl::StartsWith(block.command, "train") || words.front() == "baton:";
}

// Whether `shown` is `printed`, whatever the spaces and line ends; a word "…" stands for any words left out.
bool Shows(const std::vector<std::string>& shown, const std::vector<std::string>& printed) {
  // reached[j]: the words so far can be the first j of `printed`.
  std::vector<bool> reached(printed.size() + 1, false);
  reached[0] = true;
  for (const std::string& word : shown) {
    std::vector<bool> next(printed.size() + 1, false);
    bool any_before = false;
    for (size_t j = 0; j <= printed.size(); ++j) {
      any_before = any_before || reached[j];
      if (word == "…") {
        next[j] = any_before;
      } else if (j > 0) {
        next[j] = reached[j - 1] && printed[j - 1] == word;
      }
    }
    reached = next;
  }
  return reached.back();
}

TEST_CASE("words are compared, and dots stand for any") {
  CHECK(Shows({"a", "b"}, {"a", "b"}));
  CHECK_FALSE(Shows({"a"}, {"a", "b"}));
  CHECK_FALSE(Shows({"a", "c"}, {"a", "b"}));
  CHECK(Shows({"…", "b"}, {"a", "a", "b"}));
  CHECK(Shows({"a", "…"}, {"a"}));
  CHECK_FALSE(Shows({"…", "b", "…", "c"}, {"a", "b", "d"}));
}

TEST_CASE("every block of the README and the pages that is the same on every machine is what its command prints") {
  std::vector<std::string> pages = {"README.md"};
  for (const auto& entry : std::filesystem::directory_iterator("docs")) {
    if (entry.path().extension() == ".md") pages.push_back(entry.path().string());
  }
  std::sort(pages.begin(), pages.end());
  int num_compared = 0;
  for (const std::string& page : pages) {
    for (const Block& block : IndentedBlocksOf(ReadWhole(page))) {
      if (!IsReproducible(block)) continue;
      CAPTURE(page, block.command);
      std::vector<std::string> arguments = ArgumentsOf(block.command);
      for (std::string& argument : arguments) {
        if (absl::StartsWith(argument, "--svg=")) argument = absl::StrCat("--svg=", NewPath("picture.svg"));
      }
      const CommandResult result = Baton(arguments);
      const std::string printed = result.out + result.err;
      CAPTURE(printed);
      const auto words = [](const std::string& text) { return Words(absl::StrReplaceAll(text, {{"\n", " "}})); };
      CHECK(Shows(words(block.output), words(printed)));
      ++num_compared;
    }
  }
  // The README alone has two.
  CHECK(num_compared > 2);
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
