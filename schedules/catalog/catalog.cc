// The table of schedules; see catalog.h.
#include "schedules/catalog/catalog.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "schedules/catalog/bidirectional.h"
#include "schedules/catalog/schedules.h"

namespace baton {
namespace {

// name, summary, source, constraints, bubble, memory, when, default_chunks, takes_chunks, takes_group, make,
// has_copies.
constexpr ScheduleInfo kCatalog[] = {
    {"naive", "one micro-batch at a time, forward then backward through all stages; no overlap",
     "the baseline of Huang et al. 2019 (GPipe), section 2.3", "any p, m, v", "(p-1)/p of device time", "1",
     "As the baseline, or to find a fault with one micro-batch under way: it costs all but one device's time.", 1, true,
     false, MakeNaiveOrder},
    {"gpipe", "all forwards, then all backwards", "Huang et al. 2019 (GPipe), section 2.3", "any p, m, v",
     "(p-1)T, ratio (p-1)/(m+p-1); with v chunks as looped-bfs", "m",
     "Where all m micro-batches fit: the simplest, and slow transfers delay it little; memory grows with m.", 1, true,
     false, MakeGpipeOrder},
    {"1f1b", "warm-up, then one forward and one backward by turns (PipeDream-flush)",
     "Narayanan et al. 2021 (Megatron-LM), section 2.2.1", "any p, m; m < p shortens the warm-up",
     "(p-1)T, ratio (p-1)/(m+p-1)", "min(p, m)",
     "The plain choice: gpipe's bubble in the memory of p micro-batches; slow transfers hold up its steady state.", 1,
     false, false, MakeOneFOneBOrder},
    {"eager-1f1b", "1f1b with twice the warm-up, so that transfers have time to overlap compute",
     "Zhuang et al. 2023 (On Optimizing the Communication of Model Parallelism), section 4",
     "any p, m; m < 2p-1 shortens the warm-up", "(p-1)T; slow transfers add less than with 1f1b", "min(2p-1, m)",
     "1f1b over slow links: twice the memory gives transfers a pass's time; with fast links it gains nothing.", 1,
     false, false, MakeEagerOneFOneBOrder},
    {"interleaved", "1f1b over v chunks per device, by groups of micro-batches",
     "Narayanan et al. 2021 (Megatron-LM), section 2.2.2, figure 4",
     "any p, m, v; micro_batch_group g >= p; m is dealt out evenly to floor(m/g) groups, m < g is one group",
     "(p-1)T/v if m >= p", "(2(p-1) + (v-1)g' + 1)/v for v > 1, where g' is the largest group (g if it divides m)",
     "Many micro-batches and fast links: a v-th of 1f1b's bubble for v times the transfers and more memory.", 2, true,
     true, MakeInterleavedOrder},
    {"looped-bfs", "all micro-batches through one chunk of a device before its next one",
     "Lamy-Poirier 2023 (Breadth-First Pipeline Parallelism), section 4", "any p, m, v", "(p-1)T/v if m >= p", "m",
     "Slow links and memory for all m: interleaved's bubble, with a pass's time for each of v times the transfers.", 2,
     true, false, MakeGpipeOrder},
    {"zb-h1", "1f1b whose backward-weights fill the bubble, in the memory of 1f1b",
     "Qi et al. 2024 (Zero Bubble), section 2.1, figure 3", "any p, m; m < p shortens the warm-up",
     "(p-1)(F+B-W); a transfer time c adds 4(p-1)c", "min(p, m)",
     "Instead of 1f1b: a smaller bubble in the memory of its first device, which now every device needs.", 1, false,
     false, MakeZbH1Order},
    {"zb-h2", "as zb-h1 with twice the warm-up: no bubble for twice the memory",
     "Qi et al. 2024 (Zero Bubble), section 2.2, figure 3", "any p, m; m < 2p-1 shortens the warm-up",
     "(p-1)(F+B-2W) in a device's own span; a transfer time c adds 2(p-1)c", "min(2p-1, m)",
     "Where memory for 2p-1 micro-batches is there: next to no bubble if W is near (F+B)/2, with slow links too.", 1,
     false, false, MakeZbH2Order},
    {"zb-v", "two chunks on a V and split backwards: no bubble in the memory of 1f1b",
     "Qi et al. 2024 (Zero Bubble), section 6; Qi et al. 2024b (Controllable Memory), V-ZB, figure 4",
     "any p, m; 2 chunks per device", "0 in a device's own span if F = B = W and m >= 2p-1", "min(p, m)",
     "Fast links and F, B, W about equal: the least bubble in 1f1b's memory; costs twice the transfers.", 2, false,
     false, MakeZbVOrder},
    {"v-half", "as zb-v in half the memory", "Qi et al. 2024b (Controllable Memory), V-shape building blocks, figure 4",
     "any p, m; 2 chunks per device", "about half of 1f1b's: (3p-4)/6 T for p >= 3 if F = B = W", "floor((p+2)/2)",
     "Memory tight, links fast: half of 1f1b's memory at a smaller bubble; slow transfers delay it more than 1f1b.", 2,
     false, false, MakeVHalfOrder},
    {"v-min", "as zb-v in a third of the memory",
     "Qi et al. 2024b (Controllable Memory), V-shape building blocks, figure 4", "any p, m; 2 chunks per device",
     "about two thirds of 1f1b's: (4p-5)/6 T, or (4p-3)/6 T if 3 divides p, F = B = W", "floor((p+4)/3)",
     "Memory above all: a third of 1f1b's at fast links; the first to suffer from slow transfers.", 2, false, false,
     MakeVMinOrder},
    {"wave", "chunks on a zigzag, whose turns need no transfer (Hanayo)",
     "Liu et al. 2023 (Hanayo, SC 2023), the wave-like pipeline",
     "any p, m, v; v = 2w for w waves, odd v ends half way",
     "4(p-1)T/(3v) for v = 2 or m = p, (p-1)T/v for v > 2 and m >= 2p; if 2F = B+W",
     "min(m, p) for v = 2, at most min(m, p(v+1/v)/2)",
     "Backwards not split and memory tight: two thirds of 1f1b's bubble in its memory, for twice the transfers.", 2,
     true, false, MakeWaveOrder},
    {"dualpipe-v", "a V whose forwards and backwards run together, to hide transfers",
     "DeepSeek-AI 2025 (DualPipe), DualPipeV; DeepSeek-AI 2024 (DeepSeek-V3), section 3.2.1",
     "any p, m; 2 chunks per device; m < 2p runs as 2p without the ones that are not there",
     "(p-1)T/6 if F = B = W and m >= 2p, overlap not counted", "p + 1/2",
     "Where a device runs a forward and a backward at once; baton runs them in turn, for a bubble close to zb-v's.", 2,
     false, false, MakeDualPipeVOrder},
    {"chimera", "two pipelines in opposite directions, each with a copy of the parameters",
     "Li and Hoefler 2021 (Chimera, SC 2021), section 3.1, figure 3",
     "any p, m; even micro-batches go one way, odd ones the other, one of each chunk's copies on a device; training is "
     "close to that of other schedules, not bit-identical",
     "2(p-2)T/3 if F = B = W, p is even and divides m", "at most min(p, m)",
     "Backwards not split and few micro-batches: two thirds of 1f1b's bubble for twice the parameters and their sum.",
     1, false, false, MakeChimeraOrder, true},
    {"dualpipe", "two directions whose forwards and backwards run together, to hide transfers",
     "DeepSeek-AI 2024 (DeepSeek-V3), section 3.2.1, figure 5; DeepSeek-AI 2025 (DualPipe)",
     "any p, m; placed as chimera; m < 2p runs as 2p without the ones that are not there; training is close to that of "
     "other schedules, not bit-identical",
     "(p-2)T/6 if F = B = W, p and m are even and m >= 2p, overlap not counted", "p+1, p+2 for an odd p; at most m",
     "As dualpipe-v with half of its transfers, for twice the parameters and the sum of their gradients.", 1, false,
     false, MakeDualPipeOrder, true},
};

}  // namespace

absl::Span<const ScheduleInfo> Catalog() { return kCatalog; }

absl::StatusOr<const ScheduleInfo*> FindSchedule(std::string_view name) {
  for (const ScheduleInfo& info : kCatalog) {
    if (info.name == name) return &info;
  }
  const std::string known =
      absl::StrJoin(kCatalog, ", ", [](std::string* out, const ScheduleInfo& info) { out->append(info.name); });
  return absl::InvalidArgumentError(
      absl::StrCat("pipeline.schedule: \"", std::string(name), "\" is not a known schedule; known are ", known));
}

absl::StatusOr<ComputeOrder> MakeOrder(std::string_view name, const OrderRequest& request) {
  BATON_ASSIGN_OR_RETURN(const ScheduleInfo* info, FindSchedule(name));
  OrderRequest filled = request;
  if (filled.chunks_per_device == 0) filled.chunks_per_device = info->default_chunks;
  BATON_RETURN_IF_ERROR(CheckRequest(filled));
  if (filled.chunks_per_device != info->default_chunks && !info->takes_chunks) {
    return absl::InvalidArgumentError(absl::StrCat(
        "pipeline.chunks_per_device: ", filled.chunks_per_device, "; schedule \"", std::string(name),
        "\" takes exactly ", info->default_chunks, info->default_chunks == 1 ? " chunk" : " chunks", " per device"));
  }
  if (filled.micro_batch_group != 0 && !info->takes_group) {
    return absl::InvalidArgumentError(absl::StrCat("pipeline.micro_batch_group: ", filled.micro_batch_group,
                                                   "; schedule \"", std::string(name), "\" has no groups"));
  }
  return info->make(filled);
}

}  // namespace baton
