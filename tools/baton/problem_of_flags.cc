// The pipeline of flags alone: sizes, schedule and order. Its costs: problem_costs.cc.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/format.h"
#include "base/printable.h"
#include "base/status.h"
#include "runtime/job/order_file.h"
#include "schedules/search/searched_schedules.h"
#include "tools/baton/problem.h"

namespace baton {
namespace {

// The schedule that the flags mean.
std::string ScheduleOf(const ProblemFlags& flags) {
  if (!flags.order.empty()) return "csv";
  return flags.schedule.empty() ? "1f1b" : flags.schedule;
}

}  // namespace

absl::Status Problem::FromFlags(const ProblemFlags& flags) {
  BATON_RETURN_IF_ERROR(TakeOrder(flags));
  BATON_RETURN_IF_ERROR(TakeLinkTable(flags));
  if (!flags.costs.empty()) {
    BATON_RETURN_IF_ERROR(ReadCosts(flags));
    BATON_RETURN_IF_ERROR(StagesOfCosts(flags));
  }
  if (order_ == nullptr && ((!flags.stages && !file_costs_) || !flags.micro_batches)) {
    return absl::InvalidArgumentError(
        "give a job file, or --stages and --micro-batches (and --forward, --backward-input, --backward-weight, "
        "--transfer, or --costs)");
  }
  if (!flags.overrides.empty()) return absl::InvalidArgumentError("--set: needs a job file to change");
  if (!flags.rates_table.empty())
    return absl::InvalidArgumentError("--rates-table: needs a job file, whose kernels it times");
  BATON_RETURN_IF_ERROR(CheckSearchFlags(flags));
  search_ = ToSearchOptions(flags.search);
  BATON_RETURN_IF_ERROR(TakeStageCosts(flags));
  BATON_RETURN_IF_ERROR(TakeSizes(flags));
  schedule_ = ScheduleOf(flags);
  if (order_ == nullptr) BATON_RETURN_IF_ERROR(CheckSchedule("--schedule", schedule_));
  DescribeFlags(flags);
  return absl::OkStatus();
}

// Reads --order.
absl::Status Problem::TakeOrder(const ProblemFlags& flags) {
  if (flags.order.empty()) {
    if (flags.schedule == "csv") return absl::InvalidArgumentError("--schedule: csv needs --order=FILE");
    return absl::OkStatus();
  }
  if (!flags.schedule.empty() && flags.schedule != "csv") {
    return absl::InvalidArgumentError(absl::StrCat("--order: goes with --schedule=csv, not with ", flags.schedule));
  }
  BATON_ASSIGN_OR_RETURN(CsvOrder csv, ReadOrderFile(flags.order));
  order_ = std::make_shared<const ComputeOrder>(std::move(csv.order));
  return absl::OkStatus();
}

// Stages, micro-batches, chunks and group. Sizes that are not given are those of the order, if there is one.
absl::Status Problem::TakeSizes(const ProblemFlags& flags) {
  group_ = flags.micro_batch_group.value_or(0);
  replicas_ = sum_groups_ = flags.replicas.value_or(1);
  if (order_ == nullptr) {
    stages_ = flags.stages.value_or(stages_);
    micro_batches_ = flags.micro_batches.value_or(1);
    chunks_ = flags.chunks.value_or(0);
    return absl::OkStatus();
  }
  stages_ = flags.stages.value_or(order_->num_devices());
  micro_batches_ = flags.micro_batches.value_or(order_->num_micro_batches * replicas_);
  chunks_ = flags.chunks.value_or(std::max(1, order_->num_chunks / std::max(1, stages_)));
  // Compile checks the rest. This check comes first because the tables of costs have this size.
  if (int64_t{stages_} * chunks_ == order_->num_chunks) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("--order: the file has ", order_->num_chunks,
                                                 " stages (chunks), but --stages and --chunks make ", stages_, " × ",
                                                 chunks_));
}

// Refuses flags of a search for a schedule that is not searched, and a fraction that --costs gives already.
absl::Status Problem::CheckSearchFlags(const ProblemFlags& flags) const {
  const std::string search_flag = FirstSearchFlag(flags.search);
  if (!search_flag.empty() && flags.with_schedule) {
    const std::string name = ScheduleOf(flags);
    const auto info = FindAnySchedule(name);
    if (name == "csv" || (info.ok() && !IsSearched(**info))) {
      return absl::InvalidArgumentError(absl::StrCat(search_flag, ": goes with --schedule=zb-auto, not with ", name));
    }
  }
  if (flags.search.exact_nodes && !flags.search.exact) {
    return absl::InvalidArgumentError("--exact-nodes: goes with --exact");
  }
  if (!flags.search.weight_fraction || !file_costs_) return absl::OkStatus();
  const auto has_bytes = [](const ChunkCosts& chunk) { return chunk.saved_bytes + chunk.saved_weight_bytes > 0; };
  if (std::none_of(file_costs_->chunks.begin(), file_costs_->chunks.end(), has_bytes)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "--weight-activation-fraction: --costs gives it for each chunk; leave one of them out");
}

void Problem::DescribeFlags(const ProblemFlags& flags) {
  description_ = absl::StrCat(FormatPlural(stages_, "stage"),
                              replicas_ > 1 ? absl::StrCat(" in each of ", replicas_, " replicas") : "", ", ",
                              FormatPlural(micro_batches_, "micro-batch"),
                              chunks_ < 2 ? "" : absl::StrCat(", ", chunks_, " chunks on each device"));
  if (file_costs_) {
    absl::StrAppend(&description_, "\n", FormatPlural(file_costs_->chunks.size(), "chunk"), " as in ",
                    Printable(flags.costs));
    if (link_table_) absl::StrAppend(&description_, DescribeLinkTable(*link_table_, flags.links.table));
    absl::StrAppend(&description_, DescribeCores());
    return;
  }
  absl::StrAppend(
      &description_, "\na stage takes ", FormatDuration(stage_costs_.forward_ns), " forward, ",
      FormatDuration(stage_costs_.backward_input_ns), " + ", FormatDuration(stage_costs_.backward_weight_ns),
      " backward (input + weight)",
      stage_costs_.can_recompute ? absl::StrCat(", ", FormatDuration(stage_costs_.recompute_ns), " recomputing") : "",
      link_table_
          ? DescribeLinkTable(*link_table_, flags.links.table)
          : absl::StrCat("; a transfer ", FormatDuration(transfer_costs_.transfer_ns), DescribeLinks(transfer_costs_)),
      DescribeCores());
}

}  // namespace baton
