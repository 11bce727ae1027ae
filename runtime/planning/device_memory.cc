// What programs need against what devices have; and the alternatives, compiled one by one.
#include "runtime/planning/device_memory.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/format.h"
#include "base/status.h"
#include "runtime/job/overrides.h"
#include "runtime/job/resolve.h"
#include "runtime/planning/plan_job.h"
#include "schedules/catalog/catalog.h"
#include "schedules/simulate/simulate.h"

namespace baton {
namespace {

// Programs of more forwards take too long to try a dozen of them.
constexpr int64_t kMostForwards = 1 << 14;
constexpr int kMostMoves = 64;

Bytes LimitOf(const proto::Job& job) {
  return static_cast<Bytes>(std::llround(job.devices().memory_gib() * static_cast<double>(Bytes{1} << 30)));
}

// A changed job, compiled.
struct Alternative {
  std::string change;  // as overrides
  Bytes bytes = 0;     // of the fullest device
  int fullest = 0;
  Nanos step_time = 0;
  JobPlan plan;
  JobPrograms programs;
};

// The alternatives that compile, with what they need and take.
class Adviser {
 public:
  Adviser(const Backend& backend, const proto::Job& job) : backend_(backend), job_(job), limit_(LimitOf(job)) {}

  std::string Advise() {
    const std::optional<Alternative> own = Try({});
    if (!own) return "";
    TryRecompute();
    TrySchedules(/*recompute=*/false);
    TrySchedules(/*recompute=*/true);
    TrySplits(*own);
    TryMicroBatches();
    EndKind();
    std::stable_sort(fitting_.begin(), fitting_.end(),
                     [](const Alternative& a, const Alternative& b) { return a.step_time < b.step_time; });
    if (fitting_.empty()) {
      return absl::StrCat(
          "nothing tried fits, neither other schedules nor recomputation, splits or micro-batches; the "
          "least is ",
          FormatBytes(least_), leanest_.empty() ? "" : absl::StrCat(" by ", leanest_),
          ": more stages or a smaller model would help");
    }
    std::vector<std::string> shown;
    for (const Alternative& each : fitting_) {
      const double ratio =
          static_cast<double>(each.step_time) / static_cast<double>(std::max<Nanos>(1, own->step_time));
      shown.push_back(
          absl::StrFormat("%s (%s, step %+.0f %%)", each.change, FormatBytes(each.bytes), 100 * (ratio - 1)));
    }
    return absl::StrCat("these fit: ", absl::StrJoin(shown, "; "));
  }

 private:
  // None if the change is no sound job, or cannot be compiled.
  std::optional<Alternative> Try(const std::vector<std::string>& changes) {
    proto::Job job = job_;
    for (const std::string& change : changes) {
      if (!ApplyOverride(job, change).ok()) return std::nullopt;
    }
    absl::StatusOr<proto::Job> resolved = ResolveJob(std::move(job));
    if (!resolved.ok()) return std::nullopt;
    absl::StatusOr<JobPlan> plan = PlanJob(backend_, *resolved);
    if (!plan.ok()) return std::nullopt;
    absl::StatusOr<JobPrograms> programs = CompileJob(plan->request);
    if (!programs.ok()) return std::nullopt;
    absl::StatusOr<Trace> trace = Simulate(programs->training, plan->request.costs);
    if (!trace.ok()) return std::nullopt;
    Alternative made;
    made.change = absl::StrJoin(changes, " ");
    made.fullest = programs->FullestDevice();
    made.bytes = programs->BytesOf(made.fullest);
    for (const auto& intervals : trace->devices) {
      for (const Interval& interval : intervals) made.step_time = std::max(made.step_time, interval.end);
    }
    made.plan = *std::move(plan);
    made.programs = *std::move(programs);
    return made;
  }

  // Keeps it if it fits.
  void Consider(const std::vector<std::string>& changes) {
    std::optional<Alternative> made = Try(changes);
    if (made) Keep(*std::move(made));
  }
  void Keep(Alternative made) {
    if (least_ == 0 || made.bytes < least_) {
      least_ = made.bytes;
      leanest_ = made.change;
    }
    if (made.bytes > limit_) return;
    if (!best_ || made.step_time < best_->step_time) best_ = std::move(made);
  }
  // The fastest of each kind of change is told.
  void EndKind() {
    if (best_) fitting_.push_back(*std::move(best_));
    best_.reset();
  }

  void TryRecompute() {
    if (job_.pipeline().recompute_layers_size() > 0) return;
    for (const char* mode : {"ATTENTION", "FULL"}) Consider({absl::StrCat("pipeline.recompute=", mode)});
  }

