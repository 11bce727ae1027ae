// Streams and events: order, times, waiting and cancelling.
#include <atomic>
#include <chrono>
#include <thread>

#include "runtime/device/clock.h"
#include "tests/conformance/devices/conformance_case.h"
#include "tests/conformance/devices/lane.h"

namespace baton {
namespace {

void WorkRunsInOrder(Context& context) {
  MachineUnderTest machine = context.Make(1);
  Lane<> lane(*machine.devices[0]);
  const std::unique_ptr<Stream> second = machine.devices[0]->CreateStream().value();
  const std::unique_ptr<Event> copied = lane.Made();
  for (int n = 0; n < 8; ++n) CONFORM_OK(lane.Set(n, -1));
  CONFORM_OK(lane.Set(0, 5));
  CONFORM_OK(lane.stream->Record(*copied));
  CONFORM_OK(second->Wait(*copied));
  CONFORM_OK(second->Zero(lane.At(1), 7 * sizeof(int32_t)));
  CONFORM_OK(second->Synchronize());
  CONFORM(copied->Done());
  CONFORM(lane.Read(8) == std::vector<int32_t>({5, 0, 0, 0, 0, 0, 0, 0}));
}

void EventsAreDoneOnceAReset(Context& context) {
  MachineUnderTest machine = context.Make(1);
  Lane<> lane(*machine.devices[0]);
  const std::unique_ptr<Event> event = lane.Made();
  CONFORM(!event->Posted());
  CONFORM(!event->Done());
  const Nanos before = SteadyNow() - context.kind().clock_slack_ns;
  CONFORM_OK(machine.devices[0]->SetClock());
  for (int round = 0; round < 2; ++round) {
    event->Reset();
    CONFORM(!event->Posted());
    CONFORM(!event->Done());
    CONFORM_OK(lane.Set(0, round));
    CONFORM_OK(lane.stream->Record(*event));
    CONFORM(event->Posted());
    CONFORM_OK(lane.stream->Wait(*event));  // does not block
    CONFORM_OK(lane.stream->Synchronize());
    CONFORM(event->Done());
    CONFORM(event->DoneAt() >= before);
    CONFORM(event->DoneAt() <= SteadyNow() + context.kind().clock_slack_ns);
  }
}

void WaitsBlockUntilPosted(Context& context) {
  MachineUnderTest machine = context.Make(1);
  Lane<> lane(*machine.devices[0]);
  const std::unique_ptr<Stream> second = machine.devices[0]->CreateStream().value();
  const std::unique_ptr<Event> event = lane.Made();
  for (int round = 0; round < 20; ++round) {
    event->Reset();
    absl::Status posted;
    std::thread poster([&] {
      if (round % 4 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      posted = lane.Set(0, round);
      if (posted.ok()) posted = lane.stream->Record(*event);
    });
    machine.devices[0]->BindWorkerThread().IgnoreError();
    const absl::Status waited = second->Wait(*event);
    poster.join();
    CONFORM_OK(posted);
    CONFORM_OK(waited);
    CONFORM_OK(second->Zero(lane.At(1), sizeof(int32_t)));
    CONFORM_OK(second->Synchronize());
    CONFORM(event->Done());
    CONFORM(lane.Read(1) == std::vector<int32_t>{round});
  }
}

void CancelWakesWaits(Context& context) {
  MachineUnderTest machine = context.Make(1);
  Lane<> lane(*machine.devices[0]);
  const std::unique_ptr<Event> never = lane.Made(), done = lane.Made();
  CONFORM_OK(lane.stream->Record(*done));
  CONFORM_OK(lane.stream->Synchronize());
  std::atomic<bool> waits{false};
  absl::Status status;
  std::thread worker([&] {
    lane.Bind();
    waits.store(true);
    status = lane.stream->Wait(*never);
  });
  while (!waits.load()) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  lane.device.Cancel();
  worker.join();
  CONFORM(status.code() == absl::StatusCode::kCancelled);
  CONFORM(lane.stream->Wait(*never).code() == absl::StatusCode::kCancelled);
  CONFORM(lane.stream->Wait(*done).ok());  // needs no waiting
  lane.device.Resume();
  CONFORM_OK(lane.Set(0, 3));
  CONFORM_OK(lane.stream->Synchronize());
  CONFORM(lane.Read(1) == std::vector<int32_t>{3});
}

void ResumeWaitsForEnqueuedWork(Context& context) {
  MachineUnderTest machine = context.Make(1);
  Lane<> lane(*machine.devices[0]);
  for (int n = 0; n < 200; ++n) CONFORM_OK(lane.Set(n, n + 1));
  lane.device.Cancel();
  const absl::Status status = lane.stream->Synchronize();
  CONFORM((status.ok() || status.code() == absl::StatusCode::kCancelled));
  lane.device.Resume();
  std::vector<int32_t> read(200), expected;
  CONFORM_OK(lane.device.CopyFromArena(reinterpret_cast<std::byte*>(read.data()), lane.At(0), 200 * sizeof(int32_t)));
  for (int n = 0; n < 200; ++n) expected.push_back(n + 1);
  CONFORM(read == expected);
}

void ProfilersRangesAreHarmless(Context& context) {
  MachineUnderTest machine = context.Make(1);
  Lane<> lane(*machine.devices[0]);
  lane.stream->PushRange("Forward chunk 0 micro-batch 0");
  CONFORM_OK(lane.Set(0, 1));
  lane.stream->PopRange();
  CONFORM(lane.Read(1) == std::vector<int32_t>{1});
}

}  // namespace

std::vector<ConformanceCase> StreamCases() {
  return {
      {"work runs in the order of streams and events", WorkRunsInOrder},
      {"an event is done once after each reset, on the host's clock", EventsAreDoneOnceAReset},
      {"a wait blocks until another thread posts the event", WaitsBlockUntilPosted},
      {"cancelling wakes a wait without end, until resumed", CancelWakesWaits},
      {"resuming waits for enqueued work", ResumeWaitsForEnqueuedWork},
      {"a profiler's ranges do not change work", ProfilersRangesAreHarmless},
  };
}

}  // namespace baton
