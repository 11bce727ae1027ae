// `baton train`: runs a job from its first step to its last.
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <iostream>
#include <memory>

#include "base/status.h"
#include "runtime/train/job/load.h"
#include "runtime/train/trainer.h"
#include "tools/baton/commands.h"

namespace baton {
namespace {

struct TrainFlags {
  std::string job;
  std::vector<std::string> overrides;
  std::string output;
};

std::atomic<bool> stop_requested{false};

// The first Ctrl-C ends training after the current step and saves; the second one ends the process.
void RequestStop(int signal) {
  stop_requested = true;
  std::signal(signal, SIG_DFL);
}

absl::Status RunTrain(const TrainFlags& flags) {
  BATON_ASSIGN_OR_RETURN(const proto::Job job, LoadJob(flags.job, flags.overrides));
  std::signal(SIGINT, RequestStop);
  std::signal(SIGTERM, RequestStop);
  TrainerOptions options;
  options.output = flags.output;
  options.log = &std::cout;
  options.terminal = isatty(STDOUT_FILENO) != 0;
  options.stop = &stop_requested;
  return Train(job, options);
}

}  // namespace

void AddTrainCommand(CLI::App& app, CommandAction& action) {
  CLI::App* command = app.add_subcommand("train", "Train a job; shows and keeps what happens");
  auto flags = std::make_shared<TrainFlags>();
  command->add_option("JOB", flags->job, "Job file (protobuf text)")->required();
  command
      ->add_option("--output", flags->output,
                   "Where to put job.textproto, metrics.jsonl, trace.json and "
                   "weights.safetensors (nowhere)")
      ->type_name("DIR");
  command->add_option("--set", flags->overrides, "Override a field, as run.steps=100; may be repeated")
      ->allow_extra_args(false)
      ->type_name("FIELD=VALUE");
  command->footer(R"(Ctrl-C ends training after the current step and saves.

Examples:
  baton train examples/gpt_host.textproto --output runs/gpt
  baton train examples/gpt_host.textproto --set pipeline.schedule=gpipe --set 'pipeline.split.layers=[1, 2, 2, 3]')");
  command->callback([flags, &action] { action = [flags] { return RunTrain(*flags); }; });
}

}  // namespace baton
