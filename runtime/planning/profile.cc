// Times each layer or chunk alone, in memory that they use in turn.
#include "runtime/planning/profile.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/format.h"
#include "base/status.h"
#include "ops/layers/build.h"
#include "ops/layers/computation_key.h"
#include "runtime/device/clock.h"
#include "runtime/planning/bench.h"
#include "runtime/planning/device_memory.h"

namespace baton {
namespace {

constexpr Nanos kWarmUpNanos = 50'000'000;
// An idle machine's own services take less.
constexpr double kOtherWork = 0.1;

// From the arena of one device to that of another.
absl::StatusOr<Nanos> MedianTransfer(Bench& from, Bench& to, Transport& transport, int repeats, Bytes bytes) {
  BATON_ASSIGN_OR_RETURN(const std::unique_ptr<Channel> channel,
                         transport.CreateChannel(from.device().index(), to.device().index(), /*capacity=*/1));
  from.Clear();
  to.Clear();
  BATON_ASSIGN_OR_RETURN(std::byte * source, from.Allocate(bytes));
  BATON_ASSIGN_OR_RETURN(std::byte * destination, to.Allocate(bytes));
  const std::unique_ptr<Event> sent = from.device().CreateEvent();
  const std::unique_ptr<Event> received = to.device().CreateEvent(), started = to.device().CreateEvent();
  std::vector<Nanos> times;
  for (int i = 0; i <= repeats; ++i) {
    for (Event* event : {sent.get(), received.get(), started.get()}) event->Reset();
    BATON_RETURN_IF_ERROR(channel->Send(from.stream(), source, bytes, *sent, nullptr));
    BATON_RETURN_IF_ERROR(channel->Receive(to.stream(), destination, bytes, *received, started.get()));
    BATON_RETURN_IF_ERROR(from.stream().Wait(*sent));
    BATON_RETURN_IF_ERROR(to.stream().Wait(*received));
    BATON_RETURN_IF_ERROR(from.stream().Synchronize());
    BATON_RETURN_IF_ERROR(to.stream().Synchronize());
    if (i > 0) times.push_back(received->DoneAt() - started->DoneAt());
  }
  std::nth_element(times.begin(), times.begin() + repeats / 2, times.end());
  return times[repeats / 2];
}

// Times the parts of a model, one after the other.
class Profiler {
 public:
  // `parts`: a name for messages and the layers of each, in model order.
  static absl::StatusOr<std::unique_ptr<Profiler>> Create(const ProfileOptions& options, const ModelSpec& model,
                                                          std::vector<std::pair<std::string, LayerSpec>> parts) {
    std::unique_ptr<Profiler> profiler(new Profiler(options, model));
    Bytes arena = model.input_shape.NumBytes(), largest = arena;
    Shape input = model.input_shape;
    for (const auto& [name, spec] : parts) {
      BATON_ASSIGN_OR_RETURN(std::unique_ptr<Layer> layer, BuildLayer(*options.backend, spec, input));
      const Bytes needed = TimedLayerBytes(*options.backend, *layer, model.targets_shape);
      if (options.devices[0]->arena_is_shared()) {
        BATON_RETURN_IF_ERROR(CheckFreeMemory(absl::StrCat("measuring ", name), needed));
      }
      arena = std::max(arena, needed);
      profiler->names_.push_back(name);
      profiler->keys_.push_back(
          absl::StrCat(profiler->layers_.empty() ? "first " : "", input.ToString(), " ", ComputationKey(spec)));
      input = layer->output_shape();
      largest = std::max(largest, input.NumBytes());
      profiler->layers_.push_back(std::move(layer));
    }
    profiler->spreads_.resize(parts.size());
    BATON_ASSIGN_OR_RETURN(profiler->peer_, Bench::Create(*options.devices[1], AlignUp(largest)));
    BATON_ASSIGN_OR_RETURN(profiler->bench_, Bench::Create(*options.devices[0], arena));
    if (options.devices[0]->runs_later()) BATON_RETURN_IF_ERROR(options.devices[0]->BindWorkerThread());
    return profiler;
  }

