// Slurm's compressed lists of hosts and of tasks. Used by world.cc.
#ifndef BATON_RUNTIME_PROCESS_SLURM_LISTS_H_
#define BATON_RUNTIME_PROCESS_SLURM_LISTS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace baton {

// The first host of a list like `node[007-012,31],gpu5` or `rack[1-2]n[0-3]`: the first line of
// `scontrol show hostnames`. `name` is the variable, for messages. Errors: InvalidArgument.
absl::StatusOr<std::string> FirstSlurmHost(absl::string_view name, absl::string_view list);

// The tasks of a node by a list like `2(x3),1`: three nodes with two tasks, then one with one. Errors: InvalidArgument
// if the list is malformed or has no node with this index.
absl::StatusOr<int64_t> SlurmTasksOfNode(absl::string_view name, absl::string_view list, int64_t node);

}  // namespace baton

#endif  // BATON_RUNTIME_PROCESS_SLURM_LISTS_H_
