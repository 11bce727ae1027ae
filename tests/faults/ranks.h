// Processes of a run that no launcher starts: each with its own variables, so that a test can give one of them a wrong
// world.
#ifndef BATON_TESTS_FAULTS_RANKS_H_
#define BATON_TESTS_FAULTS_RANKS_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/testing/command.h"

namespace baton {

struct RankToStart {
  int rank = 0;
  int size = 2;
  std::string leader;  // HOST:PORT
  std::string token = "secret";
  std::string timeout = "3s";
  std::string heartbeat = "1s";
  std::string program = "tools/baton/baton";
  std::vector<std::string> arguments;
  std::string out;  // a path; empty: a new one
};

inline std::unique_ptr<Command> Start(const RankToStart& rank) {
  std::vector<std::string> words = {"/usr/bin/env",
                                    absl::StrCat("BATON_RANK=", rank.rank),
                                    absl::StrCat("BATON_WORLD_SIZE=", rank.size),
                                    absl::StrCat("BATON_LEADER=", rank.leader),
                                    absl::StrCat("BATON_TOKEN=", rank.token),
                                    absl::StrCat("BATON_TIMEOUT=", rank.timeout),
                                    absl::StrCat("BATON_HEARTBEAT=", rank.heartbeat),
                                    rank.program};
  words.insert(words.end(), rank.arguments.begin(), rank.arguments.end());
  return std::make_unique<Command>(words, rank.out);
}

}  // namespace baton

#endif  // BATON_TESTS_FAULTS_RANKS_H_
