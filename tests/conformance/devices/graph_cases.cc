// Graphs of steps: recorded once, launched often.
#include <thread>

#include "tests/conformance/devices/conformance_case.h"
#include "tests/conformance/devices/lane.h"

namespace baton {
namespace {

absl::Status LaunchAndAwait(StepGraph& graph) {
  absl::Status status = graph.Launch();
  while (status.ok()) {
    const absl::StatusOr<bool> done = graph.Done();
    if (!done.ok() || *done) return done.status();
    std::this_thread::yield();
  }
  return status;
}

// Device 0 takes a number from shared memory and sends it to device 1.
void RecordTransfers(Context& context, bool timed) {
  MachineUnderTest machine = context.Make(2);
  Lane<> sender(*machine.devices[0]), receiver(*machine.devices[1]);
  const std::unique_ptr<Channel> channel = machine.transport->CreateChannel(0, 1, 1).value();
  const std::unique_ptr<Event> sent = sender.Made(), received = receiver.Made();
  std::unique_ptr<StepGraph> graph;
  {
    Device* const devices[] = {machine.devices[0].get(), machine.devices[1].get()};
    graph = machine.devices[0]->CreateStepGraph(devices, timed).value();
  }
  CONFORM_OK(graph->Begin());
  CONFORM_OK(sender.Set(0, 1));
  CONFORM_OK(channel->Send(*sender.stream, sender.At(0), sizeof(int32_t), *sent, nullptr));
  CONFORM_OK(channel->Receive(*receiver.Bind().stream, receiver.At(0), sizeof(int32_t), *received, nullptr));
  CONFORM_OK(receiver.stream->Wait(*received));
  CONFORM_OK(graph->End());
  std::vector<int32_t> read(1);
  for (const int32_t value : {5, 6, 7}) {
    sender.shared[0] = value;
    CONFORM_OK(LaunchAndAwait(*graph));
    CONFORM_OK(machine.devices[1]->CopyFromArena(reinterpret_cast<std::byte*>(read.data()), receiver.At(0), 4));
    CONFORM(read[0] == value);
  }
  if (timed) CONFORM(received->DoneAt() != 0);
  CONFORM_OK(sender.Set(0, 9));  // streams work as before
  CONFORM(sender.Read(1) == std::vector<int32_t>{9});
}

void Recorded(Context& context) { RecordTransfers(context, false); }
void RecordedTimed(Context& context) { RecordTransfers(context, true); }

void NothingRunsWhileRecording(Context& context) {
  MachineUnderTest machine = context.Make(1);
  Lane<> lane(*machine.devices[0]);
  Device* const devices[] = {machine.devices[0].get()};
  const std::unique_ptr<Event> never = lane.Made();
  const std::unique_ptr<StepGraph> graph = machine.devices[0]->CreateStepGraph(devices, false).value();
  CONFORM_OK(graph->Begin());
  CONFORM_OK(lane.Set(0, 4));
  CONFORM(lane.stream->Wait(*never).code() == absl::StatusCode::kInternal);
  CONFORM_OK(graph->End());
  CONFORM(lane.Read(1) == std::vector<int32_t>{0});
  CONFORM_OK(LaunchAndAwait(*graph));
  CONFORM(lane.Read(1) == std::vector<int32_t>{4});
}

}  // namespace

std::vector<ConformanceCase> GraphCases() {
  return {
      {"a recorded step runs at each launch", Recorded, {Ability::kGraphs}},
      {"a recorded step runs at each launch, timed", RecordedTimed, {Ability::kGraphs}},
      {"nothing runs while a step is recorded, and no wait for what comes later is",
       NothingRunsWhileRecording,
       {Ability::kGraphs}},
  };
}

}  // namespace baton
