// Names that are near to a known one, and names that are not.
#include "base/suggest.h"

#include <catch2/catch.hpp>

namespace baton {
namespace {

TEST_CASE("a misspelled or shortened name suggests the nearest known one") {
  const std::vector<std::string> known = {"gpipe", "1f1b", "zb-h1", "zb-h2", "warmup_steps"};
  CHECK(NearestName("gpip", known) == "gpipe");
  CHECK(NearestName("1f2b", known) == "1f1b");
  CHECK(NearestName("f11b", known) == "1f1b");  // neighbours exchanged
  CHECK(NearestName("zb-h3", known) == "zb-h1");
  CHECK(NearestName("warmup", known) == "warmup_steps");
  CHECK(NearestName("heads", known).empty());
  CHECK(NearestName("", known).empty());
  CHECK(NearestName(std::string(65, 'g'), known).empty());
  CHECK(DidYouMean("gpip", known) == "; did you mean \"gpipe\"?");
  CHECK(DidYouMean("quickly", known).empty());
}

}  // namespace
}  // namespace baton
