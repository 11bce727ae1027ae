// Channels: matching, order, sizes, capacity and threads.
#include <thread>

#include "tests/conformance/devices/conformance_case.h"
#include "tests/conformance/devices/lane.h"

namespace baton {
namespace {

constexpr Bytes kOne = sizeof(int32_t);

// Two devices and a channel from the first to the second. The channel is destroyed first.
struct Pair {
  Pair(Context& context, int capacity)
      : machine(context.Make(2)),
        sender(*machine.devices[0]),
        receiver(*machine.devices[1]),
        channel(machine.transport->CreateChannel(0, 1, capacity).value()) {}

  absl::Status Send(int n, Event& done, Event* started = nullptr, Bytes bytes = kOne) {
    return channel->Send(*sender.Bind().stream, sender.At(n), bytes, done, started);
  }
  absl::Status Receive(int n, Event& done, Event* started = nullptr, Bytes bytes = kOne) {
    return channel->Receive(*receiver.Bind().stream, receiver.At(n), bytes, done, started);
  }

  MachineUnderTest machine;
  Lane<> sender, receiver;
  std::unique_ptr<Channel> channel;
};

// Both sides have work before and after the transfers; the side that begins posts all before the other posts any.
void MatchInOrder(Context& context, bool send_first) {
  constexpr int kTransfers = 3;
  Pair pair(context, kTransfers);
  std::vector<std::unique_ptr<Event>> sent, received, send_started, receive_started;
  for (int i = 0; i < kTransfers; ++i) {
    sent.push_back(pair.sender.Made());
    send_started.push_back(pair.sender.Made());
    received.push_back(pair.receiver.Made());
    receive_started.push_back(pair.receiver.Made());
  }
  for (const bool sends : {send_first, !send_first}) {
    for (int i = 0; i < kTransfers; ++i) {
      // Much earlier work, so that a transfer that does not wait for it overtakes it.
      for (int k = 0; k < 8; ++k) CONFORM_OK((sends ? pair.sender : pair.receiver).Set(i, -k));
      if (sends) CONFORM_OK(pair.sender.Set(i, 11 * (i + 1)));
      CONFORM_OK(sends ? pair.Send(i, *sent[i], send_started[i].get())
                       : pair.Receive(i, *received[i], receive_started[i].get()));
      if (sends == send_first) CONFORM(!(sends ? sent[i] : received[i])->Done());
    }
  }
  for (int i = 0; i < kTransfers; ++i) {
    CONFORM_OK(pair.sender.Bind().stream->Wait(*sent[i]));
    CONFORM_OK(pair.receiver.Bind().stream->Wait(*received[i]));
  }
  CONFORM_OK(pair.sender.Set(0, 99));  // may not overtake the transfer
  CONFORM(pair.sender.Read(1) == std::vector<int32_t>{99});
  CONFORM(pair.receiver.Read(kTransfers) == std::vector<int32_t>({11, 22, 33}));
  for (int i = 0; i < kTransfers; ++i) {
    CONFORM(sent[i]->Done());
    CONFORM(received[i]->Done());
    CONFORM(receive_started[i]->Done());
    CONFORM(sent[i]->DoneAt() >= send_started[i]->DoneAt());
    CONFORM(received[i]->DoneAt() >= receive_started[i]->DoneAt());
    if (context.kind().clock_slack_ns == 0) {
      CONFORM(send_started[i]->DoneAt() == receive_started[i]->DoneAt());
      CONFORM(sent[i]->DoneAt() == received[i]->DoneAt());
    }
  }
}

void SendersFirst(Context& context) { MatchInOrder(context, true); }
void ReceiversFirst(Context& context) { MatchInOrder(context, false); }

void NothingIsPostedAlone(Context& context) {
  Pair pair(context, 2);
  const std::unique_ptr<Event> sent = pair.sender.Made(), send_started = pair.sender.Made();
  CONFORM_OK(pair.Send(0, *sent, send_started.get()));
  CONFORM(!sent->Posted());
  CONFORM(!send_started->Posted());
  const std::unique_ptr<Event> received = pair.receiver.Made();
  CONFORM_OK(pair.Receive(0, *received));
  CONFORM(context.Soon([&] { return sent->Posted() && send_started->Posted() && received->Posted(); }));
}

void EmptyTransfers(Context& context) {
  Pair pair(context, 1);
  const std::unique_ptr<Event> sent = pair.sender.Made(), received = pair.receiver.Made();
  CONFORM_OK(pair.channel->Receive(*pair.receiver.Bind().stream, nullptr, 0, *received, nullptr));
  CONFORM_OK(pair.channel->Send(*pair.sender.Bind().stream, nullptr, 0, *sent, nullptr));
  CONFORM_OK(pair.receiver.Bind().stream->Wait(*received));
  CONFORM_OK(pair.receiver.stream->Synchronize());
  CONFORM(received->Done());
}

void SizesMustAgree(Context& context) {
  Pair pair(context, 1);
  const ReportedError reported(*pair.machine.transport);
  const std::unique_ptr<Event> sent = pair.sender.Made(), received = pair.receiver.Made();
  CONFORM_OK(pair.Send(0, *sent));
  const absl::StatusCode code = pair.Receive(0, *received, nullptr, 2 * kOne).code();
  const auto is_internal = [&] {
    return (code == absl::StatusCode::kOk ? reported.code() : code) == absl::StatusCode::kInternal;
  };
  CONFORM(context.Soon(is_internal));
  CONFORM(!received->Done());
}

void CapacityIsKept(Context& context) {
  Pair pair(context, 1);
  const std::unique_ptr<Event> first = pair.sender.Made(), second = pair.sender.Made();
  CONFORM_OK(pair.Send(0, *first));
  CONFORM(pair.Send(1, *second).code() == absl::StatusCode::kInternal);
  pair.channel->Reset();
  CONFORM(pair.Send(1, *second).ok());
}

void ResetClearsUnmatched(Context& context) {
  Pair pair(context, 2);
  CONFORM_OK(pair.sender.Set(0, 1));
  CONFORM_OK(pair.sender.Set(1, 2));
  const std::unique_ptr<Event> stale = pair.sender.Made(), sent = pair.sender.Made();
  const std::unique_ptr<Event> received = pair.receiver.Made();
  CONFORM_OK(pair.Send(0, *stale));
  pair.channel->Reset();
  CONFORM_OK(pair.Send(1, *sent));
  CONFORM_OK(pair.Receive(0, *received));
  CONFORM_OK(pair.receiver.Bind().stream->Wait(*received));
  CONFORM(pair.receiver.Read(1) == std::vector<int32_t>{2});
  CONFORM(!stale->Done());
}

// Each side waits for a transfer before it posts the one that is `capacity` later.
void ManyBetweenThreads(Context& context) {
  constexpr int kTransfers = 400, kCapacity = 4;
  Pair pair(context, kCapacity);
  std::vector<std::unique_ptr<Event>> sent, received;
  for (int i = 0; i < kTransfers; ++i) {
    sent.push_back(pair.sender.Made());
    received.push_back(pair.receiver.Made());
  }
  int send_errors = 0, receive_errors = 0;
  std::thread sender([&] {
    for (int i = 0; i < kTransfers; ++i) {
      send_errors += !pair.sender.Set(i, 7 * i).ok();
      if (i >= kCapacity) send_errors += !pair.sender.stream->Wait(*sent[i - kCapacity]).ok();
      send_errors += !pair.Send(i, *sent[i]).ok();
    }
    send_errors += !pair.sender.stream->Wait(*sent.back()).ok() || !pair.sender.stream->Synchronize().ok();
  });
  std::thread receiver([&] {
    for (int i = 0; i < kTransfers; ++i) {
      if (i >= kCapacity) receive_errors += !pair.receiver.Bind().stream->Wait(*received[i - kCapacity]).ok();
      receive_errors += !pair.Receive(i, *received[i]).ok();
    }
    receive_errors += !pair.receiver.stream->Wait(*received.back()).ok() || !pair.receiver.stream->Synchronize().ok();
  });
  sender.join();
  receiver.join();
  CONFORM(send_errors == 0);
  CONFORM(receive_errors == 0);
  std::vector<int32_t> expected;
  for (int i = 0; i < kTransfers; ++i) expected.push_back(7 * i);
  CONFORM(pair.receiver.Read(kTransfers) == expected);
}

void CancelledReceiversWake(Context& context) {
  Pair pair(context, 1);
  const std::unique_ptr<Event> received = pair.receiver.Made();
  CONFORM_OK(pair.Receive(0, *received));
  pair.receiver.device.Cancel();
  absl::Status status = pair.receiver.stream->Wait(*received);
  if (status.ok()) status = pair.receiver.stream->Synchronize();
  CONFORM(status.code() == absl::StatusCode::kCancelled);
  pair.channel->Reset();  // after which the event and the slot are no longer used
  pair.receiver.device.Resume();
}

void ToItselfIsRefused(Context& context) {
  MachineUnderTest machine = context.Make(2);
  CONFORM(machine.transport->CreateChannel(1, 1, 1).status().code() == absl::StatusCode::kInvalidArgument);
}

}  // namespace

std::vector<ConformanceCase> ChannelCases() {
  return {
      {"the n-th send matches the n-th receive: sends first", SendersFirst},
      {"the n-th send matches the n-th receive: receives first", ReceiversFirst},
      {"nothing is posted before both sides are", NothingIsPostedAlone},
      {"an empty transfer needs no buffer", EmptyTransfers},
      {"sides of different sizes are an internal error", SizesMustAgree},
      {"posts beyond the capacity are an internal error", CapacityIsKept},
      {"a reset clears unmatched transfers", ResetClearsUnmatched},
      {"many transfers between two threads", ManyBetweenThreads},
      {"cancelling ends the wait for a sender that does not come", CancelledReceiversWake},
      {"a channel from a device to itself is refused", ToItselfIsRefused},
  };
}

}  // namespace baton
