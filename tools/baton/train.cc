// `baton train`: runs a job from its first step to its last.
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

#include "base/status.h"
#include "runtime/job/load.h"
#include "runtime/job/order_file.h"
#include "runtime/train/trainer.h"
#include "tools/baton/commands.h"
#include "tools/baton/problem.h"

namespace baton {
namespace {

struct TrainFlags {
  std::string job;
  std::vector<std::string> overrides;
  std::string order;
  std::string costs;
  std::string output;
  bool no_graphs = false;
  std::string trace_file;
};

std::atomic<bool> stop_requested{false};

// The first Ctrl-C ends training after the current step and saves; the second one ends the process.
void RequestStop(int signal) {
  stop_requested = true;
  std::signal(signal, SIG_DFL);
}

// Who read the progress has gone, as in `baton train … | head`: ends and saves likewise, without more to say.
void RequestQuietStop(int signal) {
  stop_requested = true;
  std::signal(signal, SIG_IGN);
}

// Whether lines may be written over.
bool IsTerminal() {
  const char* kind = std::getenv("TERM");
  return isatty(STDOUT_FILENO) != 0 && kind != nullptr && std::string(kind) != "dumb";
}

absl::Status RunTrain(const TrainFlags& flags) {
  std::vector<std::string> overrides = flags.overrides;
  if (!flags.order.empty()) {
    overrides.push_back("pipeline.schedule=csv");
    overrides.push_back(OrderOverride(flags.order));
  }
  BATON_ASSIGN_OR_RETURN(const proto::Job job, LoadJob(flags.job, overrides));
  TrainerOptions options;
  if (!flags.costs.empty()) {
    BATON_ASSIGN_OR_RETURN(options.costs, ReadCostsFile(flags.costs));
  }
  std::signal(SIGINT, RequestStop);
  std::signal(SIGTERM, RequestStop);
  std::signal(SIGPIPE, RequestQuietStop);
  options.output = flags.output;
  options.graphs = !flags.no_graphs;
  options.trace_file = flags.trace_file;
  options.log = &std::cout;
  options.terminal = IsTerminal();
  options.stop = &stop_requested;
  const absl::Status status = Train(job, options);
  // The lines that nobody reads are no failure.
  if (stop_requested) std::cout.clear();
  return status;
}

}  // namespace

void AddTrainCommand(CLI::App& app, CommandAction& action) {
  CLI::App* command = app.add_subcommand("train", "Train a job; shows and keeps what happens");
  auto flags = std::make_shared<TrainFlags>();
  command->add_option("JOB", flags->job, "Job file (protobuf text)")->required();
  command
      ->add_option("--output", flags->output,
                   "Folder for job.textproto, metrics.jsonl, trace.json and weights.safetensors,\n"
                   "made if it is not there; files of an earlier run are replaced (nowhere)")
      ->type_name("DIR");
  command
      ->add_option("--trace", flags->trace_file,
                   "Write the last step, with its prediction, for baton explain and Perfetto")
      ->type_name("FILE");
  command->add_option("--order", flags->order, "Train by an own order, in PyTorch's CSV form; see baton verify")
      ->type_name("FILE");
  command
      ->add_option("--costs", flags->costs,
                   "A table of baton profile, for predictions until a step has been measured (FLOPs)")
      ->type_name("FILE");
  command->add_option("--set", flags->overrides, "Override a field, as run.steps=100; may be repeated")
      ->allow_extra_args(false)
      ->type_name("FIELD=VALUE");
  command->add_flag("--no-graphs", flags->no_graphs,
                    "On CUDA: launch each instruction by itself, which names the one that fails, instead of\n"
                    "recording a step once as a graph");
  command->footer(R"(Ctrl-C ends training after the current step and saves.

Examples:
  baton train examples/gpt_host.textproto --output runs/gpt
  baton train examples/gpt_host.textproto --set pipeline.schedule=gpipe --set 'pipeline.split.layers=[1, 2, 2, 3]')");
  command->callback([flags, &action] { action = [flags] { return RunTrain(*flags); }; });
}

}  // namespace baton
