// `baton train`: runs a job from its first step to its last.
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/content_hash.h"
#include "base/read_file.h"
#include "base/status.h"
#include "base/terminal.h"
#include "runtime/job/load.h"
#include "runtime/job/order_file.h"
#include "runtime/process/environment.h"
#include "runtime/process/run_member.h"
#include "runtime/process/world.h"
#include "runtime/train/schedule_table.h"
#include "runtime/train/trainer.h"
#include "tools/baton/commands.h"
#include "tools/baton/link_flags.h"
#include "tools/baton/problem_flags.h"

namespace baton {
namespace {

struct TrainFlags {
  std::string job;
  std::vector<std::string> overrides;
  std::string order;
  std::string costs;
  std::string link_table;
  std::string output;
  std::string resume;
  std::vector<std::string> allow_changes;
  bool no_graphs = false;
  bool no_weights = false;
  bool print_schedule = false;
  std::string trace_file;
};

constexpr size_t kMostJobBytes = size_t{64} << 20;

// The width of a terminal that does not say its own.
constexpr int kUnknownColumns = 80;

std::atomic<bool> stop_requested{false};

// The first Ctrl-C ends training within an instruction and saves; the second one ends the process.
void RequestStop(int signal) {
  stop_requested = true;
  std::signal(signal, SIG_DFL);
}

std::atomic<bool> reader_has_gone{false};

// SIGPIPE: standard output has no reader any more, as in `baton train … | head`. Training goes on without it.
void GoOnUnread(int signal) {
  static constexpr char kNote[] = "baton: standard output has no reader any more; training goes on\n";
  (void)!write(STDERR_FILENO, kNote, sizeof(kNote) - 1);
  reader_has_gone = true;
  std::signal(signal, SIG_IGN);
}

// A terminal that closes ends training like SIGTERM, unless nohup has seen to it that the signal is ignored.
void StopOnHangUp() {
  if (std::signal(SIGHUP, RequestStop) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);
}

absl::StatusOr<ResumeRequest> ResumeOf(const TrainFlags& flags) {
  if (flags.resume == kNewest && flags.output.empty()) {
    return absl::InvalidArgumentError("--resume needs --output, the folder of the run, or --resume=CHECKPOINT");
  }
  if (flags.resume.empty() && !flags.allow_changes.empty()) {
    return absl::InvalidArgumentError("--allow-change needs --resume");
  }
  return ResumeRequest{flags.resume, flags.allow_changes};
}

absl::StatusOr<proto::Job> LoadJobOf(const TrainFlags& flags) {
  std::vector<std::string> overrides = flags.overrides;
  if (!flags.order.empty()) {
    overrides.push_back("pipeline.schedule=csv");
    overrides.push_back(OrderOverride(flags.order));
  }
  return LoadJob(flags.job, overrides);
}

// Rank 0 reads the job; the others get it resolved, since what they would make of it may depend on their machine.
absl::StatusOr<proto::Job> ShareJob(Control& control, const TrainFlags& flags) {
  proto::Job job;
  if (control.rank() == 0) {
    BATON_ASSIGN_OR_RETURN(job, LoadJobOf(flags));
  }
  BATON_ASSIGN_OR_RETURN(const std::string bytes, control.Broadcast(job.SerializeAsString()));
  if (!job.ParseFromString(bytes)) return absl::InternalError("rank 0 sent a job that cannot be read");
  return job;
}

// The hash of everything on the command line that all processes must have in common.
std::string HashOfCommand(const TrainFlags& flags) {
  ContentHash hash;
  const auto add = [&](const std::string& text) { hash.Add(absl::StrCat(text.size(), " ", text)); };
  for (const std::string& file : {flags.job, flags.order}) {
    // Standard input can be read once. A file that cannot be read is rank 0's error.
    const bool is_file = !file.empty() && file != kStandardInput;
    add(is_file ? ReadFile("file", file, kMostJobBytes).value_or("") : "");
  }
  for (const std::string& assignment : flags.overrides) add(assignment);
  add(flags.resume);
  for (const std::string& field : flags.allow_changes) add(field);
  add(absl::StrCat(flags.no_graphs, flags.no_weights));
  return hash.Hex();
}

absl::Status TrainIn(Control& control, const TrainFlags& flags) {
  BATON_ASSIGN_OR_RETURN(const proto::Job job, ShareJob(control, flags));
  TrainerOptions options;
  options.control = &control;
  if (!flags.costs.empty() && control.rank() == 0) {
    BATON_ASSIGN_OR_RETURN(options.costs, ReadCostsFile(flags.costs));
  }
  if (!flags.link_table.empty() && control.rank() == 0) {
    BATON_ASSIGN_OR_RETURN(options.links, ReadLinkTableFile(flags.link_table));
  }
  std::signal(SIGINT, RequestStop);
  std::signal(SIGTERM, RequestStop);
  StopOnHangUp();
  std::signal(SIGPIPE, GoOnUnread);
  options.output = flags.output;
  BATON_ASSIGN_OR_RETURN(options.resume, ResumeOf(flags));
  options.graphs = !flags.no_graphs;
  options.weights = !flags.no_weights;
  options.trace_file = flags.trace_file;
  options.log = &std::cout;
  if (CanOverwrite(STDOUT_FILENO)) options.columns = [] { return ColumnsOf(STDOUT_FILENO, kUnknownColumns); };
  options.stop = &stop_requested;
  const absl::Status status = Train(job, options);
  // A write that failed because the reader has gone is no failure.
  if (reader_has_gone) std::cout.clear();
  return status;
}

absl::Status RunTrain(const TrainFlags& flags) {
  if (flags.print_schedule) {
    BATON_ASSIGN_OR_RETURN(const proto::Job job, LoadJobOf(flags));
    std::cout << DescribeSchedule(job);
    return absl::OkStatus();
  }
  BATON_ASSIGN_OR_RETURN(const World world, FindWorld(Environment::OfProcess()));
  proto::Hello hello;
  if (world.size > 1) {
    hello = HelloOf(world, kVersion);
    hello.set_job_hash(HashOfCommand(flags));
  }
  const auto log = [](const std::string& line) { std::cout << line << std::endl; };
  const MemberEnd end = RunMember(world, hello, log, [&flags](Control& control) { return TrainIn(control, flags); });
  return end.is_silent ? ExitSilently(end.status) : end.status;
}

}  // namespace

void AddTrainCommand(CLI::App& app, CommandAction& action) {
  CLI::App* command = app.add_subcommand("train", "Train a job; prints progress, writes metrics, a trace and weights");
  auto flags = std::make_shared<TrainFlags>();
  command->add_option("JOB", flags->job, "Job file (protobuf text)")->required();
  command
      ->add_option("--output", flags->output,
                   "Folder for job.textproto, metrics.jsonl, trace.json, weights.safetensors and checkpoints.\n"
                   "It is created if missing; without --resume files of an earlier run are moved to\n"
                   "DIR/previous-1, -2, … (none)")
      ->type_name("DIR");
  command->add_flag(absl::StrCat("--resume{", kNewest, "}"), flags->resume,
                    "Go on from the newest sound checkpoint in DIR, or, as --resume=CHECKPOINT, from that one.\n"
                    "The bits are those of a run that was never stopped, also with other stages, split,\n"
                    "schedule or devices. Without a checkpoint in DIR training begins at step 1");
  command
      ->add_option("--allow-change", flags->allow_changes,
                   "A field in which the job may differ from the checkpoint's although bits depend on it, as\n"
                   "optimizer.adamw.learning_rate; may be repeated")
      ->allow_extra_args(false)
      ->type_name("FIELD");
  command
      ->add_option("--trace", flags->trace_file,
                   "Write the trace of the last step, with its prediction, for baton explain and Perfetto")
      ->type_name("FILE");
  command
      ->add_option("--order", flags->order, "Train by your own compute order, in PyTorch's CSV form; see baton verify")
      ->type_name("FILE");
  command
      ->add_option("--costs", flags->costs,
                   "Table of baton profile, for predictions until a step has been measured (FLOPs)")
      ->type_name("FILE");
  AddLinkTableFlag(*command, flags->link_table);
  command->add_option("--set", flags->overrides, "Override a field, as run.steps=100; may be repeated")
      ->allow_extra_args(false)
      ->type_name("FIELD=VALUE");
  command->add_flag("--print-schedule", flags->print_schedule,
                    "Print the learning rate and the batch of some steps, first to last; do not train");
  command->add_flag("--no-weights", flags->no_weights, "Do not write weights.safetensors, for benchmarks");
  command->add_flag("--no-graphs", flags->no_graphs,
                    "CUDA: launch each instruction by itself instead of recording a step as a graph once;\n"
                    "errors then name their instruction");
  command->footer(
      R"(Ctrl-C, SIGTERM and SIGHUP end training within an instruction (CUDA: after the step), run.time_limit after a step.
They save a checkpoint of the last whole step. The exit status is then 75, and --resume goes on.
See docs/checkpoints.md. As one of several processes, started by baton launch, torchrun, srun or mpirun, it trains its
part of the devices; all processes need the same command line and data, and --output on a file system that they share.
See docs/distributed.md.

Examples:
  baton train examples/gpt_host.textproto --output runs/gpt
  baton train examples/gpt_host.textproto --output runs/gpt --set 'checkpoint={every: 50}' --resume
  baton launch -n 4 -- train examples/gpt_host.textproto --output runs/gpt
  baton train examples/gpt_host.textproto --set pipeline.schedule=gpipe --set 'pipeline.split.layers=[1, 2, 2, 3]')");
  command->callback([flags, &action] { action = [flags] { return RunTrain(*flags); }; });
}

}  // namespace baton
