// Recording a step as a graph, by one thread that walks all workers (with followers by one thread each, in turns), and
// launching it without them.
//
//   launching thread   Record   device 0: F0 ─ device 0: Send 0 ─ device 1: Recv 0 ─ device 0: F1 ─ device 1: F0 …
//                      Run      launch ─ meanwhile ─ poll until done
#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/device/clock.h"
#include "runtime/execute/executor.h"

namespace baton {
namespace {

// Polls this often in a step, so that its end is noticed at most this fraction too late.
constexpr Nanos kPollsPerStep = 512;
constexpr Nanos kLongestNap = 200'000;
// A shorter sleep would overrun.
constexpr Nanos kShortestNap = 20'000;

// Among the workers that can go on, the one whose next instruction starts first in `order`; null if none can.
Worker* NextWorker(absl::Span<const std::unique_ptr<Worker>> workers, const Trace& order) {
  Worker* next = nullptr;
  Nanos earliest = 0;
  for (size_t device = 0; device < workers.size(); ++device) {
    if (workers[device] == nullptr) continue;
    Worker& worker = *workers[device];
    if (worker.AllIssued() || !worker.CanAdvance()) continue;
    const Nanos start = order.devices[device][worker.Next()].start;
    if (next != nullptr && start >= earliest) continue;
    next = &worker;
    earliest = start;
  }
  return next;
}

absl::Status WalkAll(absl::Span<const std::unique_ptr<Worker>> workers, const Trace& order) {
  for (const std::unique_ptr<Worker>& worker : workers) {
    if (worker != nullptr) worker->BeginStep();
  }
  Worker* last = nullptr;
  while (Worker* worker = NextWorker(workers, order)) {
    if (worker != last) BATON_RETURN_IF_ERROR(worker->device().BindWorkerThread());
    last = worker;
    BATON_RETURN_IF_ERROR(worker->Advance());
  }
  for (const std::unique_ptr<Worker>& worker : workers) {
    if (worker != nullptr && !worker->AllIssued())
      return absl::InternalError("no device can go on: the program was not proven free of deadlocks");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Executor::CheckRecordable(ProgramHandle program, const Trace& order, std::vector<Device*>& own) const {
  BATON_ASSIGN_OR_RETURN(const LoadedProgram* loaded, Find(program));
  if (first_error_.is_set()) return first_error_.status();
  if (order.devices.size() != loaded->workers.size()) {
    return absl::InternalError(
        absl::StrCat("a trace of ", order.devices.size(), " devices orders a step of ", loaded->workers.size()));
  }
  for (size_t device = 0; device < order.devices.size(); ++device) {
    if (options_.devices[device] == nullptr) continue;
    own.push_back(options_.devices[device]);
    if (order.devices[device].size() != loaded->program->devices[device].instructions.size()) {
      return absl::InternalError(absl::StrCat("a trace of another program orders a step of device ", device));
    }
  }
  return absl::OkStatus();
}

absl::Status Executor::Walk(ProgramHandle program, const Trace& order) {
  return WalkAll(programs_[program.index]->workers, order);
}

absl::Status Executor::WalkTogether(ProgramHandle program, const Trace& order) {
  const auto walk = [&](Executor& executor) {
    options_.turns->Take();
    // An error wakes those that wait for this one.
    if (absl::Status status = executor.Walk(program, order); !status.ok()) executor.first_error_.Set(status);
    options_.turns->Give();
  };
  options_.turns->Begin();
  std::vector<std::thread> threads;
  for (Executor* follower : options_.followers) threads.emplace_back([&walk, follower] { walk(*follower); });
  walk(*this);
  for (std::thread& thread : threads) thread.join();
  options_.turns->End();
  if (first_error_.is_set()) return first_error_.status();
  for (const Executor* follower : options_.followers) {
    if (follower->first_error_.is_set()) return follower->first_error_.status();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<RecordedStep>> Executor::RecordStep(ProgramHandle program, const Trace& order,
                                                                   bool timed) {
  const bool leads = !options_.followers.empty();
  if (leads && options_.turns == nullptr) {
    return absl::UnimplementedError("steps of executors with followers cannot be recorded without turns");
  }
  std::vector<Device*> own;
  BATON_RETURN_IF_ERROR(CheckRecordable(program, order, own));
  const bool is_alone = own.size() == order.devices.size();
  for (const Executor* follower : options_.followers) {
    BATON_RETURN_IF_ERROR(follower->CheckRecordable(program, order, own));
  }
  auto step = std::make_unique<RecordedStep>();
  step->program = program;
  step->timed = timed;
  BATON_ASSIGN_OR_RETURN(step->graph, own[0]->CreateStepGraph(own, timed));
  BATON_RETURN_IF_ERROR(step->graph->Begin());
  absl::Status status = leads ? WalkTogether(program, order) : Walk(program, order);
  const absl::Status ended = step->graph->End();
  status.Update(ended);
  if (status.ok()) return step;
  if (!is_alone || leads) {
    // The step ends in all processes and for all followers. Transfers to other processes cannot be taken back while
    // other recorded steps exist.
    first_error_.Set(status);
    return first_error_.status();
  }
  Reset();  // clears transfers that were posted and not matched
  return status;
}

absl::Status Executor::RunRecorded(RecordedStep& step, Trace* trace, const std::function<void()>& meanwhile) {
  BATON_ASSIGN_OR_RETURN(LoadedProgram * loaded, Find(step.program));
  if (first_error_.is_set()) return first_error_.status();
  if (trace != nullptr && !step.timed) return absl::InvalidArgumentError("trace: the step was not recorded timed");
  BATON_RETURN_IF_ERROR(PrepareTrace(*loaded->program, trace));
  const Nanos step_start = step_start_ = SteadyNow();
  SetRunsRecorded(true);
  const absl::Status status = RunGraph(*step.graph, meanwhile);
  SetRunsRecorded(false);
  if (!status.ok()) {
    first_error_.Set(absl::Status(status.code(), absl::StrCat("a step launched as one graph: ", status.message(),
                                                              "; with --no-graphs the instruction is named")));
    return first_error_.status();
  }
  if (trace == nullptr) return status;
  for (size_t device = 0; device < loaded->workers.size(); ++device) {
    if (loaded->workers[device] != nullptr) loaded->workers[device]->FillIntervals(step_start, trace->devices[device]);
  }
  return status;
}

void Executor::SetRunsRecorded(bool runs) {
  MutexLock lock(&mutex_);
  runs_recorded_ = runs;
  if (!runs) ++num_steps_;
}

absl::Status Executor::RunGraph(StepGraph& graph, const std::function<void()>& meanwhile) {
  BATON_RETURN_IF_ERROR(graph.Launch());
  if (meanwhile) meanwhile();
  return AwaitGraph(graph);
}

absl::Status Executor::AwaitGraph(StepGraph& graph) {
  const Nanos start = SteadyNow();
  for (;;) {
    BATON_ASSIGN_OR_RETURN(const bool done, graph.Done());
    if (done) return absl::OkStatus();
    if (first_error_.is_set()) return first_error_.status();  // of another process, which this graph may wait for
    const Nanos elapsed = SteadyNow() - start;
    if (elapsed > options_.watchdog_timeout_ms * 1'000'000) {
      return absl::DeadlineExceededError(absl::StrCat("not done after ", options_.watchdog_timeout_ms, " ms"));
    }
    const Nanos nap = std::min(elapsed / kPollsPerStep, kLongestNap);
    if (nap < kShortestNap) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::nanoseconds(nap));
    }
  }
}

}  // namespace baton
