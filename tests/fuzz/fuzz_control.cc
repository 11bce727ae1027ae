// Fuzzes both ends of the control plane. The first byte chooses the end; then come events, each an operation with its
// operand: streams that open and close, time that passes, and messages, which are bytes of a stranger.
//
// Rank 0: streams that have said nothing right get nothing but a refusal; the first failure stays the first; nothing is
// sent to a stream that was refused or has ended. Other ranks: what they know stays within the world's size; a failure
// stays; nothing is said after it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>

#include "runtime/process/leader_state.h"
#include "runtime/process/member_state.h"

namespace {

constexpr int kSize = 3;
constexpr int64_t kMillisecond = 1'000'000;

void Check(bool holds) {
  if (!holds) std::abort();
}

// The input from its begin to its end; zeros behind it.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : data_(data), size_(size) {}

  bool empty() const { return at_ >= size_; }
  int Byte() { return empty() ? 0 : data_[at_++]; }
  // A length byte and so many bytes, as far as there are.
  std::string Bytes() {
    const size_t wanted = static_cast<size_t>(Byte());
    const size_t count = wanted < size_ - at_ ? wanted : size_ - at_;
    const std::string bytes(reinterpret_cast<const char*>(data_ + at_), count);
    at_ += count;
    return bytes;
  }

 private:
  const uint8_t* const data_;
  const size_t size_;
  size_t at_ = 0;
};

baton::proto::Hello HelloOf(int rank) {
  baton::proto::Hello hello;
  hello.set_version("1");
  hello.set_build_id("b");
  hello.set_rank(rank);
  hello.set_size(kSize);
  hello.set_generation(1);
  hello.set_host("h");
  return hello;
}

// Rank 0 as control.cc drives it, with strangers at the other ends.
class Leader {
 public:
  Leader() : state_(Options(), 0) {}

  void Run(Input& input) {
    while (!input.empty()) {
      Event(input);
      Act();
    }
    for (const int64_t stream : std::set<int64_t>(open_)) Close(stream);
    Act();
    if (state_.failure().has_value()) Check(state_.AllLeft());
  }

 private:
  static baton::LeaderOptions Options() {
    baton::LeaderOptions options;
    options.self = HelloOf(0);
    options.join_timeout_ns = 10'000 * kMillisecond;
    options.silence_ns = 1'000 * kMillisecond;
    options.suspicion_ns = 100 * kMillisecond;
    options.most_bytes = 1 << 12;
    return options;
  }

  void Event(Input& input) {
    const int operation = input.Byte();
    const int64_t stream = input.Byte() % 8 + 8 * epoch_;
    switch (operation % 6) {
      case 0:
        if (known_.insert(stream).second) {
          open_.insert(stream);
          state_.Opened(stream, now_);
        }
        return;
      case 1:
        return Close(stream);
      case 2:
        now_ += input.Byte() * 10 * kMillisecond;
        return state_.Tick(now_);
      case 3: {  // a right hello, without which most inputs would end at the first message
        baton::proto::FromProcess message;
        *message.mutable_hello() = HelloOf(input.Byte() % kSize);
        return Receive(stream, message);
      }
      case 4:
        epoch_ = (epoch_ + 1) % 4;
        return;
      default: {
        baton::proto::FromProcess message;
        if (message.ParseFromString(input.Bytes())) Receive(stream, message);
      }
    }
  }

  void Receive(int64_t stream, const baton::proto::FromProcess& message) {
    if (open_.count(stream) > 0) state_.Received(stream, message, now_);
  }

  void Close(int64_t stream) {
    if (open_.erase(stream) > 0) state_.Closed(stream, now_);
  }

  // The actions are for open streams; a refusal or a goodbye closes one.
  void Act() {
    for (const baton::LeaderAction& action : state_.TakeActions()) {
      Check(known_.count(action.stream) > 0);
      if (action.message != nullptr) {
        Check(closing_.count(action.stream) == 0);
        Check(action.message->message_case() != baton::proto::FromLeader::MESSAGE_NOT_SET);
      } else {
        closing_.insert(action.stream);
      }
    }
    if (!state_.failure().has_value()) return;
    Check(state_.failure()->rank() >= 0 && state_.failure()->rank() < kSize);
    if (first_failure_.empty()) first_failure_ = state_.failure()->message();
    Check(state_.failure()->message() == first_failure_);
  }

  baton::LeaderState state_;
  int64_t now_ = 0;
  int64_t epoch_ = 0;
  std::set<int64_t> known_, open_, closing_;
  std::string first_failure_;
};

// Another rank, with a stranger in the place of rank 0.
class Member {
 public:
  Member() : state_(Options(), 0) {}

  void Run(Input& input) {
    while (!input.empty()) {
      const bool had_failed = state_.failure().has_value();
      const std::string failure = had_failed ? state_.failure()->message() : "";
      (void)state_.TakeMessages();
      Event(input);
      Check(!had_failed || state_.failure()->message() == failure);
      if (had_failed) Check(state_.TakeMessages().empty());
      if (state_.phase() == Phase::kRunning) Check(state_.members().size() == kSize);
    }
  }

 private:
  using Phase = baton::MemberState::Phase;

  static baton::MemberOptions Options() {
    baton::MemberOptions options;
    options.self = HelloOf(1);
    options.leader = "h:1";
    options.join_timeout_ns = 10'000 * kMillisecond;
    options.silence_ns = 1'000 * kMillisecond;
    options.heartbeat_ns = 200 * kMillisecond;
    return options;
  }

  void Event(Input& input) {
    switch (input.Byte() % 9) {
      case 0:
        return state_.Connected(now_);
      case 1:
        return state_.Disconnected(input.Bytes(), now_);
      case 2:
        now_ += input.Byte() * 10 * kMillisecond;
        return state_.Tick(now_);
      case 3: {
        baton::proto::FromLeader welcome;
        for (int rank = 0; rank < kSize; ++rank) *welcome.mutable_welcome()->add_members() = HelloOf(rank);
        return state_.Received(welcome, now_);
      }
      case 4: {
        const auto kind = static_cast<baton::proto::CollectiveKind>(input.Byte() % 4);
        const int channel = input.Byte() % 2;
        // As control.cc: only in a run.
        if (state_.phase() == Phase::kRunning) (void)state_.StartCollective(kind, channel, input.Bytes());
        return;
      }
      case 5: {
        const int channel = input.Byte() % 2;
        if (const auto result = state_.TakeResult(channel, input.Byte() % 4)) Check(result->size() == kSize);
        return;
      }
      case 6:
        state_.RequestStop();
        (void)state_.MayBegin(input.Byte());
        return;
      case 7:
        return input.Byte() % 2 == 0 ? state_.Leave() : state_.ReportFailure("f", input.Byte() - 1);
      default: {
        baton::proto::FromLeader message;
        if (message.ParseFromString(input.Bytes())) state_.Received(message, now_);
      }
    }
  }

  baton::MemberState state_;
  int64_t now_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  if (input.Byte() % 2 == 0) {
    Leader().Run(input);
  } else {
    Member().Run(input);
  }
  return 0;
}
