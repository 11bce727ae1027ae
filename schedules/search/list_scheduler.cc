// An event-driven list scheduler; see list_scheduler.h.
#include "schedules/search/list_scheduler.h"

#include <algorithm>

#include "schedules/search/timing.h"

namespace baton {
namespace {

// Columns: target_per_depth, target_offset, most_per_depth, least_gap, patience, later_chunk_first, pace. Chosen
// greedily from 900 combinations over random problems: each is the one that shortens the best word so far most.
constexpr ListPolicy kForOneChunk[] = {
    {0.5, 0, 2, 0, 0, true, 0},     {0.75, -1, 2, 0.5, 0.5, true, 0}, {0, -1, 1, 0, 0, true, 0},
    {0, -1, 2, 1, 0, true, 0},      {0.5, 1, 1.2, 0.5, 1, true, 0},   {0, -1, 1, 0.5, 0.5, true, 0},
    {0.5, 0.5, 1, 0.7, 1, true, 0}, {1.1, -1, 0, 0, 0, false, 0},
};
// With little memory, a pace for entering micro-batches gains 3 %. The best with much memory and the best with little
// come first, because the others are then given up early; see RunsSecondFirst. The last two are for memory for one or
// two micro-batches: up to 45 % shorter.
constexpr ListPolicy kForSeveralChunks[] = {
    {0.5, 0, 2, 0, 0, true, 0},
    {0, -1, 1, 0.5, 0, false, 0.5},
    {0.5, -1, 0.5, 0.5, 0, true, 0.5},
    {0, -1, 0.5, 1, 0, true, 0.5},
    {0, -1, 0.5, 0.5, 0.5, false, 0.8},
    {0.75, -1, 2, 0.5, 0.5, true, 0},
    {0, -1, 1, 0, 0, true, 0},
    {0, -1, 2, 1, 0, true, 0},
    {0.5, 1, 1.2, 0.5, 1, true, 0},
    {0, -1, 1, 0.5, 0.5, true, 0},
    {0.5, 0.5, 1, 0.7, 1, true, 0},
    {1.1, -1, 0, 0, 0, false, 0},
    {0, -1, 0.5, 0.5, 0.5, false, 0.8, true},
    {0, -1, 0.5, 1, 0, true, 0.5, true},
};

// Whether a device with several chunks has memory for fewer than 1.5 micro-batches for each device. The second policy
// is then mostly the best one, and the first one is given up early.
bool RunsSecondFirst(const SearchProblem& problem) {
  if (problem.num_chunks == problem.num_devices) return false;
  for (int device = 0; device < problem.num_devices; ++device) {
    double micro_batch = 0;
    for (const int32_t chunk : problem.chunks_of_device[device]) {
      micro_batch += static_cast<double>(problem.activation[chunk]);
    }
    if (static_cast<double>(problem.limit[device]) < 1.5 * problem.num_devices * micro_batch) return true;
  }
  return false;
}

}  // namespace

absl::Span<const ListPolicy> ListPolicies(const SearchProblem& problem) {
  if (problem.num_chunks > problem.num_devices) return kForSeveralChunks;
  return kForOneChunk;
}

ListScheduler::ListScheduler(const SearchProblem& problem)
    : problem_(problem),
      depth_(problem.num_devices),
      target_(problem.num_devices),
      most_(problem.num_devices),
      arrival_(static_cast<size_t>(problem.num_chunks) * kNumPassKinds * problem.num_micro_batches),
      count_(problem.num_chunks * kNumPassKinds),
      flying_(problem.num_devices),
      live_(problem.num_devices),
      free_at_(problem.num_devices),
      work_left_(problem.num_devices),
      work_(problem.num_devices),
      waits_(problem.num_devices),
      position_(problem.num_devices) {
  while (leaves_ < problem.num_devices) leaves_ *= 2;
  look_at_.assign(leaves_, INT64_MAX);
  winner_.resize(2 * leaves_);
  for (int leaf = 0; leaf < leaves_; ++leaf) winner_[leaf + leaves_] = leaf;
  for (int node = leaves_ - 1; node > 0; --node) winner_[node] = winner_[2 * node];  // all leaves are equal
  for (int32_t pass = 0; pass < static_cast<int32_t>(count_.size()); ++pass) {
    work_[problem.device_of_chunk[ChunkOf(pass)]] += problem.duration[pass] * problem.num_micro_batches;
  }
  for (const Nanos work : work_) busiest_ns_ = std::max(busiest_ns_, work / problem.num_micro_batches);
  std::vector<Nanos> down(problem.num_chunks);
  Nanos time = 0;
  for (int32_t chunk = 0; chunk < problem.num_chunks; ++chunk) {
    down[chunk] = time;
    time += problem.duration[PassOf(chunk, kForwardPass)] + problem.link_ns[chunk];
  }
  for (int32_t chunk = problem.num_chunks - 1; chunk >= 0; --chunk) {
    const int device = problem.device_of_chunk[chunk];
    if (chunk == problem.chunks_of_device[device].front()) {
      Nanos forward = 0;
      for (int32_t each : problem.chunks_of_device[device]) forward += problem.duration[PassOf(each, kForwardPass)];
      depth_[device] = static_cast<double>(time - down[chunk]) / static_cast<double>(std::max<Nanos>(1, forward));
    }
    time += problem.duration[PassOf(chunk, kInputPass)] + (chunk > 0 ? problem.link_ns[chunk - 1] : 0);
  }
}

Nanos ListScheduler::Run(const ListPolicy& policy, Nanos give_up_at, Word& word) {
  word.resize(problem_.num_passes());
  std::fill(count_.begin(), count_.end(), 0);
  next_entry_ = 0;
  counts_on_frees_ = policy.counts_on_frees;
  pace_ns_ = static_cast<Nanos>(policy.pace * static_cast<double>(busiest_ns_));
  for (int device = 0; device < problem_.num_devices; ++device) {
    const double chunks = static_cast<double>(problem_.chunks_of_device[device].size());
    const double depth = std::max(1.0, depth_[device]);
    target_[device] = chunks * std::max(1.0, policy.target_per_depth * depth + policy.target_offset);
    most_[device] = std::max(target_[device], chunks * policy.most_per_depth * depth);
    flying_[device] = 0;
    live_[device] = 0;
    free_at_[device] = 0;
    work_left_[device] = work_[device];
    waits_[device] = 0;
    position_[device] = problem_.first_pass[device];
    LookAgainAt(device, 0);
  }
  for (;;) {
    const int device = winner_[1];
    const Nanos now = look_at_[device];
    if (now == INT64_MAX) break;
    const bool is_full = flying_[device] >= most_[device];
    const Options options = LookAt(device, now, is_full, policy.later_chunk_first);
    const int32_t pass = Choose(device, now, options, policy);
    waits_[device] = pass < 0;
    if (pass >= 0) {
      if (now + work_left_[device] + problem_.tail_ns[device] >= give_up_at) return INT64_MAX;
      Start(device, pass, now, word);
    } else {
      LookAgainAt(device, std::min(options.next_input, options.next_forward));
    }
  }
  Nanos objective = INT64_MIN;
  for (int device = 0; device < problem_.num_devices; ++device) {
    if (position_[device] != problem_.first_pass[device + 1]) return INT64_MAX;
    objective = std::max(objective, free_at_[device] + problem_.tail_ns[device]);
  }
  return objective;
}

ListScheduler::Options ListScheduler::LookAt(int device, Nanos now, bool is_full, bool later_chunk_first) const {
  const std::vector<int32_t>& chunks = problem_.chunks_of_device[device];
  const int32_t m = problem_.num_micro_batches;
  Options options;
  int32_t most_weights = 0;
  for (const int32_t chunk : chunks) {
    const int32_t* count = &count_[PassOf(chunk, kForwardPass)];
    const int32_t forwards = count[kForwardPass], inputs = count[kInputPass], weights = count[kWeightPass];
    if (inputs < forwards) {
      const int32_t source = PassOf(chunk + 1, kInputPass);
      if (chunk + 1 == problem_.num_chunks) {
        options.input = chunk;
      } else if (count_[source] > inputs) {
        const Nanos arrival = arrival_[static_cast<size_t>(source) * m + inputs];
        if (arrival <= now) {
          options.input = chunk;
        } else {
          options.next_input = std::min(options.next_input, arrival);
        }
      }
    }
    // One micro-batch may always be in flight: other devices may wait for it.
    if (forwards < m && (!is_full || forwards == inputs)) {
      const int32_t source = PassOf(chunk - 1, kForwardPass);
      if ((chunk == 0 || count_[source] > forwards) && HasRoom(device, chunk)) {
        const Nanos arrival = chunk == 0 ? next_entry_ : arrival_[static_cast<size_t>(source) * m + forwards];
        if (arrival > now) {
          options.next_forward = std::min(options.next_forward, arrival);
        } else if (options.forward < 0 || later_chunk_first) {
          options.forward = chunk;
        }
      }
    }
    if (inputs - weights > most_weights) {
      most_weights = inputs - weights;
      options.weight = chunk;
    }
  }
  return options;
}

int32_t ListScheduler::Choose(int device, Nanos now, const Options& options, const ListPolicy& policy) const {
  const bool wants_forward = flying_[device] < target_[device];
  if (options.input >= 0 && (options.forward < 0 || !wants_forward)) return PassOf(options.input, kInputPass);
  if (options.forward >= 0) {
    const int32_t pass = PassOf(options.forward, kForwardPass);
    const double patience = policy.patience * static_cast<double>(problem_.duration[pass]);
    if (wants_forward || static_cast<double>(options.next_input - now) >= patience) return pass;
  }
  if (options.weight < 0) return -1;
  const int32_t pass = PassOf(options.weight, kWeightPass);
  const Nanos gap = std::min(options.next_input, options.next_forward) - now;
  const double least_gap = policy.least_gap * static_cast<double>(problem_.duration[pass]);
  return static_cast<double>(gap) >= least_gap ? pass : -1;
}

void ListScheduler::Start(int device, int32_t pass, Nanos now, Word& word) {
  const int32_t chunk = ChunkOf(pass);
  const int32_t n = count_[pass]++;
  word[position_[device]++] = pass;
  const Nanos end = now + problem_.duration[pass];
  work_left_[device] -= problem_.duration[pass];
  free_at_[device] = end;
  LookAgainAt(device, end);
  int32_t reader = -1;
  Nanos arrival = end;
  switch (KindOf(pass)) {
    case kForwardPass:
      live_[device] += problem_.activation[chunk];
      ++flying_[device];
      if (chunk == 0) next_entry_ = now + pace_ns_;
      if (chunk + 1 < problem_.num_chunks) reader = chunk + 1;
      arrival += problem_.link_ns[chunk];
      break;
    case kInputPass:
      live_[device] -= problem_.activation[chunk] - problem_.weight_activation[chunk];
      --flying_[device];
      reader = chunk - 1;
      if (chunk > 0) arrival += problem_.link_ns[chunk - 1];
      break;
    default:
      live_[device] -= problem_.weight_activation[chunk];
  }
  if (reader < 0) return;
  arrival_[static_cast<size_t>(pass) * problem_.num_micro_batches + n] = arrival;
  const int other = problem_.device_of_chunk[reader];
  if (waits_[other] && arrival < look_at_[other]) LookAgainAt(other, arrival);
}

// Whether memory for the chunk's next forward leaves enough for the oldest micro-batch's forwards through the chunks of
// this device that it has not passed.
bool ListScheduler::HasRoom(int device, int32_t chunk) const {
  const std::vector<int32_t>& chunks = problem_.chunks_of_device[device];
  int64_t needed = live_[device] + problem_.activation[chunk];
  if (needed > problem_.limit[device] || chunks.size() == 1) return needed <= problem_.limit[device];
  const int32_t oldest = count_[PassOf(chunks.back(), kForwardPass)];
  for (const int32_t each : chunks) {
    const int32_t forwards = count_[PassOf(each, kForwardPass)] + (each == chunk ? 1 : 0);
    if (forwards <= oldest) needed += problem_.activation[each];
  }
  if (counts_on_frees_) needed -= HeldBefore(device, oldest);
  return needed <= problem_.limit[device];
}

// Returns the memory of micro-batches before `oldest`, which have passed all forwards of the device.
int64_t ListScheduler::HeldBefore(int device, int32_t oldest) const {
  int64_t held = 0;
  for (const int32_t chunk : problem_.chunks_of_device[device]) {
    const int32_t* count = &count_[PassOf(chunk, kForwardPass)];
    held += (oldest - count[kInputPass]) * problem_.activation[chunk];
    held += (count[kInputPass] - count[kWeightPass]) * problem_.weight_activation[chunk];
  }
  return held;
}

void ListScheduler::LookAgainAt(int device, Nanos time) {
  look_at_[device] = time;
  for (int node = (device + leaves_) / 2; node > 0; node /= 2) {
    const int32_t left = winner_[2 * node], right = winner_[2 * node + 1];
    winner_[node] = look_at_[left] <= look_at_[right] ? left : right;
  }
}

Nanos Construct(const SearchProblem& problem, Nanos give_up_at, Word& best) {
  ListScheduler scheduler(problem);
  Timing timing(problem);
  Word word;
  Nanos best_ns = kNever;
  const absl::Span<const ListPolicy> policies = ListPolicies(problem);
  const bool swaps = RunsSecondFirst(problem);
  for (size_t i = 0; i < policies.size(); ++i) {
    const ListPolicy& policy = policies[swaps && i < 2 ? 1 - i : i];
    if (scheduler.Run(policy, std::min(best_ns, give_up_at), word) == kNever) continue;
    const Nanos objective = timing.Time(word);
    if (objective >= best_ns) continue;
    best_ns = objective;
    std::swap(word, best);
  }
  return best_ns;
}

}  // namespace baton
