// What a command works on: a job file, or the flags that stand for one; either way a CompileRequest for any schedule.
// Used by compile, simulate, compare and rehearse.
#ifndef BATON_TOOLS_BATON_PROBLEM_H_
#define BATON_TOOLS_BATON_PROBLEM_H_

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/job.pb.h"
#include "runtime/planning/job_model.h"
#include "runtime/planning/plan_job.h"
#include "runtime/planning/profile.h"
#include "schedules/analyze/move_layer.h"
#include "schedules/catalog/catalog.h"
#include "schedules/compile/compile.h"
#include "tools/baton/link_flags.h"
#include "tools/baton/search_flags.h"

namespace baton {

// As typed; empty or unset where not given.
struct ProblemFlags {
  std::string job;
  std::vector<std::string> overrides;
  std::optional<int> stages;
  std::optional<int> micro_batches;
  std::optional<int> chunks;
  std::optional<int> micro_batch_group;
  std::string schedule;
  std::string order;
  std::string costs;
  std::string forward;
  std::string backward_input;
  std::string backward_weight;
  std::string transfer;
  std::string recompute;
  std::optional<Bytes> activation_bytes;
  std::optional<Bytes> message_bytes;
  LinkFlags links;
  SearchFlags search;
  bool with_schedule = false;  // as declared
};

// Declares the flags on a subcommand; `with_schedule`: --schedule and --order, for commands that look at one.
void AddProblemFlags(CLI::App& command, ProblemFlags& flags, bool with_schedule);

class Problem {
 public:
  // Reads the job, if one is given, and takes its times from --costs, from the job's rates, or by measuring its layers
  // on this machine; if they are those of `measured`, its measurement serves. Errors: InvalidArgument.
  static absl::StatusOr<Problem> Create(const ProblemFlags& flags, const Problem* measured = nullptr);

  // The schedule that the job or --schedule names.
  const std::string& schedule() const { return schedule_; }
  // Two lines or three of at most about 100 columns: what is scheduled, and what its costs are.
  const std::string& description() const { return description_; }
  // `bend`: a schedule that does not take the chunks or the group that were asked for goes by its own, so that all can
  // be compared; otherwise compiling it says why not.
  absl::StatusOr<CompileRequest> RequestFor(const std::string& schedule, bool bend = false) const;
  // Whether what is compiled fits devices.memory_gib of the job, if that says any. Errors: InvalidArgument; if `brief`
  // the same words for every schedule.
  absl::Status CheckMemory(const CompileRequest& request, const Program& program, bool brief = false) const;
  // What would fit; see AdviseOnMemory.
  std::string AdviseOnMemory() const;
  // The layers at the ends of a chunk of the request; none if the chunk has but one. Without a job, where layers are
  // not known, a tenth of the chunk.
  absl::StatusOr<std::optional<EndLayers>> EndLayersOf(const CompileRequest& request, int chunk) const;
  // The placements of a searched schedule to choose from: the one that was asked for, or both if neither that nor a
  // number of chunks was.
  std::vector<Placement> PlacementsToTry() const;
  void set_placement(Placement placement) { search_.placement = placement; }
  // Says what a schedule cannot do in the words that the user typed: flags, where there is no job.
  absl::Status InUsersWords(const absl::Status& status) const;

 private:
  absl::Status FromFlags(const ProblemFlags& flags);
  absl::Status CheckSearchFlags(const ProblemFlags& flags) const;
  // Chunks on a device where nobody says how many.
  int OwnChunks(const ScheduleInfo& info) const;
  // Sets the costs of --costs.
  absl::Status ReadCosts(const ProblemFlags& flags);
  // What --costs means for stages_, where the flag is not given.
  absl::Status StagesOfCosts(const ProblemFlags& flags);
  // The file's chunks, joined where the schedule wants fewer.
  absl::StatusOr<CostModel> CostsOfFile(const CompileRequest& request) const;
  absl::Status FromJob(const ProblemFlags& flags, const Problem* measured);
  // From a table, the job's rates, or measurement, if not `measured` already; and says which in description_.
  absl::Status TimeLayers(const ProblemFlags& flags, const Problem* measured);
  absl::Status MeasureLayers();
  // Of two with jobs: the same layers, on inputs of the same shape, on the same devices.
  bool IsSameModel(const Problem& other) const;
  absl::StatusOr<std::vector<LayerRange>> SplitInto(int num_chunks) const;

  std::string schedule_;
  std::string description_;
  int stages_ = 1;
  int micro_batches_ = 1;
  int chunks_ = 0;  // 0: each schedule's own number
  int group_ = 0;
  ChunkCosts stage_costs_;  // of a device's whole share, if there is no job
  CostModel transfer_costs_;
  std::optional<CostModel> file_costs_;        // of --costs
  std::shared_ptr<const ComputeOrder> order_;  // of schedule "csv"
  SearchOptions search_;
  bool placement_given_ = false;
  std::optional<proto::Job> job_;
  std::shared_ptr<const Backend> backend_;  // with a job
  ModelTable table_;
};

// The table of a --costs flag. Errors: InvalidArgument.
absl::StatusOr<CostModel> ReadCostsFile(const std::string& path);

// Errors: as FindAnySchedule, in the words of `flag`.
absl::Status CheckSchedule(const std::string& flag, const std::string& name);

// Parses "18.5ms", "600us", "1.2s", "250ns". `flag` is for the message. Errors: InvalidArgument.
absl::StatusOr<Nanos> ParseDurationFlag(const std::string& flag, const std::string& text);

}  // namespace baton

#endif  // BATON_TOOLS_BATON_PROBLEM_H_
