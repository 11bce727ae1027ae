// Defaults and limits of everything in a job but the model; see resolve_model.cc.
#include "runtime/job/resolve.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "runtime/job/limits.h"
#include "runtime/job/resolve_devices.h"
#include "runtime/job/resolve_model.h"
#include "runtime/job/search_options.h"
#include "schedules/search/searched_schedules.h"

namespace baton {
namespace {

// What a sentence calls the place where the model says how many layers it has.
std::string LayersField(const proto::Model& model) {
  if (model.has_gpt2()) return "model.gpt2.layers";
  return model.has_mlp() ? "the layers of model.mlp.sizes" : "the layers of model.layer";
}

absl::Status ResolveBatch(proto::Batch& batch) {
  if (!batch.has_sequences()) return Missing("batch.sequences", "the sequences or examples of one optimizer step");
  if (!batch.has_micro_batches()) batch.set_micro_batches(1);
  BATON_RETURN_IF_ERROR(CheckRange("batch.sequences", batch.sequences(), 1, 1 << 20));
  BATON_RETURN_IF_ERROR(CheckRange("batch.micro_batches", batch.micro_batches(), 1, 65536));
  if (batch.sequences() % batch.micro_batches() == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("batch.micro_batches: ", batch.micro_batches(),
                                                 " does not divide batch.sequences: ", batch.sequences()));
}

absl::Status ResolveClusters(const proto::Job& job, proto::Clusters& clusters) {
  if (job.model().has_gpt2()) {
    return absl::InvalidArgumentError(
        "data.clusters: gives features, but model.gpt2 reads tokens; use data.text, or model.mlp");
  }
  if (job.data().has_tokenizer()) {
    return absl::InvalidArgumentError("data.tokenizer: goes with data.text, not with data.clusters");
  }
  if (!clusters.has_examples()) clusters.set_examples(4096);
  if (!clusters.has_seed()) clusters.set_seed(1);
  if (!clusters.has_noise()) clusters.set_noise(0.5);
  BATON_RETURN_IF_ERROR(CheckRange("data.clusters.examples", clusters.examples(), 1, 1 << 24));
  BATON_RETURN_IF_ERROR(CheckReal("data.clusters.noise", clusters.noise(), 0, 1000));
  const int64_t features = NumFeatures(job);
  if (clusters.examples() > kMaxClusterElements / features) {
    return absl::InvalidArgumentError(absl::StrCat("data.clusters.examples: ", clusters.examples(), " examples of ",
                                                   features, " features must be at most ", kMaxClusterElements,
                                                   " numbers"));
  }
  if (NumClasses(job) > kMaxClusterElements / features) {
    return absl::InvalidArgumentError(absl::StrCat("data.clusters: ", NumClasses(job), " classes of ", features,
                                                   " features must be at most ", kMaxClusterElements, " numbers"));
  }
  return absl::OkStatus();
}

absl::Status ResolveText(const proto::Job& job, proto::Data& data) {
  if (data.text().empty()) return Missing("data.text", "a pattern of text files");
  if (data.text().size() > 4096) {
    return absl::InvalidArgumentError(
        absl::StrCat("data.text: ", data.text().size(), " characters must be at most 4096"));
  }
  if (!data.has_tokenizer()) data.set_tokenizer(proto::Data::BYTES);
  if (!proto::Data::Tokenizer_IsValid(data.tokenizer())) {
    return absl::InvalidArgumentError(
        absl::StrCat("data.tokenizer: ", static_cast<int>(data.tokenizer()), " is not one of BYTES"));
  }
  if (!job.model().has_gpt2()) {
    return absl::InvalidArgumentError(absl::StrCat("data.text: gives tokens, but model.",
                                                   job.model().has_mlp() ? "mlp" : "layer",
                                                   " reads features; use data.clusters, or model.gpt2"));
  }
  if (job.model().gpt2().vocabulary() < 256) {
    return absl::InvalidArgumentError(absl::StrCat("model.gpt2.vocabulary: ", job.model().gpt2().vocabulary(),
                                                   " must be at least 256 for data.tokenizer: BYTES"));
  }
  return absl::OkStatus();
}

absl::Status ResolveData(const proto::Job& job, proto::Data& data) {
  if (!data.has_held_out()) data.set_held_out(0);
  switch (data.source_case()) {
    case proto::Data::kText:
      BATON_RETURN_IF_ERROR(ResolveText(job, data));
      break;
    case proto::Data::kClusters:
      BATON_RETURN_IF_ERROR(ResolveClusters(job, *data.mutable_clusters()));
      break;
    case proto::Data::SOURCE_NOT_SET:
      return Missing("data", "text: \"a pattern of files\" or clusters { … }");
  }
  return CheckFraction("data.held_out", data.held_out());
}

absl::Status ResolveSplit(const proto::Job& job, proto::Split& split) {
  if (split.has_balanced() && split.layers_size() > 0) {
    return absl::InvalidArgumentError("pipeline.split: balanced and layers exclude each other");
  }
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
  // The whole sum where it is a line, else only what it comes to.
  const std::string terms = split.layers_size() <= 16 ? absl::StrJoin(split.layers(), " + ") + " = " : "a sum of ";
  return absl::InvalidArgumentError(
      absl::StrCat("pipeline.split.layers: ", terms, sum, ", but ", LayersField(job.model()), ": ", NumLayers(job)));
}

// A schedule of the catalog, which knows how many chunks it takes by itself, or the order of a file.
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
                                                   " values, but ", LayersField(job.model()), ": ", NumLayers(job)));
  }
  if (pipeline.recompute_layers_size() > 0 && pipeline.has_recompute()) {
    return absl::InvalidArgumentError("pipeline: recompute and recompute_layers exclude each other");
  }
  for (const int mode : pipeline.recompute_layers()) {
    if (!proto::Pipeline::Recompute_IsValid(mode)) {
      return absl::InvalidArgumentError(
          absl::StrCat("pipeline.recompute_layers: ", mode, " is not one of NONE, ATTENTION, FULL"));
    }
  }
  if (!proto::Pipeline::Recompute_IsValid(pipeline.recompute())) {
    return absl::InvalidArgumentError(absl::StrCat("pipeline.recompute: ", static_cast<int>(pipeline.recompute()),
                                                   " is not one of NONE, ATTENTION, FULL"));
  }
  return absl::OkStatus();
}

