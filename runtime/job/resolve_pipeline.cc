// Defaults and limits of a job's pipeline: schedule, split, recomputation, search.
#include "runtime/job/resolve_pipeline.h"

#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "runtime/job/limits.h"
#include "runtime/job/resolve.h"
#include "runtime/job/search_options.h"
#include "runtime/job/split_layout.h"
#include "schedules/search/searched_schedules.h"

namespace baton {
namespace {

// The field that says how many layers the model has, for messages.
std::string LayersField(const proto::Job& job) {
  if (job.model().has_mlp()) return "the layers of model.mlp.sizes";
  if (job.model().has_resnet()) return "the blocks of model.resnet.depths";
  const std::string kind = ModelKindOf(job);
  return kind == "layer" ? "the layers of model.layer" : absl::StrCat("model.", kind, ".layers");
}

// Replaces a layout by the number of layers of each chunk.
absl::Status ExpandLayout(const proto::Job& job, proto::Split& split) {
  const std::string kind = ModelKindOf(job);
  if (kind != "gpt2" && kind != "llama" && kind != "bert" && kind != "vit") {
    return absl::InvalidArgumentError(
        absl::StrCat("pipeline.split.layout: its t are the blocks of a gpt2, llama, bert "
                     "or vit, but the model is model.",
                     kind, "; give pipeline.split.layers instead"));
  }
  BATON_ASSIGN_OR_RETURN(const std::vector<int> blocks, ParseSplitLayout(split.layout()));
  const int64_t num_chunks = NumChunks(job);
  if (static_cast<int64_t>(blocks.size()) != num_chunks) {
    return absl::InvalidArgumentError(absl::StrCat(
        "pipeline.split.layout: ", blocks.size(), " chunks, but pipeline.stages: ", job.pipeline().stages(),
        " and pipeline.chunks_per_device: ", job.pipeline().chunks_per_device(), " need ", num_chunks));
  }
  const int64_t sum = std::accumulate(blocks.begin(), blocks.end(), int64_t{0});
  if (sum != NumLayers(job)) {
    return absl::InvalidArgumentError(
        absl::StrCat("pipeline.split.layout: ", sum, " t, but ", LayersField(job), ": ", NumLayers(job)));
  }
  split.clear_layout();
  split.mutable_layers()->Assign(blocks.begin(), blocks.end());
  return absl::OkStatus();
}

absl::Status ResolveSplit(const proto::Job& job, proto::Split& split) {
  const std::pair<const char*, bool> kinds[] = {
      {"balanced", split.has_balanced()}, {"layers", split.layers_size() > 0}, {"layout", split.has_layout()}};
  std::vector<std::string> given;
  for (const auto& [kind, is_given] : kinds) {
    if (is_given) given.push_back(kind);
  }
  if (given.size() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("pipeline.split: ", absl::StrJoin(given, " and "), " exclude each other"));
  }
  if (split.has_layout()) BATON_RETURN_IF_ERROR(ExpandLayout(job, split));
  if (split.layers_size() == 0) {
    split.mutable_balanced();
    return absl::OkStatus();
  }
  const int64_t num_chunks = NumChunks(job);
  if (split.layers_size() != num_chunks) {
    return absl::InvalidArgumentError(absl::StrCat(
        "pipeline.split.layers: ", split.layers_size(), " numbers, but pipeline.stages: ", job.pipeline().stages(),
        " and pipeline.chunks_per_device: ", job.pipeline().chunks_per_device(), " need ", num_chunks));
  }
  int64_t sum = 0;
  for (int i = 0; i < split.layers_size(); ++i) {
    BATON_RETURN_IF_ERROR(CheckRange(absl::StrCat("pipeline.split.layers[", i, "]"), split.layers(i), 1, kMaxLayers));
    sum += split.layers(i);
  }
  if (sum == NumLayers(job)) return absl::OkStatus();
  // The whole sum if it fits a line, else only its value.
  const std::string terms = split.layers_size() <= 16 ? absl::StrJoin(split.layers(), " + ") + " = " : "a sum of ";
  return absl::InvalidArgumentError(
      absl::StrCat("pipeline.split.layers: ", terms, sum, ", but ", LayersField(job), ": ", NumLayers(job)));
}

// The name of a schedule, or a user's order; and the schedule's own number of chunks where the job gives none.
absl::Status ResolveSchedule(proto::Pipeline& pipeline) {
  if (pipeline.schedule().empty()) return Missing("pipeline.schedule", "a name from the catalog of schedules");
  if (pipeline.schedule() == "csv" && pipeline.order().empty()) {
    return Missing("pipeline.order", "the file with the order of schedule: \"csv\"");
  }
  if (pipeline.has_order() && pipeline.schedule() != "csv") {
    return absl::InvalidArgumentError(
        absl::StrCat("pipeline.order: goes with pipeline.schedule: \"csv\", not with \"", pipeline.schedule(), "\""));
  }
  if (pipeline.order().size() > 4096) {
    return absl::InvalidArgumentError(
        absl::StrCat("pipeline.order: ", pipeline.order().size(), " characters must be at most 4096"));
  }
  int default_chunks = 1;
  if (!pipeline.has_order()) {
    BATON_ASSIGN_OR_RETURN(const ScheduleInfo* const schedule, FindAnySchedule(pipeline.schedule()));
    const bool is_v = IsSearched(*schedule) && pipeline.search().placement() == proto::Search::V;
    default_chunks = is_v ? 2 : schedule->default_chunks;
  }
  if (!pipeline.has_chunks_per_device()) pipeline.set_chunks_per_device(default_chunks);
  return absl::OkStatus();
}

absl::Status ResolveRecompute(const proto::Job& job, proto::Pipeline& pipeline) {
  if (pipeline.recompute_layers_size() > 0 && pipeline.recompute_layers_size() != NumLayers(job)) {
    return absl::InvalidArgumentError(absl::StrCat("pipeline.recompute_layers: ", pipeline.recompute_layers_size(),
                                                   " values, but ", LayersField(job), ": ", NumLayers(job)));
  }
  if (pipeline.recompute_layers_size() > 0 && pipeline.has_recompute()) {
    return absl::InvalidArgumentError("pipeline: recompute and recompute_layers exclude each other");
  }
  for (const int mode : pipeline.recompute_layers()) {
    BATON_RETURN_IF_ERROR(CheckEnum<proto::Pipeline::Recompute>("pipeline.recompute_layers", mode));
  }
  BATON_RETURN_IF_ERROR(CheckEnum<proto::Pipeline::Recompute>("pipeline.recompute", pipeline.recompute()));
  return absl::OkStatus();
}

// Checks what Search itself does not: ranges of single numbers, and that only searched schedules have search fields.
absl::Status ResolveSearch(const proto::Pipeline& pipeline, proto::Search& search) {
  const absl::StatusOr<const ScheduleInfo*> schedule = FindAnySchedule(pipeline.schedule());
  const bool is_searched = schedule.ok() && IsSearched(**schedule);
  const std::pair<const char*, bool> of_searches[] = {{"objective", search.has_objective()},
                                                      {"placement", search.has_placement()},
                                                      {"seconds", search.has_seconds()},
                                                      {"moves", search.has_moves()},
                                                      {"seed", search.has_seed()},
                                                      {"exact", search.has_exact()},
                                                      {"exact_nodes", search.has_exact_nodes()}};
  for (const auto& [field, given] : of_searches) {
    if (given && !is_searched) {
      return absl::InvalidArgumentError(absl::StrCat("pipeline.search.", field, ": goes with pipeline.schedule: ",
                                                     "\"zb-auto\", not with \"", pipeline.schedule(), "\""));
    }
  }
  if (search.has_seconds()) BATON_RETURN_IF_ERROR(CheckReal("pipeline.search.seconds", search.seconds(), 0, 86400));
  if (search.has_moves()) {
    BATON_RETURN_IF_ERROR(CheckRange("pipeline.search.moves", search.moves(), 0, 1'000'000'000'000));
  }
  if (search.has_exact_nodes()) {
    BATON_RETURN_IF_ERROR(CheckRange("pipeline.search.exact_nodes", search.exact_nodes(), 1, 1'000'000'000'000));
    if (!search.exact())
      return absl::InvalidArgumentError("pipeline.search.exact_nodes: goes with pipeline.search.exact: true");
  }
  BATON_RETURN_IF_ERROR(CheckEnum<proto::Search::Objective>("pipeline.search.objective", search.objective()));
  BATON_RETURN_IF_ERROR(CheckEnum<proto::Search::Placement>("pipeline.search.placement", search.placement()));
  CostModel unknown;
  unknown.chunks.assign(pipeline.stages(), {});
  // The costs are not known yet: assume that every chunk has activations to limit.
  for (ChunkCosts& chunk : unknown.chunks) chunk.saved_weight_bytes = 1;
  return ResolveLimits(SearchOptionsOf(search).limit, unknown, pipeline.stages()).status();
}

}  // namespace

