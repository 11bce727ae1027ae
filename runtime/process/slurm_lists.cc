#include "runtime/process/slurm_lists.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace baton {
namespace {

constexpr int64_t kMostTasks = 1'000'000;

// `12` or `2(x3)`, as tasks and the number of nodes with so many.
bool ParseTasks(absl::string_view part, int64_t& tasks, int64_t& nodes) {
  nodes = 1;
  const size_t open = part.find("(x");
  if (open != absl::string_view::npos) {
    absl::string_view repeat = part.substr(open + 2);
    if (!absl::ConsumeSuffix(&repeat, ")") || !absl::SimpleAtoi(repeat, &nodes)) return false;
  }
  const bool is_number = absl::SimpleAtoi(part.substr(0, open), &tasks);
  return is_number && tasks >= 1 && tasks <= kMostTasks && nodes >= 1 && nodes <= kMostTasks;
}

}  // namespace

absl::StatusOr<std::string> FirstSlurmHost(absl::string_view name, absl::string_view list) {
  std::string host;
  size_t i = 0;
  bool sound = true;
  while (sound && i < list.size() && list[i] != ',') {
    if (list[i] != '[') {
      sound = absl::ascii_isalnum(list[i]) || absl::StrContains("-._", list[i]);
      host += list[i++];
      continue;
    }
    const size_t close = list.find(']', i);
    const absl::string_view range = list.substr(i + 1, close == absl::string_view::npos ? close : close - i - 1);
    const absl::string_view first = range.substr(0, range.find_first_of(",-"));
    sound = close != absl::string_view::npos && !first.empty();
    for (const char digit : first) sound = sound && absl::ascii_isdigit(digit);
    host.append(first.data(), first.size());
    i = close + 1;
  }
  if (!sound || host.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(name, "=", list, " is not a list of hosts like node[1-4],gpu5"));
  }
  return host;
}

absl::StatusOr<int64_t> SlurmTasksOfNode(absl::string_view name, absl::string_view list, int64_t node) {
  int64_t before = 0;
  for (const absl::string_view part : absl::StrSplit(list, ',')) {
    int64_t tasks = 0, nodes = 0;
    if (!ParseTasks(part, tasks, nodes)) {
      return absl::InvalidArgumentError(absl::StrCat(name, "=", list, " is not a list of task counts like 2(x3),1"));
    }
    if (node < before + nodes) return tasks;
    before += nodes;
  }
  return absl::InvalidArgumentError(absl::StrCat(name, "=", list, " has ", before, " nodes; SLURM_NODEID is ", node));
}

}  // namespace baton
