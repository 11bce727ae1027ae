// See simulated_network.h.
#include "runtime/process/testing/simulated_network.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace baton {

proto::Hello HelloOfRank(int rank, int size, int generation) {
  proto::Hello hello;
  hello.set_version("1");
  hello.set_build_id("b");
  hello.set_rank(rank);
  hello.set_size(size);
  hello.set_generation(generation);
  hello.set_host(absl::StrCat("host-", rank));
  hello.set_pid(100 + rank);
  return hello;
}

LeaderOptions OptionsOfLeader(const proto::Hello& self) {
  LeaderOptions options;
  options.self = self;
  options.join_timeout_ns = kJoinTimeout;
  options.silence_ns = kSilence;
  options.suspicion_ns = 100 * kMs;
  options.most_bytes = 1 << 20;
  return options;
}

MemberOptions OptionsOfMember(const proto::Hello& self) {
  MemberOptions options;
  options.self = self;
  options.leader = "leader:1";
  options.join_timeout_ns = kJoinTimeout;
  options.silence_ns = kSilence;
  options.heartbeat_ns = kSilence / 5;
  return options;
}

int Net::Start(const proto::Hello& hello) {
  processes.emplace_back();
  processes.back().state = std::make_unique<MemberState>(OptionsOfMember(hello), now);
  return static_cast<int>(processes.size()) - 1;
}

void Net::Kill(int index) {
  processes[index].killed = true;
  processes[index].up.clear();
  CloseStream(processes[index]);
}

void Net::Step() {
  Process& process = processes[random() % processes.size()];
  if (!process.killed && !process.stopped) {
    if (process.stream < 0 && process.state->phase() == MemberState::Phase::kJoining) Connect(process);
    if (random() % 2 == 0) process.state->Tick(now);
    for (auto& message : process.state->TakeMessages()) {
      if (process.stream >= 0) process.up.push_back(std::move(message));
    }
    if (!process.down.empty() && random() % 2 == 0) Deliver(process);
    // As control.cc does it.
    if (process.state->phase() == MemberState::Phase::kFailed && process.stream >= 0) CloseStream(process);
  }
  if (process.stream >= 0 && !process.up.empty() && random() % 2 == 0) {
    leader_.Received(process.stream, *process.up.front(), now);
    process.up.pop_front();
  }
  if (random() % 4 == 0) leader_.Tick(now);
  for (LeaderAction& action : leader_.TakeActions()) {
    for (Process& each : processes) {
      if (each.stream == action.stream && !each.killed) each.down.push_back(action);
    }
  }
  now += static_cast<int64_t>(random() % 3) * kMs;
}

bool Net::AllIn(MemberState::Phase phase) const {
  for (const Process& process : processes) {
    if (!process.killed && !process.stopped && process.state->phase() != phase) return false;
  }
  return true;
}

void Net::Connect(Process& process) {
  process.stream = ++last_stream_;
  process.up.clear();
  process.down.clear();
  leader_.Opened(process.stream, now);
  process.state->Connected(now);
}

void Net::CloseStream(Process& process) {
  if (process.stream < 0) return;
  leader_.Closed(process.stream, now);
  process.stream = -1;
}

void Net::Deliver(Process& process) {
  const LeaderAction action = std::move(process.down.front());
  process.down.pop_front();
  if (action.message != nullptr) return process.state->Received(*action.message, now);
  CloseStream(process);
  process.state->Disconnected(action.refusal, now);
}

void StartAll(Net& net, int size, int generation) {
  for (int rank = 0; rank < size; ++rank) {
    net.Start(HelloOfRank(rank, size, generation));
    for (int i = net.random() % 5; i > 0; --i) net.Step();
  }
}

}  // namespace baton
