// Looks at the files that a folder has.
#include "runtime/inference/trained_job.h"

#include <filesystem>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/checkpoint/checkpoint.h"
#include "runtime/checkpoint/checkpoint_folder.h"
#include "runtime/checkpoint/manifest.h"
#include "runtime/job/expand_hugging_face.h"
#include "runtime/job/job_file.h"
#include "runtime/job/overrides.h"
#include "runtime/job/resolve.h"

namespace baton {
namespace {

using Log = std::function<void(const std::string&)>;

bool IsFile(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(path, ignored);
}

absl::StatusOr<std::string> WeightsOfRun(const std::string& folder, const Log& log) {
  const std::string weights = folder + "/weights.safetensors";
  if (IsFile(weights)) return weights;
  std::vector<ListedCheckpoint> all = ListCheckpoints(folder + "/checkpoints");
  for (; !all.empty(); all.pop_back()) {
    const absl::StatusOr<std::unique_ptr<Checkpoint>> checkpoint = Checkpoint::Open(all.back().path);
    const absl::Status sound = checkpoint.ok() ? (*checkpoint)->Verify() : checkpoint.status();
    if (sound.ok()) return all.back().path;
    log(absl::StrCat("checkpoint ", all.back().path, " is not sound: ", sound.message()));
  }
  return absl::NotFoundError(
      absl::StrCat("DIR: ", folder, " has a job, but neither weights.safetensors nor a sound checkpoint"));
}

enum class Kind : int8_t { kNone, kCheckpoint, kRun, kHuggingFace };

Kind KindOf(const std::string& folder) {
  if (IsFile(absl::StrCat(folder, "/", kManifestName))) return Kind::kCheckpoint;
  if (IsFile(folder + "/job.textproto")) return Kind::kRun;
  return IsFile(folder + "/config.json") ? Kind::kHuggingFace : Kind::kNone;
}

// A job needs data, although generation reads none.
constexpr char kNoData[] = "(no data are given)";

proto::Job JobOfHuggingFace(const std::string& folder) {
  proto::Job job;
  job.mutable_model()->set_hugging_face(folder);
  job.mutable_batch()->set_sequences(1);
  job.mutable_run()->set_steps(1);
  return job;
}

// Sets the data that a model from a Hugging Face folder needs and no override gave.
void CompleteData(const std::string& folder, ModelUse use, const proto::Model& model, proto::Data& data) {
  const bool has_tokenizer = IsFile(folder + "/tokenizer.json") || IsFile(folder + "/vocab.json");
  if (data.source_case() == proto::Data::SOURCE_NOT_SET) {
    if (model.has_vit() || model.has_resnet()) {
      data.set_images(kNoData);
      data.set_labels(kNoData);
    } else if (has_tokenizer && !model.has_bert()) {
      data.set_text(kNoData);
    } else {
      data.set_tokens(kNoData);
    }
  }
  if (data.has_text() && data.tokenizer().empty() && has_tokenizer) data.set_tokenizer(folder);
  if (use == ModelUse::kDescribe && model.has_bert() && !data.masking().has_mask_token()) {
    data.mutable_masking()->set_mask_token(0);  // no token is masked
  }
}

absl::Status CheckGenerates(const std::string& folder, const proto::Job& job) {
  const proto::Model& model = job.model();
  if (!model.has_bert() && !model.has_vit() && !model.has_resnet() && !model.has_mlp()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("DIR: ", folder, " has a model of kind ", ModelKindOf(job),
                                                 ", which does not continue text; gpt2, llama and lists of layers "
                                                 "with causal attention do"));
}

absl::StatusOr<proto::Job> StoredJob(const std::string& folder, Kind kind) {
  if (kind == Kind::kHuggingFace) return JobOfHuggingFace(folder);
  if (kind == Kind::kRun) return ReadJob(folder + "/job.textproto");
  BATON_ASSIGN_OR_RETURN(const std::unique_ptr<Checkpoint> checkpoint, Checkpoint::Open(folder));
  return checkpoint->manifest().job();
}

}  // namespace

absl::StatusOr<proto::Job> LoadTrainedJob(const std::string& folder, ModelUse use,
                                          const std::vector<std::string>& overrides, const Log& log) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) {
    return absl::NotFoundError(absl::StrCat("DIR: ", folder, " is not a folder"));
  }
  const Kind kind = KindOf(folder);
  if (kind == Kind::kNone) {
    return absl::NotFoundError(absl::StrCat("DIR: ", folder, " has neither job.textproto, as a run has, nor ",
                                            kManifestName, ", as a checkpoint has, nor config.json"));
  }
  BATON_ASSIGN_OR_RETURN(proto::Job job, StoredJob(folder, kind));
  // So that they follow an override of pipeline.stages. All but `count` are for predictions alone.
  proto::Devices& devices = *job.mutable_devices();
  devices.clear_count();
  devices.clear_nodes();
  devices.clear_per_node();
  devices.clear_intra();
  devices.clear_inter();
  job.mutable_parallel()->clear_tensor();  // the weights are stored as wholes
  for (const std::string& assignment : overrides) BATON_RETURN_IF_ERROR(ApplyOverride(job, assignment));
  BATON_RETURN_IF_ERROR(ExpandHuggingFace(job));
  if (kind == Kind::kHuggingFace) CompleteData(folder, use, job.model(), *job.mutable_data());
  if (use == ModelUse::kGenerate) BATON_RETURN_IF_ERROR(CheckGenerates(folder, job));
  BATON_ASSIGN_OR_RETURN(job, ResolveJob(std::move(job)));
  std::string weights = folder;
  if (kind == Kind::kRun) {
    BATON_ASSIGN_OR_RETURN(weights, WeightsOfRun(folder, log));
  }
  if (kind != Kind::kHuggingFace) job.mutable_run()->set_initial_weights(weights);
  return job;
}

}  // namespace baton
