// The parts of a job in the order in which each may depend on the ones before it. Batch and run are resolved here, the
// larger parts in files of their own.
#include "runtime/job/resolve.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/printable.h"
#include "base/status.h"
#include "runtime/job/batch_ramp.h"
#include "runtime/job/expand_hugging_face.h"
#include "runtime/job/limits.h"
#include "runtime/job/resolve_data.h"
#include "runtime/job/resolve_devices.h"
#include "runtime/job/resolve_model.h"
#include "runtime/job/resolve_optimizer.h"
#include "runtime/job/resolve_parallel.h"
#include "runtime/job/resolve_pipeline.h"

namespace baton {
namespace {

// OK if every string in `message`, whose path begins with `path`, is UTF-8.
absl::Status CheckStrings(const google::protobuf::Message& message, const std::string& path) {
  using google::protobuf::FieldDescriptor;
  const auto& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const std::string here = absl::StrCat(path, field->name(), field->is_repeated() ? absl::StrCat("[", i, "]") : "");
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        BATON_RETURN_IF_ERROR(CheckStrings(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                                                : reflection.GetMessage(message, field),
                                           here + "."));
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        const std::string text = field->is_repeated() ? reflection.GetRepeatedString(message, field, i)
                                                      : reflection.GetString(message, field);
        if (!IsUtf8(text))
          return absl::InvalidArgumentError(absl::StrCat(here, ": \"", Printable(text), "\" is not UTF-8"));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status ResolveBatch(proto::Batch& batch) {
  FillInSequences(batch);
  if (!batch.has_sequences()) return Missing("batch.sequences", "the sequences or examples of one optimizer step");
  if (!batch.has_micro_batches()) batch.set_micro_batches(1);
  BATON_RETURN_IF_ERROR(CheckRange("batch.sequences", batch.sequences(), 1, 1 << 20));
  BATON_RETURN_IF_ERROR(CheckRange("batch.micro_batches", batch.micro_batches(), 1, 65536));
  if (batch.sequences() % batch.micro_batches() != 0) {
    return absl::InvalidArgumentError(absl::StrCat("batch.micro_batches: ", batch.micro_batches(),
                                                   " does not divide batch.sequences: ", batch.sequences()));
  }
  return batch.has_ramp() ? ResolveRamp(batch, *batch.mutable_ramp()) : absl::OkStatus();
}

constexpr double kMostSeconds = 365 * 86400;

absl::Status ResolveCheckpoint(proto::Checkpoint& checkpoint) {
  if (!checkpoint.has_every()) checkpoint.set_every(0);
  if (!checkpoint.has_seconds()) checkpoint.set_seconds(0);
  if (!checkpoint.has_keep()) checkpoint.set_keep(3);
  if (!checkpoint.has_keep_every()) checkpoint.set_keep_every(0);
  BATON_RETURN_IF_ERROR(CheckRange("checkpoint.every", checkpoint.every(), 0, 1'000'000'000));
  BATON_RETURN_IF_ERROR(CheckReal("checkpoint.seconds", checkpoint.seconds(), 0, kMostSeconds));
  BATON_RETURN_IF_ERROR(CheckRange("checkpoint.keep", checkpoint.keep(), 0, 1'000'000'000));
  return CheckRange("checkpoint.keep_every", checkpoint.keep_every(), 0, 1'000'000'000);
}

absl::Status ResolveRun(const proto::Job& job, proto::Run& run) {
  if (!run.has_steps()) return Missing("run.steps", "the number of optimizer steps");
  if (!run.has_seed()) run.set_seed(1);
  if (!run.has_log_every()) run.set_log_every(10);
  if (!run.has_evaluate_every()) run.set_evaluate_every(0);
  if (!run.has_initial_weights()) run.set_initial_weights("");
  if (!run.has_time_limit()) run.set_time_limit(0);
  if (!run.has_evaluate_at_most()) run.set_evaluate_at_most(0);
  BATON_RETURN_IF_ERROR(CheckRange("run.evaluate_at_most", run.evaluate_at_most(), 0, 1'000'000'000'000));
  if (!run.has_on_nonfinite()) run.set_on_nonfinite(proto::Run::STOP);
  BATON_RETURN_IF_ERROR(CheckEnum<proto::Run::OnNonfinite>("run.on_nonfinite", run.on_nonfinite()));
  BATON_RETURN_IF_ERROR(CheckRange("run.steps", run.steps(), 1, 1'000'000'000));
  BATON_RETURN_IF_ERROR(CheckRange("run.log_every", run.log_every(), 1, 1'000'000'000));
  BATON_RETURN_IF_ERROR(CheckReal("run.time_limit", run.time_limit(), 0, kMostSeconds));
  BATON_RETURN_IF_ERROR(CheckRange("run.evaluate_every", run.evaluate_every(), 0, 1'000'000'000));
  if (run.evaluate_every() == 0 || job.data().held_out() > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("run.evaluate_every: ", run.evaluate_every(), " needs data.held_out above 0"));
}

}  // namespace

absl::StatusOr<proto::Job> ResolveJob(proto::Job job) {
  BATON_RETURN_IF_ERROR(CheckStrings(job, ""));
  if (!job.has_name()) job.set_name("job");
  if (job.name().empty()) return Missing("name", "the job's name in reports and output folders");
  if (job.name().size() > 200) {
    return absl::InvalidArgumentError(absl::StrCat("name: ", job.name().size(), " characters must be at most 200"));
  }
  BATON_RETURN_IF_ERROR(ResolveBatch(*job.mutable_batch()));
  BATON_RETURN_IF_ERROR(ExpandHuggingFace(job));
  BATON_RETURN_IF_ERROR(ResolveModel(job, *job.mutable_model()));
  BATON_RETURN_IF_ERROR(ResolveData(job, *job.mutable_data()));
  BATON_RETURN_IF_ERROR(ResolvePipeline(job, *job.mutable_pipeline()));
  BATON_RETURN_IF_ERROR(ResolveParallel(*job.mutable_batch(), *job.mutable_parallel()));
  BATON_RETURN_IF_ERROR(ResolveRun(job, *job.mutable_run()));
  BATON_RETURN_IF_ERROR(ResolveOptimizer(*job.mutable_optimizer()));
  BATON_RETURN_IF_ERROR(ResolveDevices(job, *job.mutable_devices()));
  BATON_RETURN_IF_ERROR(ResolveCheckpoint(*job.mutable_checkpoint()));
  return job;
}

}  // namespace baton
