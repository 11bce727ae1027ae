// The flags that describe a pipeline: JOB with overrides, or stages, costs and schedule. Declared by every command that
// compiles a program; Problem::Create reads them.
//
//     auto flags = std::make_shared<ProblemFlags>();
//     AddProblemFlags(*command, *flags, /*with_schedule=*/true);
//     …                                                       // after parsing
//     BATON_ASSIGN_OR_RETURN(const Problem problem, Problem::Create(*flags));
#ifndef BATON_TOOLS_BATON_PROBLEM_FLAGS_H_
#define BATON_TOOLS_BATON_PROBLEM_FLAGS_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "schedules/costs/costs.h"
#include "tools/baton/link_flags.h"
#include "tools/baton/search_flags.h"

namespace baton {

// Micro-batches of a step. Fewer may be possible: Problem refuses a program that does not fit into this machine's
// memory.
inline constexpr int64_t kMostMicroBatches = int64_t{1} << 24;

// As typed; empty or unset where not given.
struct ProblemFlags {
  std::string job;
  std::vector<std::string> overrides;  // field=value
  std::optional<int> stages;
  std::optional<int> micro_batches;
  std::optional<int> chunks;
  std::optional<int> micro_batch_group;
  std::optional<int> replicas;
  std::string schedule;
  std::string order;        // a path
  std::string costs;        // a path
  std::string rates_table;  // a path
  // Times with their unit, as "18.5ms".
  std::string forward;
  std::string backward_input;
  std::string backward_weight;
  std::string transfer;
  std::string recompute;
  std::optional<Bytes> activation_bytes;
  std::optional<Bytes> message_bytes;
  LinkFlags links;
  std::optional<int> cores;  // that all devices share
  SearchFlags search;
  bool with_schedule = false;  // whether --schedule and --order are declared
};

// Declares the flags on a subcommand. `with_schedule`: also --schedule and --order, for commands that look at one.
void AddProblemFlags(CLI::App& command, ProblemFlags& flags, bool with_schedule);

// Declares --rates-table.
void AddRatesTableFlag(CLI::App& command, std::string& path);

// Why --rates-table is refused for a job without a device whose kernels could be estimated.
inline constexpr char kRatesTableNeedsRates[] =
    "--rates-table: its kernels are those of a GPU: the job needs devices.device, or devices.rates.multiprocessors";

// Reads the table of a --costs flag. Errors: InvalidArgument.
absl::StatusOr<CostModel> ReadCostsFile(const std::string& path);

// Refuses an unknown schedule. Errors: those of FindAnySchedule, with `flag` in place of the field's name.
absl::Status CheckSchedule(const std::string& flag, const std::string& name);

// Parses "18.5ms", "600us", "1.2s", "250ns". `flag` is for the message. Errors: InvalidArgument.
absl::StatusOr<Nanos> ParseDurationFlag(const std::string& flag, const std::string& text);

}  // namespace baton

#endif  // BATON_TOOLS_BATON_PROBLEM_FLAGS_H_
