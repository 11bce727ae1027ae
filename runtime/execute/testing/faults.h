// Faults at a chosen instruction: modules and channels that fail at their n-th call. Used by the executor's tests.
#ifndef BATON_RUNTIME_EXECUTE_TESTING_FAULTS_H_
#define BATON_RUNTIME_EXECUTE_TESTING_FAULTS_H_

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "runtime/execute/stage_module.h"
#include "runtime/transport/transport.h"

namespace baton {

// A call to fail, counted from 0; −1: none.
inline constexpr int kNoFault = -1;

inline absl::Status Fault() { return absl::DataLossError("injected"); }

// Passes calls on to `module`, but the n-th call of any kind fails. Thread contract: see StageModule.
class FaultyModule final : public StageModule {
 public:
  FaultyModule(StageModule* module, int fail_at) : module_(module), remaining_(fail_at) {}

  absl::Status Load(Stream& stream, DataKind kind, int micro_batch, std::byte* slot) override {
    return Fails() ? Fault() : module_->Load(stream, kind, micro_batch, slot);
  }
  absl::Status Forward(Stream& stream, int micro_batch, const PassBuffers& buffers) override {
    return Fails() ? Fault() : module_->Forward(stream, micro_batch, buffers);
  }
  absl::Status Backward(Stream& stream, int micro_batch, const PassBuffers& buffers) override {
    return Fails() ? Fault() : module_->Backward(stream, micro_batch, buffers);
  }
  absl::Status BackwardInput(Stream& stream, int micro_batch, const PassBuffers& buffers) override {
    return Fails() ? Fault() : module_->BackwardInput(stream, micro_batch, buffers);
  }
  absl::Status BackwardWeight(Stream& stream, int micro_batch, const PassBuffers& buffers) override {
    return Fails() ? Fault() : module_->BackwardWeight(stream, micro_batch, buffers);
  }
  absl::Status Recompute(Stream& stream, int micro_batch, const PassBuffers& buffers) override {
    return Fails() ? Fault() : module_->Recompute(stream, micro_batch, buffers);
  }
  absl::Status Update(Stream& stream) override { return Fails() ? Fault() : module_->Update(stream); }
  absl::StatusOr<ReduceBuffer> PrepareReduce(Stream& stream, int group, int member) override {
    if (Fails()) return Fault();
    return module_->PrepareReduce(stream, group, member);
  }

 private:
  // Counts down to −1 once and stays there: only one call fails.
  bool Fails() { return remaining_ != kNoFault && remaining_-- == 0; }

  StageModule* const module_;
  int remaining_;
};

class FaultyChannel final : public Channel {
 public:
  FaultyChannel(std::unique_ptr<Channel> channel, int fail_send_at, int fail_receive_at)
      : channel_(std::move(channel)), sends_(fail_send_at), receives_(fail_receive_at) {}

  absl::Status Send(Stream& stream, const std::byte* data, Bytes bytes, Event& done, Event* started) override {
    if (sends_ != kNoFault && sends_-- == 0) return Fault();
    return channel_->Send(stream, data, bytes, done, started);
  }
  absl::Status Receive(Stream& stream, std::byte* data, Bytes bytes, Event& done, Event* started) override {
    if (receives_ != kNoFault && receives_-- == 0) return Fault();
    return channel_->Receive(stream, data, bytes, done, started);
  }
  void Reset() override { channel_->Reset(); }

 private:
  const std::unique_ptr<Channel> channel_;
  int sends_;
  int receives_;
};

// Makes the channel from `from` to `to` faulty, all others as `transport` does.
class FaultyTransport final : public Transport {
 public:
  FaultyTransport(Transport* transport, int from, int to, int fail_send_at, int fail_receive_at)
      : transport_(transport), from_(from), to_(to), fail_send_at_(fail_send_at), fail_receive_at_(fail_receive_at) {}

  absl::StatusOr<std::unique_ptr<Channel>> CreateChannel(int from, int to, int capacity) override {
    absl::StatusOr<std::unique_ptr<Channel>> channel = transport_->CreateChannel(from, to, capacity);
    if (!channel.ok() || from != from_ || to != to_) return channel;
    return std::make_unique<FaultyChannel>(*std::move(channel), fail_send_at_, fail_receive_at_);
  }
  absl::StatusOr<std::unique_ptr<Collective>> CreateCollective(absl::Span<const int32_t> device_of_member) override {
    return transport_->CreateCollective(device_of_member);
  }

 private:
  Transport* const transport_;
  const int from_;
  const int to_;
  const int fail_send_at_;
  const int fail_receive_at_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_EXECUTE_TESTING_FAULTS_H_
