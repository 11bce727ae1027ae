// `baton evaluate`: the loss of a trained model on given data.
#include <CLI/CLI.hpp>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/format.h"
#include "base/printable.h"
#include "base/status.h"
#include "runtime/inference/evaluator.h"
#include "runtime/inference/trained_job.h"
#include "runtime/job/load.h"
#include "schedules/analyze/report_proto.h"
#include "tools/baton/command_line.h"
#include "tools/baton/commands.h"

namespace baton {
namespace {

struct EvaluateFlags {
  std::string model;
  std::vector<std::string> overrides;
  bool all = false;
  std::string format = "text";
};

// The job of a folder, or of a job file with run.initial_weights.
absl::StatusOr<proto::Job> JobOf(const EvaluateFlags& flags) {
  std::error_code ignored;
  if (std::filesystem::is_directory(flags.model, ignored)) {
    return LoadTrainedJob(flags.model, ModelUse::kEvaluate, flags.overrides,
                          [](const std::string& line) { std::cerr << "baton: " << PrintableLines(line) << "\n"; });
  }
  BATON_ASSIGN_OR_RETURN(proto::Job job, LoadJob(flags.model, flags.overrides));
  if (job.run().initial_weights().empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "run.initial_weights: ", flags.model,
        " names no weights to evaluate; give them by --set run.initial_weights=FILE, or the folder of a run"));
  }
  return job;
}

proto::EvaluateReport ReportOf(const ModelScore& score) {
  proto::EvaluateReport report;
  report.set_loss(score.loss);
  if (score.accuracy.has_value()) {
    report.set_accuracy(*score.accuracy);
  } else {
    report.set_perplexity(std::exp(score.loss));
    report.set_tokens(static_cast<double>(score.sequences) * static_cast<double>(score.tokens));
  }
  report.set_sequences(score.sequences);
  report.set_available_sequences(score.available);
  return report;
}

void Print(const ModelScore& score, bool all) {
  std::cout << "loss " << FormatLoss(score.loss);
  if (score.accuracy.has_value()) {
    std::cout << ", accuracy " << FormatPercent(*score.accuracy);
  } else {
    std::cout << absl::StrFormat(", perplexity %.6g", std::exp(score.loss));
  }
  std::cout << ": " << FormatPlural(score.sequences, score.accuracy.has_value() ? "example" : "sequence");
  if (score.tokens > 0) std::cout << " of " << FormatPlural(score.tokens, "token");
  if (score.sequences < score.available) std::cout << ", the first of " << score.available;
  std::cout << (all ? ", all of the data\n" : ", held out\n");
}

absl::Status RunEvaluate(const EvaluateFlags& flags) {
  BATON_ASSIGN_OR_RETURN(const proto::Job job, JobOf(flags));
  const bool all = flags.all || job.data().held_out() == 0;
  BATON_ASSIGN_OR_RETURN(const ModelScore score,
                         EvaluateModel(job, all ? EvaluatedData::kAll : EvaluatedData::kHeldOut));
  if (flags.format == "text") {
    Print(score, all);
  } else {
    std::cout << ToJson(ReportOf(score));
  }
  return absl::OkStatus();
}

}  // namespace

void AddEvaluateCommand(CLI::App& app, CommandAction& action) {
  CLI::App* command = app.add_subcommand("evaluate", "Measure the loss of a trained model on data");
  auto flags = std::make_shared<EvaluateFlags>();
  command
      ->add_option("MODEL", flags->model,
                   "The output folder of a run, one checkpoint, or a job file with run.initial_weights")
      ->required();
  command->add_flag("--all", flags->all, "All sequences of the data once, not only those that are held out");
  command->add_option("--set", flags->overrides, "Override a field, as data.text=book.txt; may be repeated")
      ->allow_extra_args(false)
      ->type_name("FIELD=VALUE");
  AddFormatFlag(*command, flags->format);
  command->footer(
      R"(Each sequence or example counts once, whatever the batch. Without held-out data (data.held_out: 0) all are taken.
run.evaluate_at_most limits how many. See docs/using_a_model.md.

Examples:
  baton evaluate runs/gpt
  baton evaluate runs/gpt/checkpoints/step-000400 --set data.text=book.txt --all)");
  command->callback([flags, &action] { action = [flags] { return RunEvaluate(*flags); }; });
}

}  // namespace baton
