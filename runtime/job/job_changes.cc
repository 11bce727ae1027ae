// Walks both messages by reflection. A field that no list below names is one that bits depend on, so that a new field
// is refused until somebody decides.
#include "runtime/job/job_changes.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/status.h"
#include "google/protobuf/text_format.h"
#include "runtime/job/field_names.h"
#include "runtime/job/resolve.h"

namespace baton {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Fields that may differ: they change where and how a step runs, or what is reported, but no bit.
constexpr const char* kFree[] = {
    "name",
    "pipeline",
    "parallel.replicas",
    "parallel.zero",
    "parallel.verify_replicas_every",
    "checkpoint",
    "run.log_every",
    "run.evaluate_at_most",
    "run.evaluate_every",
    "run.on_nonfinite",
    "run.time_limit",
    "devices.count",
    "devices.nodes",
    "devices.intra",
    "devices.inter",
    "devices.per_node",
    "devices.per_process",
    "devices.rates",
    "devices.device",
    "devices.memory_gib",
    "devices.cores",
    "devices.gpus",
    "devices.gpu_overlap",
    // Compared by the contents of the files.
    "data.text",
    "data.tokens",
    "data.images",
    "data.labels",
    "data.format",
    "data.tokenizer",
};

// Fields that --allow-change cannot change.
constexpr const char* kFixed[] = {"model"};

constexpr size_t kLongestValue = 60;

bool IsInside(absl::string_view field, absl::string_view outer) {
  return field == outer || (absl::StartsWith(field, outer) && field[outer.size()] == '.');
}

template <size_t n>
bool IsInsideAny(absl::string_view field, const char* const (&outer)[n]) {
  return std::any_of(outer, outer + n, [&](const char* each) { return IsInside(field, each); });
}

std::string ValueOf(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  if (!field.is_repeated() && !reflection.HasField(message, &field)) return "";
  if (field.is_repeated() || field.message_type() != nullptr) {
    if (field.is_repeated() && reflection.FieldSize(message, &field) == 0) return "";
    std::vector<std::string> items;
    google::protobuf::TextFormat::Printer printer;
    printer.SetSingleLineMode(true);
    const int count = field.is_repeated() ? reflection.FieldSize(message, &field) : 1;
    for (int i = 0; i < count; ++i) {
      std::string item;
      printer.PrintFieldValueToString(message, &field, field.is_repeated() ? i : -1, &item);
      items.push_back(field.message_type() == nullptr ? item : absl::StrCat("{ ", item, "}"));
    }
    return field.is_repeated() ? absl::StrCat("[", absl::StrJoin(items, ", "), "]") : items.front();
  }
  std::string text;
  google::protobuf::TextFormat::PrintFieldValueToString(message, &field, -1, &text);
  return text;
}

void Compare(const std::string& prefix, const Message& before, const Message& after, std::vector<JobChange>& changes) {
  for (int i = 0; i < before.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *before.GetDescriptor()->field(i);
    const std::string name = absl::StrCat(prefix, field.name());
    const Reflection& reflection = *before.GetReflection();
    const bool nested = field.message_type() != nullptr && !field.is_repeated();
    if (nested && reflection.HasField(before, &field) && reflection.HasField(after, &field)) {
      Compare(name + ".", reflection.GetMessage(before, &field), reflection.GetMessage(after, &field), changes);
      continue;
    }
    std::string old_value = ValueOf(before, field), new_value = ValueOf(after, field);
    if (old_value != new_value) changes.push_back({name, std::move(old_value), std::move(new_value)});
  }
}

std::string Shown(const std::string& value) {
  if (value.empty()) return "unset";
  return value.size() <= kLongestValue ? value : value.substr(0, kLongestValue) + "…";
}

absl::Status CheckAllowed(const std::string& path) {
  const google::protobuf::Descriptor* message = proto::Job::descriptor();
  for (const std::string& name : std::vector<std::string>(absl::StrSplit(path, '.'))) {
    const FieldDescriptor* field = message == nullptr ? nullptr : message->FindFieldByName(name);
    if (field == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("--allow-change: a job has no field \"", path, "\"",
                                                     message == nullptr ? "" : SuggestField(*message, name)));
    }
    message = field->is_repeated() ? nullptr : field->message_type();
  }
  if (!IsInsideAny(path, kFixed)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--allow-change: ", path, " cannot change: the state of another model would not fit"));
}

}  // namespace

std::vector<JobChange> CompareJobs(const proto::Job& before, const proto::Job& after) {
  std::vector<JobChange> changes;
  Compare("", before, after, changes);
  return changes;
}

bool IsAllowed(const std::string& field, const std::vector<std::string>& allowed) {
  return std::any_of(allowed.begin(), allowed.end(), [&](const std::string& each) { return IsInside(field, each); });
}

absl::Status CheckJobGoesOn(const proto::Job& saved, const proto::Job& job, const std::vector<std::string>& allowed) {
  for (const std::string& path : allowed) BATON_RETURN_IF_ERROR(CheckAllowed(path));
  // A field that is newer than the checkpoint has its default.
  BATON_ASSIGN_OR_RETURN(const proto::Job before, ResolveJob(saved));
  // The learning rate of a decay depends on the number of steps.
  const bool steps_are_free =
      saved.optimizer().decay() == proto::Optimizer::CONSTANT && job.optimizer().decay() == proto::Optimizer::CONSTANT;
  std::vector<std::string> refused;
  for (const JobChange& change : CompareJobs(before, job)) {
    if (IsInsideAny(change.field, kFree) || (change.field == "run.steps" && steps_are_free)) continue;
    if (IsAllowed(change.field, allowed)) continue;
    const bool is_fixed = IsInsideAny(change.field, kFixed);
    refused.push_back(absl::StrCat(change.field, ": ", Shown(change.after), " must be ", Shown(change.before),
                                   is_fixed ? "" : absl::StrCat(" (or --allow-change=", change.field, ")")));
  }
  if (refused.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(refused, "; "));
}

}  // namespace baton
