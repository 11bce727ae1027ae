// The pipeline that a command works on: a job file, or flags in its place. Either makes a CompileRequest for any
// schedule. Used by compile, simulate, compare, frontier, whatif, rehearse and explain.
//
//     BATON_ASSIGN_OR_RETURN(const Problem problem, Problem::Create(flags));
//     BATON_ASSIGN_OR_RETURN(const CompileRequest request, problem.RequestFor(problem.schedule()));
//     BATON_ASSIGN_OR_RETURN(const Program program, problem.CompileProgram(request));
//
// problem.cc: requests and messages; problem_of_flags.cc, problem_of_job.cc: the two sources; problem_costs.cc: costs.
#ifndef BATON_TOOLS_BATON_PROBLEM_H_
#define BATON_TOOLS_BATON_PROBLEM_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/job.pb.h"
#include "runtime/planning/job_model.h"
#include "runtime/planning/kernel_table.h"
#include "runtime/planning/plan_job.h"
#include "runtime/planning/profile.h"
#include "schedules/analyze/analysis.h"
#include "schedules/analyze/move_layer.h"
#include "schedules/catalog/catalog.h"
#include "schedules/compile/compile.h"
#include "tools/baton/problem_flags.h"

namespace baton {

// For RequestFor: what happens if a schedule does not take the chunks or the group that the user asked for.
enum class Unsupported {
  kRefuse,               // compiling says why
  kUseScheduleDefaults,  // the schedule's own numbers, so that all schedules can be compared
};

// Sets the times of a table's layers, and returns those of transfers. For tests, which replace the measurement.
using LayerTimer = std::function<absl::StatusOr<TransferCosts>(const Backend&, const proto::Job&, ModelTable&)>;

// Thread contract: const methods from any thread.
class Problem {
 public:
  // Reads the job, if one is given, and takes the costs from --costs, else from the job's rates, else by measuring the
  // layers on this machine, or by `timer` instead.
  // Errors: InvalidArgument.
  static absl::StatusOr<Problem> Create(const ProblemFlags& flags, LayerTimer timer = nullptr);
  // A problem with changed flags, to compare with this one: measurements are reused if they hold for it too.
  // Errors: InvalidArgument; also if times come from --costs and the change makes them wrong.
  absl::StatusOr<Problem> Changed(const ProblemFlags& flags) const;

  // The schedule that the job or --schedule names.
  const std::string& schedule() const { return schedule_; }
  // The equal parts that a step's work is counted in: with a job its sequences or examples, else its micro-batches.
  int parts() const { return job_ ? job_->batch().sequences() : micro_batches_; }
  // The name of one: "sequence", "example" or "micro-batch".
  std::string part_name() const;
  // The pipeline and its costs, in two or three lines of about 100 columns at most.
  const std::string& description() const { return description_; }

  // The throughput of a step that takes so long, as "3.10 M tokens/s, 132 TFLOP/s a device for the model's FLOPs, 42.3
  // % of A100's 312 in BF16 (MFU)". FLOPs of recomputation do not count. Empty unless the job has devices.rates; the
  // peak is that of a known device for the job's precision.
  std::string DescribeThroughput(Nanos step_time) const;

  // The kernels of the job on its GPU, for one micro-batch; none without a job, or if its devices have no
  // multiprocessors. Errors: those of KernelTable.
  absl::StatusOr<std::vector<KernelRow>> Kernels() const;

  // Errors: InvalidArgument.
  absl::StatusOr<CompileRequest> RequestFor(const std::string& schedule,
                                            Unsupported unsupported = Unsupported::kRefuse) const;
  // Compile(), with errors in the words that the user typed: flags, where there is no job. Errors: those of Compile.
  absl::StatusOr<Program> CompileProgram(const CompileRequest& request, Certificate* certificate = nullptr) const;

  // Analyze(), with peak_micro_batches counted as limits are. Expects a program that `request` compiles to. Errors:
  // those of PeakMicroBatches.
  static absl::StatusOr<StepReport> Report(const CompileRequest& request, const Program& program, const Trace& trace);