// What Search itself does not check: ranges of single numbers, and that only searched schedules are searched for.
absl::Status ResolveSearch(const proto::Pipeline& pipeline, proto::Search& search) {
  const absl::StatusOr<const ScheduleInfo*> schedule = FindAnySchedule(pipeline.schedule());
  const bool is_searched = schedule.ok() && IsSearched(**schedule);
  const std::pair<const char*, bool> of_searches[] = {{"objective", search.has_objective()},
                                                      {"placement", search.has_placement()},
                                                      {"seconds", search.has_seconds()},
                                                      {"moves", search.has_moves()},
                                                      {"seed", search.has_seed()}};
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
  if (!proto::Search::Objective_IsValid(search.objective())) {
    return absl::InvalidArgumentError(absl::StrCat("pipeline.search.objective: ", static_cast<int>(search.objective()),
                                                   " is not one of MAKESPAN, SPAN"));
  }
  if (!proto::Search::Placement_IsValid(search.placement())) {
    return absl::InvalidArgumentError(
        absl::StrCat("pipeline.search.placement: ", static_cast<int>(search.placement()), " is not one of LOOP, V"));
  }
  CostModel unknown;
  unknown.chunks.assign(pipeline.stages(), {});
  // Whether there are bytes to limit shows with the costs.
  for (ChunkCosts& chunk : unknown.chunks) chunk.saved_weight_bytes = 1;
  return ResolveLimits(SearchOptionsOf(search).limit, unknown, pipeline.stages()).status();
}

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
                     " make ", NumChunks(job), " chunks, more than ", LayersField(job.model()), ": ", NumLayers(job)));
  }
  return ResolveSplit(job, *pipeline.mutable_split());
}