  void TrySchedules(bool recompute) {
    EndKind();
    if (job_.pipeline().has_order() || (recompute && job_.pipeline().recompute_layers_size() > 0)) return;
    for (const ScheduleInfo& info : Catalog()) {
      if (info.name == job_.pipeline().schedule()) continue;
      std::vector<std::string> changes = {absl::StrCat("pipeline.schedule=", std::string(info.name))};
      if (info.default_chunks != job_.pipeline().chunks_per_device()) {
        changes.push_back(absl::StrCat("pipeline.chunks_per_device=", info.default_chunks));
      }
      if (recompute) changes.push_back("pipeline.recompute=FULL");
      Consider(changes);
    }
  }

  // Moves one layer at a time from the fullest device to the neighbour of its chunk that needs the least.
  void TrySplits(const Alternative& own) {
    EndKind();
    std::optional<Alternative> current = own;
    std::vector<int> layers;
    for (const LayerRange& range : own.plan.split) layers.push_back(range.size());
    for (int move = 0; move < kMostMoves && current->bytes > limit_; ++move) {
      const std::vector<int32_t> device_of_chunk = current->programs.training.placement.DevicesOfReplica(0);
      int from = -1, to = -1;
      const int num_chunks = static_cast<int>(layers.size());
      for (int chunk = 0; chunk < num_chunks; ++chunk) {
        if (device_of_chunk[chunk] != current->fullest || layers[chunk] < 2) continue;
        for (int next : {chunk - 1, chunk + 1}) {
          if (next < 0 || next >= num_chunks || device_of_chunk[next] == current->fullest) continue;
          if (to >= 0 &&
              current->programs.BytesOf(device_of_chunk[next]) >= current->programs.BytesOf(device_of_chunk[to])) {
            continue;
          }
          from = chunk;
          to = next;
        }
      }
      if (to < 0) return;
      --layers[from];
      ++layers[to];
      const Bytes before = current->bytes;
      current = Try({absl::StrCat("pipeline.split.layers=", absl::StrJoin(layers, ","))});
      if (!current || current->bytes >= before) return;
    }
    if (current->bytes < own.bytes) Keep(*std::move(current));
  }

  void TryMicroBatches() {
    EndKind();
    const int sequences = job_.batch().sequences();
    for (int factor : {2, 4}) {
      const int64_t micro_batches = int64_t{factor} * job_.batch().micro_batches();
      if (micro_batches > sequences || sequences % micro_batches != 0) continue;
      Consider({absl::StrCat("batch.micro_batches=", micro_batches)});
    }
  }

  const Backend& backend_;
  const proto::Job& job_;
  const Bytes limit_;
  std::vector<Alternative> fitting_;
  std::optional<Alternative> best_;  // of the kind at hand
  Bytes least_ = 0;
  std::string leanest_;
};

}  // namespace

int JobPrograms::FullestDevice() const {
  int fullest = 0;
  for (int device = 1; device < training.num_devices(); ++device) {
    if (BytesOf(device) > BytesOf(fullest)) fullest = device;
  }
  return fullest;
}

absl::StatusOr<JobPrograms> CompileJob(const CompileRequest& request) {
  JobPrograms programs;
  BATON_ASSIGN_OR_RETURN(programs.training, Compile(request));
  CompileRequest evaluation = request;
  for (ChunkCosts& chunk : evaluation.costs.chunks) chunk.parameter_bytes = 0;  // those of the training program serve
  BATON_ASSIGN_OR_RETURN(programs.evaluation, CompileForwardOnly(evaluation));
  return programs;
}

std::string FormatMemory(const MemoryBreakdown& memory) {
  const std::pair<const char*, Bytes> parts[] = {{"parameters", memory.parameters}, {"gradients", memory.gradients},
                                                 {"optimizer", memory.optimizer},   {"activations", memory.activations},
                                                 {"buffers", memory.buffers},       {"workspace", memory.workspace}};
  std::vector<std::string> shown;
  for (const auto& [name, bytes] : parts) {
    if (bytes > 0) shown.push_back(absl::StrCat(name, " ", FormatBytes(bytes)));
  }
  return absl::StrJoin(shown, ", ");
}

absl::Status CheckDeviceMemory(const proto::Job& job, const JobPrograms& programs) {
  if (!job.devices().has_memory_gib()) return absl::OkStatus();
  const Bytes limit = LimitOf(job);
  const int fullest = programs.FullestDevice();
  const Bytes needed = programs.BytesOf(fullest);
  if (needed <= limit) return absl::OkStatus();
  const Bytes evaluation = programs.evaluation.devices[fullest].arena_bytes;
  return absl::InvalidArgumentError(absl::StrCat(
      "devices.memory_gib: device ", fullest, " needs ", FormatBytes(needed), " by ", programs.training.schedule, ", ",
      FormatBytes(needed - limit), " more than the ", FormatBytes(limit), " that it has: ",
      FormatMemory(BreakDownMemory(programs.training.devices[fullest])), ", evaluation ", FormatBytes(evaluation)));
}

std::string AdviseOnMemory(const Backend& backend, const proto::Job& job) {
  if (NumChunks(job) * job.batch().micro_batches() > kMostForwards) return "the job is too large to try alternatives";
  return Adviser(backend, job).Advise();
}

}  // namespace baton
