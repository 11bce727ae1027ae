// The parts of `baton launch` that need no processes. tests/faults/launch_test.cc has those that do.
#include <catch2/catch.hpp>
#include <csignal>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/process/child_end.h"
#include "runtime/process/launch_options.h"
#include "runtime/process/line_prefixer.h"

namespace baton {
namespace {

TEST_CASE("lines get a prefix however their bytes arrive") {
  const std::string text = "one\n\ntwo is longer\nthree";
  for (size_t piece = 1; piece <= text.size(); ++piece) {
    LinePrefixer lines("[rank 1] ");
    std::string all;
    for (size_t i = 0; i < text.size(); i += piece) all += lines.Add(text.substr(i, piece));
    CHECK(all == "[rank 1] one\n[rank 1] \n[rank 1] two is longer\n");
    CHECK(lines.Finish() == "[rank 1] three\n");
    CHECK(lines.Finish().empty());
  }
}

TEST_CASE("a line without an end is cut") {
  LinePrefixer lines("> ");
  const std::string most(LinePrefixer::kLongestLine, 'x');
  CHECK(lines.Add(most + "y") == absl::StrCat("> ", most, "\n"));
  CHECK(lines.Add("\n") == "> y\n");
}

ChildEnd Exited(int rank, int status, bool told = false) { return {rank, 100 + rank, status << 8, told, false}; }
ChildEnd Signalled(int rank, int signal, bool told = false) { return {rank, 100 + rank, signal, told, false}; }
ChildEnd Killed(int rank) { return {rank, 100 + rank, SIGKILL, true, true}; }

struct Case {
  std::vector<ChildEnd> ends;
  int exit_status;
  std::string report;
};

TEST_CASE("the first failure is the one with a cause of its own") {
  const std::vector<Case> table = {
      {{Exited(0, 0), Exited(1, 0)}, 0, ""},
      {{Exited(1, 75), Exited(0, 0)}, 75, ""},
      {{Exited(1, 3)}, 3, "rank 1 (pid 101) failed first: it ended with status 3"},
      {{Signalled(2, SIGKILL), Exited(0, 76, true), Signalled(1, SIGTERM, true), Exited(3, 0)},
       137,
       "rank 2 (pid 102) failed first: it was ended by signal 9 (KILL)\n"
       "  rank 0 (pid 100) ended with status 76, since another process had failed\n"
       "  rank 1 (pid 101) was ended by signal 15 (TERM) from baton launch"},
      {{Exited(0, 76), Exited(1, 76, true)},
       1,
       "a process of the run failed first, which the line above names\n"
       "  rank 0 (pid 100) ended with status 76, since another process had failed\n"
       "  rank 1 (pid 101) ended with status 76, since another process had failed"},
      // Control told rank 0 of the failure before its cause was noticed here.
      {{Exited(0, 76), Signalled(1, SIGSEGV, true)},
       139,
       "rank 1 (pid 101) failed first: it was ended by signal 11 (SEGV)\n"
       "  rank 0 (pid 100) ended with status 76, since another process had failed"},
      {{Exited(0, 76), Exited(2, 76, true), Killed(1)},
       1,
       "rank 1 (pid 101) failed first: it did not end when told to and was killed: it was stopped, or hung\n"
       "  rank 0 (pid 100) ended with status 76, since another process had failed\n"
       "  rank 2 (pid 102) ended with status 76, since another process had failed"},
      {{Exited(1, 75), Exited(0, 4)}, 4, "rank 0 (pid 100) failed first: it ended with status 4"},
  };
  for (const Case& row : table) {
    INFO(row.report);
    const LaunchOutcome outcome = OutcomeOf(row.ends);
    CHECK(outcome.exit_status == row.exit_status);
    CHECK(outcome.report == row.report);
  }
}

TEST_CASE("each child gets its place in the world") {
  LaunchOptions options;
  options.processes = 2;
  options.nodes = 3;
  options.node_rank = 2;
  options.host = "host-c";
  const Environment child =
      EnvironmentOfChild(options, Environment({{"HOME", "/h"}, {"BATON_RANK", "7"}}), 1, {"host-a", 4000}, 5, "secret");
  CHECK(child.variables() == std::map<std::string, std::string>{{"HOME", "/h"},
                                                                {"BATON_RANK", "5"},
                                                                {"BATON_WORLD_SIZE", "6"},
                                                                {"BATON_LOCAL_RANK", "1"},
                                                                {"BATON_LOCAL_SIZE", "2"},
                                                                {"BATON_LEADER", "host-a:4000"},
                                                                {"BATON_GENERATION", "5"},
                                                                {"BATON_TOKEN", "secret"}});
  CHECK(PrefixOf(options, 1) == "[rank 5 host-c] ");
  options.nodes = 1;
  options.node_rank = 0;
  CHECK(PrefixOf(options, 1) == "[rank 1] ");
}

TEST_CASE("tokens differ, and a free port can be had") {
  CHECK(RandomToken().value().size() == 32);
  CHECK(RandomToken().value() != RandomToken().value());
  CHECK(FreeLoopbackPort().value() > 0);
}

}  // namespace
}  // namespace baton