  // Sets the times in `costs`, of a layer or a chunk each. A part that computes the same as an earlier one has its
  // times.
  template <typename Costs>
  absl::Status TimeParts(std::vector<Costs>& costs) {
    std::map<std::string, size_t> timed;  // the first part with a key
    const size_t total = std::set<std::string>(keys_.begin(), keys_.end()).size();
    for (size_t i = 0; i < keys_.size(); ++i) {
      const auto [found, is_new] = timed.insert({keys_[i], i});
      if (is_new) {
        Announce(i, timed.size() - 1, total);
        BATON_RETURN_IF_ERROR(TimePart(i, costs[i]));
      } else {
        const Costs& same = costs[found->second];
        for (auto field : {&Costs::forward_ns, &Costs::backward_input_ns, &Costs::backward_weight_ns,
                           &Costs::recompute_ns, &Costs::update_ns, &Costs::repeated_ns}) {
          costs[i].*field = same.*field;
        }
        spreads_[i] = spreads_[found->second];
      }
    }
    return absl::OkStatus();
  }

  // The times of all parts' forwards and backwards, if each were as fast or slow as in its fastest or slowest run.
  MeasuredSpread Spread() const {
    MeasuredSpread sum;
    for (const Timing& each : spreads_) {
      sum.fastest_ns += each.fastest;
      sum.slowest_ns += each.slowest;
    }
    sum.waited = bench_->Waited();
    return sum;
  }

  absl::StatusOr<Nanos> TimeTransfer(Bytes bytes) {
    return MedianTransfer(*bench_, *peer_, *options_.transport, options_.repeats, bytes);
  }

  absl::StatusOr<Nanos> TimeLoad() {
    BATON_ASSIGN_OR_RETURN(const std::byte* staged, options_.devices[0]->CreateShared(input_bytes_));
    bench_->Clear();
    BATON_ASSIGN_OR_RETURN(std::byte * slot, bench_->Allocate(input_bytes_));
    return Median([&] { return bench_->stream().CopyFromShared(slot, staged, input_bytes_); });
  }

 private:
  Profiler(const ProfileOptions& options, const ModelSpec& model)
      : options_(options), targets_(model.targets_shape), input_bytes_(model.input_shape.NumBytes()) {}

  // Once for each part.
  template <typename Costs>
  absl::Status TimePart(size_t index, Costs& costs) {
    BATON_ASSIGN_OR_RETURN(const std::unique_ptr<TimedLayer> timed,
                           MakeTimedLayer(*options_.backend, *bench_, std::move(layers_[index]), targets_, index == 0));
    Layer& layer = *timed->layer;
    const PassBuffers& buffers = timed->buffers;
    const KernelStream stream = bench_->kernel_stream();
    // An idle processor takes a while to reach its full speed.
    const Nanos warm_at = SteadyNow() + (index == 0 ? kWarmUpNanos : 0);
    while (SteadyNow() < warm_at) {
      BATON_RETURN_IF_ERROR(layer.Forward(stream, buffers));
      BATON_RETURN_IF_ERROR(bench_->stream().Synchronize());
    }
    BATON_ASSIGN_OR_RETURN(costs.forward_ns, PassTime(index, [&] { return layer.Forward(stream, buffers); }));
    const Footprint footprint = layer.footprint();
    if (layer.recomputes_output() || footprint.recomputed + footprint.recomputed_weight > 0) {
      BATON_ASSIGN_OR_RETURN(costs.recompute_ns, Median([&] { return layer.Recompute(stream, buffers); }));
    }
    BATON_ASSIGN_OR_RETURN(costs.backward_input_ns,
                           PassTime(index, [&] { return layer.BackwardInput(stream, buffers); }));
    BATON_ASSIGN_OR_RETURN(costs.backward_weight_ns,
                           PassTime(index, [&] { return layer.BackwardWeight(stream, buffers); }));
    if (layer.flops().repeated > 0) {
      PassBuffers whole = buffers;
      whole.is_whole_backward = true;
      BATON_ASSIGN_OR_RETURN(const Nanos both, Median([&] {
                               BATON_RETURN_IF_ERROR(layer.BackwardInput(stream, whole));
                               return layer.BackwardWeight(stream, whole);
                             }));
      // Bounded, since measurements scatter.
      const Nanos shorter = std::min(costs.backward_input_ns, costs.backward_weight_ns);
      costs.repeated_ns = std::clamp<Nanos>(costs.backward_input_ns + costs.backward_weight_ns - both, 0, shorter);
    }
    BATON_ASSIGN_OR_RETURN(costs.update_ns, Median([&] {
                             return timed->optimizer->Update(stream, nullptr, 0, bench_->control(), bench_->norm());
                           }));
    return absl::OkStatus();
  }

