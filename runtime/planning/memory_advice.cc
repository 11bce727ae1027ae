// Tries one kind of change after the other and notes what fits.
#include "runtime/planning/memory_advice.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "runtime/job/resolve.h"
#include "runtime/planning/alternatives.h"
#include "runtime/planning/device_memory.h"
#include "schedules/catalog/catalog.h"

namespace baton {
namespace {

// Compiling a dozen programs with more forwards takes too long.
constexpr int64_t kMostTriedForwards = 1 << 14;
constexpr int kMaxMoves = 64;

class Adviser {
 public:
  Adviser(const Backend& backend, const proto::Job& job, int num_processes)
      : backend_(backend), job_(job), num_processes_(num_processes), limit_(DeviceMemoryLimit(job)) {}

  MemoryAdvice Advise() {
    const std::optional<Alternative> own = CompileAlternative(backend_, job_, num_processes_, {});
    if (!own) return advice_;
    advice_.step_time = own->step_time;
    TryRecompute();
    EndKind();
    TrySchedules(/*recompute=*/false);
    EndKind();
    TrySchedules(/*recompute=*/true);
    EndKind();
    TrySplits(*own);
    EndKind();
    TryMicroBatches();
    EndKind();
    std::stable_sort(advice_.fitting.begin(), advice_.fitting.end(),
                     [](const auto& a, const auto& b) { return a.step_time < b.step_time; });
    return std::move(advice_);
  }

 private:
  void Try(const std::vector<std::string>& overrides) {
    if (const auto made = CompileAlternative(backend_, job_, num_processes_, overrides)) Note(*made);
  }

  void Note(const Alternative& made) {
    const MemorySuggestion suggestion = {made.overrides, made.bytes, made.step_time};
    if (!advice_.leanest || suggestion.bytes < advice_.leanest->bytes) advice_.leanest = suggestion;
    if (suggestion.bytes > limit_) return;
    if (!fastest_ || suggestion.step_time < fastest_->step_time) fastest_ = suggestion;
  }

  void EndKind() {
    if (fastest_) advice_.fitting.push_back(*std::move(fastest_));
    fastest_.reset();
  }

  void TryRecompute() {
    if (job_.pipeline().recompute_layers_size() > 0) return;
    for (const char* mode : {"ATTENTION", "FULL"}) Try({absl::StrCat("pipeline.recompute=", mode)});
  }

  void TrySchedules(bool recompute) {
    if (job_.pipeline().has_order() || (recompute && job_.pipeline().recompute_layers_size() > 0)) return;
    for (const ScheduleInfo& info : Catalog()) {
      if (info.name == job_.pipeline().schedule()) continue;
      std::vector<std::string> overrides = {absl::StrCat("pipeline.schedule=", std::string(info.name))};
      if (info.default_chunks != job_.pipeline().chunks_per_device()) {
        overrides.push_back(absl::StrCat("pipeline.chunks_per_device=", info.default_chunks));
      }
      if (recompute) overrides.push_back("pipeline.recompute=FULL");
      Try(overrides);
    }
  }

  // Moves one layer at a time away from the fullest device.
  void TrySplits(const Alternative& own) {
    std::optional<Alternative> current = own;
    std::vector<int> layers;
    for (const LayerRange& range : own.plan.split) layers.push_back(range.size());
    for (int move = 0; move < kMaxMoves && current->bytes > limit_; ++move) {
      const std::optional<Move> best = BestMove(*current, layers);
      if (!best) return;
      --layers[best->from];
      ++layers[best->to];
      const Bytes before = current->bytes;
      current = CompileAlternative(backend_, job_, num_processes_,
                                   {absl::StrCat("pipeline.split.layers=", absl::StrJoin(layers, ","))});
      if (!current || current->bytes >= before) return;
    }
    if (current->bytes < own.bytes) Note(*current);
  }

  // A layer from one chunk to a neighbouring one.
  struct Move {
    int from = 0;
    int to = 0;
  };
  // From a chunk of the fullest device to the neighbour whose device needs the least.
  static std::optional<Move> BestMove(const Alternative& current, const std::vector<int>& layers) {
    const std::vector<int32_t> device_of_chunk = current.programs.training.placement.DevicesOfReplica(0);
    const int num_chunks = static_cast<int>(layers.size());
    std::optional<Move> best;
    for (int chunk = 0; chunk < num_chunks; ++chunk) {
      if (device_of_chunk[chunk] != current.fullest || layers[chunk] < 2) continue;
      for (int next : {chunk - 1, chunk + 1}) {
        if (next < 0 || next >= num_chunks || device_of_chunk[next] == current.fullest) continue;
        const Bytes bytes = current.programs.BytesOf(device_of_chunk[next]);
        if (!best || bytes < current.programs.BytesOf(device_of_chunk[best->to])) best = {chunk, next};
      }
    }
    return best;
  }

  void TryMicroBatches() {
    const int sequences = job_.batch().sequences();
    for (int factor : {2, 4}) {
      const int64_t micro_batches = int64_t{factor} * job_.batch().micro_batches();
      if (micro_batches > sequences || sequences % micro_batches != 0) continue;
      Try({absl::StrCat("batch.micro_batches=", micro_batches)});
    }
  }

  const Backend& backend_;
  const proto::Job& job_;
  const int num_processes_;
  const Bytes limit_;
  MemoryAdvice advice_;
  std::optional<MemorySuggestion> fastest_;  // of the kind of change that is being tried
};

}  // namespace

MemoryAdvice AdviseOnMemory(const Backend& backend, const proto::Job& job, int num_processes) {
  MemoryAdvice advice;
  advice.too_large = NumChunks(job) * job.batch().micro_batches() > kMostTriedForwards;
  return advice.too_large ? advice : Adviser(backend, job, num_processes).Advise();
}

}  // namespace baton
