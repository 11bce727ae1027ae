// Layouts as Megatron-LM takes them, and those that Baton's models cannot have.
#include "runtime/job/split_layout.h"

#include <catch2/catch.hpp>
#include <string>

namespace baton {
namespace {

TEST_CASE("a layout gives the blocks of each chunk") {
  struct Case {
    std::string layout;
    std::vector<int> blocks;
  };
  const Case cases[] = {
      {"t", {1}},
      {"EttL", {2}},
      {"Et*3|(tt|)*2,tL", {3, 2, 2, 1}},
      {"E,t*3|(t,t|)*29,tL", {}},
      {"E t|(t | )* 3 t*10 L", {1, 1, 1, 1, 10}},
      {"t|,*1 t", {1, 1}},
      {"(Et|)*1tt|(t*2|t)*1L", {1, 2, 2, 1}},
  };
  for (Case each : cases) {
    CAPTURE(each.layout);
    if (each.blocks.empty()) {
      each.blocks.assign(31, 2);
      each.blocks.front() = 3;
      each.blocks.back() = 1;
    }
    const auto blocks = ParseSplitLayout(each.layout);
    REQUIRE(blocks.status() == absl::OkStatus());
    CHECK(*blocks == each.blocks);
  }
}

TEST_CASE("a wrong layout is refused by position") {
  struct Case {
    std::string layout;
    std::string message;
  };
  const Case cases[] = {
      {"",
       "character 1: chunk 0 ends without a t; each needs at least one, because the embedding belongs to the first "
       "block"},
      {"E|t",
       "character 2: chunk 0 ends without a t; each needs at least one, because the embedding belongs to the "
       "first block"},
      {"t||t", "character 3: chunk 1 ends without a t; each needs at least one"},
      {"(t|)*2", "character 3: chunk 2 ends without a t; each needs at least one"},
      {"Et|tt|L",
       "character 7: chunk 2 ends without a t; each needs at least one, because the loss belongs to the last "
       "block"},
      {"Et*3|(tt|)*29,m|L", "character 15: m is a layer for multi-token prediction, which Baton's models do not have"},
      {"tE", "character 2: E must stand once and first: the embedding belongs to the first block"},
      {"E*2t", "character 1: E must stand once and first: the embedding belongs to the first block"},
      {"tL|t", "character 2: L must stand once and last: the loss belongs to the last block"},
      {"tL*2", "character 2: L must stand once and last: the loss belongs to the last block"},
      {"tx", "character 2: \"x\" is none of E, t, L, |, (, ), * and ,"},
      {"t\n\x01", "character 3: \"\\x01\" is none of E, t, L, |, (, ), * and ,"},
      {"*2", "character 1: the factor has no letter, bar or parenthesis before it"},
      {"t*", "character 2: * must be followed by a number"},
      {"t*x", "character 2: * must be followed by a number"},
      {"t*0", "character 3: a factor must be at least 1"},
      {"t*99999999999999999999999", "character 3: the layout becomes longer than 16384 letters and bars"},
      {"(t*200|)*200", "character 10: the layout becomes longer than 16384 letters and bars"},
      {"(tt|", "character 1: the parenthesis is not closed"},
      {"tt|)", "character 4: the parenthesis was not opened"},
      {"((t)*2|)*2t", "character 2: a parenthesis inside another one"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.layout);
    const auto blocks = ParseSplitLayout(each.layout);
    CHECK(blocks.status().code() == absl::StatusCode::kInvalidArgument);
    CHECK(std::string(blocks.status().message()) == "pipeline.split.layout: " + each.message);
  }
  CHECK(std::string(ParseSplitLayout(std::string(70000, 't')).status().message()) ==
        "pipeline.split.layout: 70000 characters must be at most 65536");
}

}  // namespace
}  // namespace baton
