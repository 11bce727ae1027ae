#include "runtime/cluster/pair_probe.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/status.h"
#include "runtime/device/clock.h"

namespace baton {
namespace {

// Messages of each size before the first that counts.
constexpr int kWarmUp = 2;

Nanos MedianOf(std::vector<Nanos> times) {
  const auto middle = times.begin() + times.size() / 2;
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

}  // namespace

PairProbe::PairProbe(PairProbeOptions options)
    : options_(std::move(options)),
      own_device_(options_.rank < options_.peer ? 0 : 1),
      sent_(kLargeProbeBytes),
      received_(kLargeProbeBytes) {}

absl::StatusOr<std::unique_ptr<PairProbe>> PairProbe::Create(PairProbeOptions options) {
  std::unique_ptr<PairProbe> probe(new PairProbe(std::move(options)));
  BATON_RETURN_IF_ERROR(probe->Open());
  return probe;
}

absl::Status PairProbe::Open() {
  BATON_ASSIGN_OR_RETURN(device_, HostDevice::Create(own_device_, {}));
  BATON_ASSIGN_OR_RETURN(stream_, device_->CreateStream());
  sent_event_ = device_->CreateEvent();
  received_event_ = device_->CreateEvent();
  GlooTransportOptions options;
  options.rank = options_.rank;
  options.rank_of_device = {std::min(options_.rank, options_.peer), std::max(options_.rank, options_.peer)};
  options.store = options_.store;
  options.key_prefix = options_.key_prefix;
  options.address = options_.address;
  options.connect_timeout_ms = options_.connect_timeout_ms;
  options.name_of_rank = options_.name_of_rank;
  BATON_ASSIGN_OR_RETURN(transport_, GlooTransport::Create(std::move(options)));
  transport_->SetErrorSink([this](const absl::Status& status) { Fail(status); });
  // Both processes make the channels in the same order.
  BATON_ASSIGN_OR_RETURN(std::unique_ptr<Channel> up, transport_->CreateChannel(0, 1, 1));
  BATON_ASSIGN_OR_RETURN(std::unique_ptr<Channel> down, transport_->CreateChannel(1, 0, 1));
  to_peer_ = own_device_ == 0 ? std::move(up) : std::move(down);
  from_peer_ = own_device_ == 0 ? std::move(down) : std::move(up);
  return absl::OkStatus();
}

void PairProbe::Fail(const absl::Status& status) {
  {
    MutexLock lock(&mutex_);
    if (error_.ok()) error_ = status;
  }
  device_->Cancel();
}

absl::Status PairProbe::error() const {
  MutexLock lock(&mutex_);
  return error_;
}

void PairProbe::Abort(const absl::Status& status) {
  Fail(status);
  transport_->Abort(status);
}

absl::StatusOr<PairFigures> PairProbe::Measure() {
  const bool is_first = own_device_ == 0;
  std::vector<Nanos> small, large;
  absl::Status status = transport_->AwaitConnected();
  for (const bool asks : {is_first, !is_first}) {
    if (!status.ok()) break;
    if (asks) {
      status = AskOften(kSmallProbeBytes, options_.small_messages, small);
      if (status.ok()) status = AskOften(kLargeProbeBytes, options_.large_messages, large);
    } else {
      status = AnswerOften(kSmallProbeBytes, options_.small_messages);
      if (status.ok()) status = AnswerOften(kLargeProbeBytes, options_.large_messages);
    }
  }
  // A cancelled wait does not say why.
  if (!status.ok()) return error().ok() ? status : error();
  figures_.latency_ns = MedianOf(std::move(small)) / 2;
  // The answer to a large message is small.
  const Nanos transmission = std::max<Nanos>(1, MedianOf(std::move(large)) - 2 * figures_.latency_ns);
  figures_.bytes_per_ns = static_cast<double>(kLargeProbeBytes - kSmallProbeBytes) / static_cast<double>(transmission);
  return figures_;
}

absl::Status PairProbe::AskOften(Bytes bytes, int count, std::vector<Nanos>& times) {
  for (int i = 0; i < kWarmUp + count; ++i) {
    if (i == kWarmUp) times.clear();
    BATON_RETURN_IF_ERROR(Ask(bytes, times));
  }
  return absl::OkStatus();
}

absl::Status PairProbe::AnswerOften(Bytes bytes, int count) {
  for (int i = 0; i < kWarmUp + count; ++i) BATON_RETURN_IF_ERROR(Answer(bytes));
  return absl::OkStatus();
}

absl::Status PairProbe::Ask(Bytes bytes, std::vector<Nanos>& times) {
  // Announced before the question, so that the answer need not wait.
  received_event_->Reset();
  BATON_RETURN_IF_ERROR(from_peer_->Receive(*stream_, received_.data(), kSmallProbeBytes, *received_event_, nullptr));
  const Nanos begin = SteadyNow();
  BATON_RETURN_IF_ERROR(Send(bytes));
  BATON_RETURN_IF_ERROR(stream_->Wait(*received_event_));
  const Nanos end = received_event_->DoneAt();
  const Nanos round_trip = std::max<Nanos>(0, end - begin);
  if (bytes == kSmallProbeBytes && (times.empty() || (round_trip + 1) / 2 < figures_.clock_bound_ns)) {
    Nanos peer = 0;
    std::memcpy(&peer, received_.data(), sizeof(peer));
    figures_.clock_offset_ns = peer - (begin + round_trip / 2);
    figures_.clock_bound_ns = (round_trip + 1) / 2;
  }
  times.push_back(round_trip);
  return absl::OkStatus();
}

absl::Status PairProbe::Answer(Bytes bytes) {
  Nanos at = 0;
  BATON_RETURN_IF_ERROR(Receive(bytes, &at));
  std::memcpy(sent_.data(), &at, sizeof(at));
  return Send(kSmallProbeBytes);
}

absl::Status PairProbe::Send(Bytes bytes) {
  sent_event_->Reset();
  BATON_RETURN_IF_ERROR(to_peer_->Send(*stream_, sent_.data(), bytes, *sent_event_, nullptr));
  return stream_->Wait(*sent_event_);
}

absl::Status PairProbe::Receive(Bytes bytes, Nanos* at) {
  received_event_->Reset();
  BATON_RETURN_IF_ERROR(from_peer_->Receive(*stream_, received_.data(), bytes, *received_event_, nullptr));
  BATON_RETURN_IF_ERROR(stream_->Wait(*received_event_));
  *at = received_event_->DoneAt();
  return absl::OkStatus();
}

}  // namespace baton
