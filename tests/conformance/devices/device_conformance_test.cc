// Every kind of device that this program links passes every case, but for its list of expected failures.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <set>

#include "tests/conformance/devices/conformance_case.h"

namespace baton {
namespace {

std::vector<ConformanceCase> AllCases() {
  std::vector<ConformanceCase> all;
  for (const auto& cases : {DeviceCases(), StreamCases(), ChannelCases(), CollectiveCases(), GraphCases()}) {
    all.insert(all.end(), cases.begin(), cases.end());
  }
  return all;
}

bool Can(const KindUnderTest& kind, const ConformanceCase& each) {
  return std::all_of(each.needs.begin(), each.needs.end(), [&](Ability ability) {
    return std::count(kind.abilities.begin(), kind.abilities.end(), ability) > 0;
  });
}

// The failures of the first seed that fails.
std::vector<std::string> Run(const KindUnderTest& kind, const ConformanceCase& each) {
  for (int seed = 0; seed < kind.num_seeds; ++seed) {
    Context context(kind, seed);
    each.run(context);
    if (!context.failures().empty()) return context.failures();
  }
  return {};
}

TEST_CASE("devices, streams, channels and collectives conform") {
  bool ran = false;
  for (const KindUnderTest& kind : KindsUnderTest()) {
    if (!kind.missing.empty()) {
      std::printf("%s does not run here: %s\n", kind.name.c_str(), kind.missing.c_str());
      continue;
    }
    ran = true;
    for (const ConformanceCase& each : AllCases()) {
      if (!Can(kind, each)) {
        std::printf("%s is not able to: %s\n", kind.name.c_str(), each.name.c_str());
        continue;
      }
      INFO(kind.name << ": " << each.name);
      const std::string verdict = Judge(kind, each.name, Run(kind, each));
      CHECK(verdict == "");
    }
  }
  if (!ran) std::printf("SKIPPED: no kind of device of this program can run here\n");
}

TEST_CASE("lists of expected failures name cases, and each case has a name of its own") {
  std::set<std::string> names;
  for (const ConformanceCase& each : AllCases()) CHECK(names.insert(each.name).second);
  for (const KindUnderTest& kind : KindsUnderTest()) {
    for (const auto& [name, why] : kind.expected_failures) {
      INFO(kind.name << ": " << name);
      CHECK(names.count(name) == 1);
      CHECK_FALSE(why.empty());
    }
  }
}

TEST_CASE("an unexpected failure and an unexpected pass are both wrong") {
  KindUnderTest kind;
  kind.expected_failures = {{"flies", "has no wings"}};
  CHECK(Judge(kind, "walks", {}).empty());
  CHECK(Judge(kind, "walks", {"a.cc:1: x", "a.cc:2: y"}) == "a.cc:1: x\na.cc:2: y");
  CHECK(Judge(kind, "flies", {"a.cc:1: x"}).empty());
  CHECK(Judge(kind, "flies", {}) == "passes, but is listed as a failure: has no wings");
}

}  // namespace
}  // namespace baton