absl::Status ResolveRun(const proto::Job& job, proto::Run& run) {
  if (!run.has_steps()) return Missing("run.steps", "the number of optimizer steps");
  if (!run.has_seed()) run.set_seed(1);
  if (!run.has_log_every()) run.set_log_every(10);
  if (!run.has_evaluate_every()) run.set_evaluate_every(0);
  BATON_RETURN_IF_ERROR(CheckRange("run.steps", run.steps(), 1, 1'000'000'000));
  BATON_RETURN_IF_ERROR(CheckRange("run.log_every", run.log_every(), 1, 1'000'000'000));
  BATON_RETURN_IF_ERROR(CheckRange("run.evaluate_every", run.evaluate_every(), 0, 1'000'000'000));
  if (run.evaluate_every() == 0 || job.data().held_out() > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("run.evaluate_every: ", run.evaluate_every(), " needs data.held_out above 0"));
}

absl::Status ResolveOptimizer(const proto::Job& job, proto::Optimizer& optimizer) {
  proto::AdamW& adamw = *optimizer.mutable_adamw();
  if (!adamw.has_learning_rate()) adamw.set_learning_rate(1e-3);
  if (!adamw.has_weight_decay()) adamw.set_weight_decay(0.01);
  if (!adamw.has_beta1()) adamw.set_beta1(0.9);
  if (!adamw.has_beta2()) adamw.set_beta2(0.999);
  if (!adamw.has_epsilon()) adamw.set_epsilon(1e-8);
  if (!optimizer.has_clip_norm()) optimizer.set_clip_norm(0);
  if (!optimizer.has_warmup_steps()) optimizer.set_warmup_steps(0);
  if (!optimizer.has_decay()) optimizer.set_decay(proto::Optimizer::CONSTANT);
  if (!optimizer.has_min_ratio()) optimizer.set_min_ratio(0.1);
  BATON_RETURN_IF_ERROR(CheckPositive("optimizer.adamw.learning_rate", adamw.learning_rate(), 1000));
  BATON_RETURN_IF_ERROR(CheckReal("optimizer.adamw.weight_decay", adamw.weight_decay(), 0, 1000));
  BATON_RETURN_IF_ERROR(CheckFraction("optimizer.adamw.beta1", adamw.beta1()));
  BATON_RETURN_IF_ERROR(CheckFraction("optimizer.adamw.beta2", adamw.beta2()));
  BATON_RETURN_IF_ERROR(CheckPositive("optimizer.adamw.epsilon", adamw.epsilon(), 1));
  BATON_RETURN_IF_ERROR(CheckReal("optimizer.clip_norm", optimizer.clip_norm(), 0, 1e30));
  BATON_RETURN_IF_ERROR(CheckReal("optimizer.min_ratio", optimizer.min_ratio(), 0, 1));
  BATON_RETURN_IF_ERROR(CheckRange("optimizer.warmup_steps", optimizer.warmup_steps(), 0, 1'000'000'000));
  if (!proto::Optimizer::Decay_IsValid(optimizer.decay())) {
    return absl::InvalidArgumentError(absl::StrCat("optimizer.decay: ", static_cast<int>(optimizer.decay()),
                                                   " is not one of CONSTANT, LINEAR, COSINE"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<proto::Job> ResolveJob(proto::Job job) {
  if (!job.has_name()) job.set_name("job");
  if (job.name().empty()) return Missing("name", "what reports and output folders call the job");
  if (job.name().size() > 200) {
    return absl::InvalidArgumentError(absl::StrCat("name: ", job.name().size(), " characters must be at most 200"));
  }
  // Each part may look at the ones before it.
  BATON_RETURN_IF_ERROR(ResolveBatch(*job.mutable_batch()));
  BATON_RETURN_IF_ERROR(ResolveModel(job.batch().sequences() / job.batch().micro_batches(), *job.mutable_model()));
  BATON_RETURN_IF_ERROR(ResolveData(job, *job.mutable_data()));
  BATON_RETURN_IF_ERROR(ResolvePipeline(job, *job.mutable_pipeline()));
  BATON_RETURN_IF_ERROR(ResolveRun(job, *job.mutable_run()));
  BATON_RETURN_IF_ERROR(ResolveOptimizer(job, *job.mutable_optimizer()));
  BATON_RETURN_IF_ERROR(ResolveDevices(job, *job.mutable_devices()));
  return job;
}

int64_t NumLayers(const proto::Job& job) {
  const proto::Model& model = job.model();
  if (model.has_gpt2()) return model.gpt2().layers();
  return model.has_mlp() ? model.mlp().sizes_size() - 1 : model.layer_size();
}

int64_t NumFeatures(const proto::Job& job) {
  const proto::Model& model = job.model();
  if (model.has_gpt2()) return 0;
  return model.has_mlp() ? model.mlp().sizes(0) : model.inputs();
}

int64_t NumClasses(const proto::Job& job) {
  const proto::Model& model = job.model();
  if (model.has_gpt2()) return model.gpt2().vocabulary();
  if (model.has_mlp()) return model.mlp().sizes(model.mlp().sizes_size() - 1);
  // Only linear layers change the width; a residual keeps it.
  for (int i = model.layer_size() - 1; i >= 0; --i) {
    if (model.layer(i).has_linear()) return model.layer(i).linear().outputs();
  }
  return model.inputs();
}

int64_t NumChunks(const proto::Job& job) {
  return int64_t{job.pipeline().stages()} * job.pipeline().chunks_per_device();
}

}  // namespace baton
