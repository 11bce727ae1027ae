// The table of published schedules, and their lookup; see catalog.h.
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
// has_replicas, is_scheduled_by_costs.
constexpr ScheduleInfo kCatalog[] = {
    {"naive", "one micro-batch at a time, forward then backward through all stages; no overlap",
     "the baseline of Huang et al. 2019 (GPipe), section 2.3", "any p, m, v", "(p-1)/p of device time", "1",
     "The baseline, and for finding a fault with one micro-batch in flight: only one device works at a time.", 1, true,
     false, MakeNaiveOrder},
    {"gpipe", "all forwards, then all backwards", "Huang et al. 2019 (GPipe), section 2.3", "any p, m, v",
     "(p-1)T, ratio (p-1)/(m+p-1); with v chunks as looped-bfs", "m",
     "If memory for all m micro-batches is available: the simplest; slow transfers delay it little.", 1, true, false,
     MakeGpipeOrder},
    {"1f1b", "warm-up, then one forward and one backward in turn (PipeDream-flush)",
     "Narayanan et al. 2021 (Megatron-LM), section 2.2.1", "any p, m; m < p shortens the warm-up",
     "(p-1)T, ratio (p-1)/(m+p-1)", "min(p, m)",
     "The default choice: gpipe's bubble in the memory of p micro-batches; slow transfers delay its steady state.", 1,
     false, false, MakeOneFOneBOrder},
    {"eager-1f1b", "1f1b with twice the warm-up, so that transfers have time to overlap compute",
     "Zhuang et al. 2023 (On Optimizing the Communication of Model Parallelism), section 4",
     "any p, m; m < 2p-1 shortens the warm-up", "(p-1)T; slow transfers add less than with 1f1b", "min(2p-1, m)",
     "Slow links: for twice the memory of 1f1b each transfer has the time of a pass; with fast links no gain.", 1,
     false, false, MakeEagerOneFOneBOrder},
    {"interleaved", "1f1b over v chunks per device, in groups of micro-batches",
     "Narayanan et al. 2021 (Megatron-LM), section 2.2.2, figure 4",
     "any p, m, v; micro_batch_group g >= p; m is split evenly into floor(m/g) groups; m < g is one group",
     "(p-1)T/v if m >= p", "(2(p-1) + (v-1)g' + 1)/v for v > 1, where g' is the largest group (g if it divides m)",
     "Many micro-batches and fast links: 1/v of 1f1b's bubble for v times the transfers and more memory.", 2, true,
     true, MakeInterleavedOrder},
    {"looped-bfs", "all micro-batches through one chunk of a device before its next one",
     "Lamy-Poirier 2023 (Breadth-First Pipeline Parallelism), section 4", "any p, m, v", "(p-1)T/v if m >= p", "m",
     "Slow links and memory for all m: interleaved's bubble; each of v times the transfers has the time of a pass.", 2,
     true, false, MakeGpipeOrder},
    {"zb-h1", "1f1b whose backward-weights fill the bubble, in the memory of 1f1b",
     "Qi et al. 2024 (Zero Bubble), section 2.1, figure 3", "any p, m; m < p shortens the warm-up",
     "(p-1)(F+B-W); a transfer time c adds 4(p-1)c", "min(p, m)",
     "Instead of 1f1b: a smaller bubble; every device needs the memory that 1f1b needs on the first one.", 1, false,
     false, MakeZbH1Order},
    {"zb-h2", "as zb-h1 with twice the warm-up: no bubble for twice the memory",
     "Qi et al. 2024 (Zero Bubble), section 2.2, figure 3", "any p, m; m < 2p-1 shortens the warm-up",
     "(p-1)(F+B-2W) in a device's own span; a transfer time c adds 2(p-1)c", "min(2p-1, m)",
     "If memory for 2p-1 micro-batches is available: hardly any bubble if W is near (F+B)/2, even with slow links.", 1,
     false, false, MakeZbH2Order},
    {"zb-v", "two chunks on a V and split backwards: no bubble in the memory of 1f1b",
     "Qi et al. 2024 (Zero Bubble), section 6; Qi et al. 2024b (Controllable Memory), V-ZB, figure 4",
     "any p, m; 2 chunks per device", "0 in a device's own span if F = B = W and m >= 2p-1", "min(p, m)",
     "Fast links and F, B, W about equal: the smallest bubble in 1f1b's memory, for twice the transfers.", 2, false,
     false, MakeZbVOrder, false, true},
    {"v-half", "as zb-v in half the memory", "Qi et al. 2024b (Controllable Memory), V-shape building blocks, figure 4",
     "any p, m; 2 chunks per device", "about half of 1f1b's: (3p-4)/6 T for p >= 3 if F = B = W", "floor((p+2)/2)",
     "Little memory and fast links: half of 1f1b's memory and a smaller bubble; slow transfers delay it more.", 2,
     false, false, MakeVHalfOrder, false, true},
    {"v-min", "as zb-v in a third of the memory",
     "Qi et al. 2024b (Controllable Memory), V-shape building blocks, figure 4", "any p, m; 2 chunks per device",
     "about two thirds of 1f1b's: (4p-5)/6 T, or (4p-3)/6 T if 3 divides p, F = B = W", "floor((p+4)/3)",
     "Very little memory and fast links: a third of 1f1b's memory; slow transfers delay it most of all.", 2, false,
     false, MakeVMinOrder, false, true},
    {"wave", "chunks on a zigzag, whose turns need no transfer (Hanayo)",
     "Liu et al. 2023 (Hanayo, SC 2023), the wave-like pipeline",
     "any p, m, v; v = 2w for w waves, an odd v ends half-way",
     "4(p-1)T/(3v) for v = 2 or m = p, (p-1)T/v for v > 2 and m >= 2p; if 2F = B+W",
     "min(m, p) for v = 2, at most min(m, p(v+1/v)/2)",
     "Whole backwards and little memory: two thirds of 1f1b's bubble in its memory, for twice the transfers.", 2, true,
     false, MakeWaveOrder},
    {"dualpipe-v", "a V whose forwards and backwards run together, to hide transfers",
     "DeepSeek-AI 2025 (DualPipe), DualPipeV; DeepSeek-AI 2024 (DeepSeek-V3), section 3.2.1",
     "any p, m; 2 chunks per device; m < 2p runs as 2p without the missing micro-batches",
     "(p-1)T/6 if F = B = W and m >= 2p, overlap not counted", "p + 1/2",
     "For devices that run a forward and a backward at once; baton runs them in turn, with a bubble near zb-v's.", 2,
     false, false, MakeDualPipeVOrder},
    {"chimera", "two pipelines in opposite directions, each with its own replica of the parameters",
     "Li and Hoefler 2021 (Chimera, SC 2021), section 3.1, figure 3",
     "any p, m; even micro-batches go one way, odd ones the other, through replicas of their own; trained weights are "
     "close to those of other schedules, not bit-identical",
     "2(p-2)T/3 if F = B = W, p is even and divides m", "at most min(p, m)",
     "Whole backwards, few micro-batches: two thirds of 1f1b's bubble for twice the parameters and an all-reduce.", 1,
     false, false, MakeChimeraOrder, true},
    {"dualpipe", "two directions whose forwards and backwards run together, to hide transfers",
     "DeepSeek-AI 2024 (DeepSeek-V3), section 3.2.1, figure 5; DeepSeek-AI 2025 (DualPipe)",
     "any p, m; placed as chimera; m < 2p runs as 2p without the missing micro-batches; trained weights are close to "
     "those of other schedules, not bit-identical",
     "(p-2)T/6 if F = B = W, p and m are even and m >= 2p, overlap not counted", "p+1, p+2 for an odd p; at most m",
     "As dualpipe-v with half of its transfers, for twice the parameters and an all-reduce of their gradients.", 1,
     false, false, MakeDualPipeOrder, true},
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