  // Checks the program against devices.memory_gib of the job; OK if that is not set. `brief`: the same message for
  // every schedule, without numbers. Errors: InvalidArgument.
  absl::Status CheckMemory(const CompileRequest& request, const Program& program, bool brief = false) const;
  // Settings that would fit, as one sentence; see AdviseOnMemory in runtime/planning.
  std::string AdviseOnMemory() const;
  // The costs of the layers at both ends of a chunk of the request; none if the chunk has one layer. Without a job,
  // whose layers would be known, a tenth of the chunk.
  absl::StatusOr<std::optional<EndLayers>> EndLayersOf(const CompileRequest& request, int chunk) const;

  // The placements of a searched schedule to choose from: the requested one, or both if neither a placement nor a
  // number of chunks was requested.
  std::vector<Placement> PlacementsToTry() const;
  void set_placement(Placement placement) { search_.placement = placement; }
  // In place of a progress line a search.
  void set_progress(std::function<void(const SearchProgress&)> progress) { search_.progress = std::move(progress); }

 private:
  // problem.cc
  absl::Status InUserTerms(const absl::Status& status) const;
  int DefaultChunks(const ScheduleInfo& info) const;

  // problem_of_flags.cc
  absl::Status FromFlags(const ProblemFlags& flags);
  absl::Status TakeOrder(const ProblemFlags& flags);
  absl::Status TakeSizes(const ProblemFlags& flags);
  absl::Status CheckSearchFlags(const ProblemFlags& flags) const;
  void DescribeFlags(const ProblemFlags& flags);

  // problem_costs.cc
  absl::Status TakeLinkTable(const ProblemFlags& flags);
  absl::Status TakeStageCosts(const ProblemFlags& flags);
  absl::Status ReadCosts(const ProblemFlags& flags);
  absl::Status StagesOfCosts(const ProblemFlags& flags);
  std::string DescribeCores() const;
  absl::StatusOr<CostModel> CostsOfFile(const CompileRequest& request) const;
  CostModel CostsOfStages(const CompileRequest& request) const;
  absl::Status CostsOfJob(CompileRequest& request) const;

  static absl::StatusOr<Problem> Make(const ProblemFlags& flags, LayerTimer timer, const Problem* base);

  // problem_of_job.cc
  absl::Status FromJob(const ProblemFlags& flags, const Problem* base);
  absl::Status TimeLayers(const ProblemFlags& flags, const Problem* base);
  absl::Status EstimateLayers(const ProblemFlags& flags);
  absl::Status MeasureLayers();
  absl::StatusOr<std::vector<LayerRange>> SplitFor(const CompileRequest& request) const;

  std::string schedule_;
  std::string description_;
  int stages_ = 1;         // from 1
  int micro_batches_ = 1;  // from 1; of all replicas
  int replicas_ = 1;       // of the pipeline
  int sum_groups_ = 1;
  bool shards_optimizer_ = false;
  int chunks_ = 0;          // chunks on a device; 0: each schedule's default
  int group_ = 0;           // micro-batches; 0: each schedule's default
  ChunkCosts stage_costs_;  // of all layers of one device; without a job
  CostModel transfer_costs_;
  bool is_measured_here_ = false;              // the times of layers are those of this machine
  int gpus_of_node_ = 0;                       // that CUDA devices are dealt to; 0: each has one
  std::string spread_;                         // of measured times, for the description
  std::optional<CostModel> file_costs_;        // the table of --costs
  std::optional<LinkTable> link_table_;        // of --link-table
  int link_per_node_ = 0;                      // of a host of link_table_, as LinkedDevices
  std::shared_ptr<const ComputeOrder> order_;  // set for schedule "csv" alone
  SearchOptions search_;
  bool placement_given_ = false;
  std::optional<proto::Job> job_;
  std::shared_ptr<const Backend> backend_;                   // set with a job
  ModelTable table_;                                         // of member 0; empty without a job
  std::shared_ptr<const MeasuredKernels> measured_kernels_;  // of --rates-table; null without one
  double model_flops_ = 0;                                   // of the whole model, for one micro-batch
  LayerTimer timer_;                                         // null: measure
  CostModel measured_transfers_;                             // as MeasureLayers left them: without the job's links
};

}  // namespace baton

#endif  // BATON_TOOLS_BATON_PROBLEM_H_