  // Lets each call that part `index` makes report progress; it is number `done` of `total`.
  void Announce(size_t index, size_t done, size_t total) {
    if (!options_.progress) return;
    // Five passes, which some layers do not have.
    const double calls = 5.0 * (options_.repeats + 1);
    bench_->set_before_call([this, index, done, total, calls, seen = 0]() mutable {
      const double part = std::min(1.0, seen++ / calls);
      options_.progress((static_cast<double>(done) + part) / static_cast<double>(total), names_[index]);
    });
  }

  absl::StatusOr<Nanos> Median(const std::function<absl::Status()>& call) {
    BATON_ASSIGN_OR_RETURN(const Timing timing, bench_->Time(options_.repeats, call));
    return timing.median;
  }

  // The median, and adds to the part's spread.
  absl::StatusOr<Nanos> PassTime(size_t index, const std::function<absl::Status()>& call) {
    BATON_ASSIGN_OR_RETURN(const Timing timing, bench_->Time(options_.repeats, call));
    spreads_[index].fastest += timing.fastest;
    spreads_[index].slowest += timing.slowest;
    return timing.median;
  }

  const ProfileOptions options_;
  const Shape targets_;
  const Bytes input_bytes_;
  std::vector<std::unique_ptr<Layer>> layers_;
  std::vector<std::string> names_;  // [part]
  std::vector<std::string> keys_;   // [part]: equal if parts compute the same
  std::vector<Timing> spreads_;     // [part]: of its forward and backward
  std::unique_ptr<Bench> bench_, peer_;
};

}  // namespace

std::string DescribeSpread(const MeasuredSpread& spread, int repeats, const char* part) {
  return absl::StrCat(FormatDuration(spread.fastest_ns), " to ", FormatDuration(spread.slowest_ns), " in ",
                      FormatPlural(repeats, "run"), " of each ", part);
}

std::string NoteOnOtherWork(const MeasuredSpread& spread) {
  if (spread.waited < kOtherWork) return std::string();
  return absl::StrCat("note: the machine does other work, which had the core for ", std::lround(100 * spread.waited),
                      " % of the time; measured times are too long by as much");
}

absl::StatusOr<TransferCosts> ProfileLayers(const ProfileOptions& options, ModelTable& table) {
  std::vector<std::pair<std::string, LayerSpec>> parts;
  Bytes largest = 0;
  for (size_t i = 0; i < table.costs.size(); ++i) {
    parts.emplace_back(absl::StrCat("layer ", table.costs[i].name), table.model.layers[i]);
    largest = std::max(largest, table.costs[i].output_bytes);
  }
  BATON_ASSIGN_OR_RETURN(const std::unique_ptr<Profiler> profiler,
                         Profiler::Create(options, table.model, std::move(parts)));
  BATON_RETURN_IF_ERROR(profiler->TimeParts(table.costs));
  TransferCosts transfer;
  transfer.spread = profiler->Spread();
  BATON_ASSIGN_OR_RETURN(transfer.transfer_ns, profiler->TimeTransfer(largest));
  BATON_ASSIGN_OR_RETURN(transfer.load_ns, profiler->TimeLoad());
  return transfer;
}

absl::StatusOr<CostModel> ProfileChunks(const ProfileOptions& options, const ModelTable& table,
                                        absl::Span<const LayerRange> split, MeasuredSpread* spread) {
  std::vector<std::pair<std::string, LayerSpec>> parts;
  for (size_t chunk = 0; chunk < split.size(); ++chunk) {
    SequenceSpec layers;
    layers.layers.assign(table.model.layers.begin() + split[chunk].begin,
                         table.model.layers.begin() + split[chunk].end);
    parts.emplace_back(absl::StrCat("chunk ", chunk), LayerSpec{std::move(layers)});
  }
  BATON_ASSIGN_OR_RETURN(const std::unique_ptr<Profiler> profiler,
                         Profiler::Create(options, table.model, std::move(parts)));
  CostModel costs;
  costs.chunks =
      SumChunks(table.costs, split, table.model.input_shape.NumBytes(), table.model.targets_shape.NumBytes());
  BATON_RETURN_IF_ERROR(profiler->TimeParts(costs.chunks));
  if (spread != nullptr) *spread = profiler->Spread();
  for (size_t chunk = 0; chunk < split.size(); ++chunk) {
    BATON_ASSIGN_OR_RETURN(const Nanos link_ns, profiler->TimeTransfer(costs.chunks[chunk].output_bytes));
    costs.link_ns.push_back(link_ns);
  }
  BATON_ASSIGN_OR_RETURN(costs.load_ns, profiler->TimeLoad());
  return costs;
}

}  // namespace baton