absl::Status ResolvePipeline(const proto::Job& job, proto::Pipeline& pipeline) {
  if (!pipeline.has_stages()) pipeline.set_stages(1);
  if (!pipeline.has_schedule()) pipeline.set_schedule(pipeline.has_order() ? "csv" : "1f1b");
  if (!pipeline.has_micro_batch_group()) pipeline.set_micro_batch_group(0);
  BATON_RETURN_IF_ERROR(ResolveRecompute(job, pipeline));
  BATON_RETURN_IF_ERROR(ResolveSchedule(pipeline));
  BATON_RETURN_IF_ERROR(CheckRange("pipeline.stages", pipeline.stages(), 1, 1024));
  BATON_RETURN_IF_ERROR(CheckRange("pipeline.chunks_per_device", pipeline.chunks_per_device(), 1, 1024));
  BATON_RETURN_IF_ERROR(CheckRange("pipeline.micro_batch_group", pipeline.micro_batch_group(), 0, 1 << 20));
  if (pipeline.has_search()) BATON_RETURN_IF_ERROR(ResolveSearch(pipeline, *pipeline.mutable_search()));
  if (NumChunks(job) > NumLayers(job)) {
    return absl::InvalidArgumentError(
        absl::StrCat("pipeline: stages: ", pipeline.stages(), " and chunks_per_device: ", pipeline.chunks_per_device(),
                     " make ", NumChunks(job), " chunks, more than ", LayersField(job), ": ", NumLayers(job)));
  }
  return ResolveSplit(job, *pipeline.mutable_split());
}

}  // namespace baton
