// A stream's messages and time, turned into what the process knows.
#include "runtime/process/member_state.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "runtime/process/parts.h"

namespace baton {

MemberState::MemberState(MemberOptions options, int64_t now_ns)
    : options_(std::move(options)),
      start_ns_(now_ns),
      heard_ns_(now_ns),
      last_tick_ns_(now_ns),
      heartbeat_sent_ns_(now_ns) {}

void MemberState::Connected(int64_t now_ns) {
  if (phase_ != Phase::kJoining) return;
  connected_ = true;
  heard_ns_ = now_ns;
  proto::FromProcess message;
  *message.mutable_hello() = options_.self;
  Send(std::move(message));
  // Its reply shows that the leader lives, while others are still missing.
  SendHeartbeat(now_ns);
}

void MemberState::Received(const proto::FromLeader& message, int64_t now_ns) {
  heard_ns_ = now_ns;
  answered_ = true;
  if (phase_ == Phase::kFailed || phase_ == Phase::kLeft) return;
  switch (message.message_case()) {
    case proto::FromLeader::kWelcome:
      if (phase_ != Phase::kJoining) return Fail(0, options_.leader, "sent a second welcome", false);
      if (message.welcome().members_size() != options_.self.size()) {
        return Fail(0, options_.leader,
                    absl::StrCat("sent a welcome with ", message.welcome().members_size(), " members; this run has ",
                                 options_.self.size(), " processes"),
                    false);
      }
      members_.assign(message.welcome().members().begin(), message.welcome().members().end());
      phase_ = Phase::kRunning;
      return;
    case proto::FromLeader::kPart:
      return OnPart(message.part());
    case proto::FromLeader::kHeartbeat:
      clock_.Add(message.heartbeat().sent_ns(), message.heartbeat().leader_ns(), now_ns);
      // The first probes follow each other at once.
      if (clock_.count() < ClockOffset::kProbes) SendHeartbeat(now_ns);
      return;
    case proto::FromLeader::kFailure:
      return Fail(message.failure().rank(), message.failure().host(), message.failure().message(), true);
    case proto::FromLeader::kAskNextStep: {
      agreeing_ = true;
      proto::FromProcess answer;
      answer.mutable_next_step()->set_step(next_step_);
      return Send(std::move(answer));
    }
    case proto::FromLeader::kStopAt:
      agreeing_ = false;
      stop_at_ = message.stop_at().step();
      return;
    case proto::FromLeader::kValue:
      values_[message.value().key()] = message.value().value();
      return;
    default:
      return;
  }
}

void MemberState::OnPart(const proto::Part& part) {
  if (phase_ != Phase::kRunning) return Fail(0, options_.leader, "sent data before the welcome", false);
  const std::pair<int, int64_t> key = {part.channel(), part.sequence()};
  std::vector<std::string>& bytes = partial_[key];
  bytes.resize(members_.size());
  if (part.rank() >= 0 && part.rank() < static_cast<int>(bytes.size())) bytes[part.rank()] += part.bytes();
  if (!part.last()) return;
  results_[key] = std::move(bytes);
  partial_.erase(key);
}

void MemberState::Disconnected(const std::string& refusal, int64_t now_ns) {
  connected_ = false;
  if (phase_ == Phase::kFailed || phase_ == Phase::kLeft) return;
  if (!refusal.empty())
    return Fail(options_.self.rank(), options_.self.host(),
                absl::StrCat("is refused by rank 0 at ", options_.leader, ": ", refusal), false);
  if (phase_ == Phase::kJoining) return;
  const std::string host = members_.empty() ? "" : members_[0].host();
  Fail(0, host, "ended without a word: it was killed, or crashed", false);
}

void MemberState::Tick(int64_t now_ns) {
  const int64_t pause_ns = now_ns - last_tick_ns_;
  last_tick_ns_ = now_ns;
  // If this process itself stood still, the leader cannot be blamed for silence.
  if (pause_ns > options_.silence_ns / 2) heard_ns_ += pause_ns;
  if (phase_ == Phase::kFailed) return;
  // A leader that answers has the last word on who is missing; it may have started a little later.
  const int64_t join_ns = options_.join_timeout_ns + (answered_ ? options_.silence_ns : 0);
  if (phase_ == Phase::kJoining && now_ns - start_ns_ > join_ns) {
    const char* const why = answered_ ? "has answered, but the run did not begin within " : "has not answered within ";
    return Fail(0, options_.leader, absl::StrCat(why, absl::StrFormat("%.1f s", (now_ns - start_ns_) * 1e-9)), false);
  }
  if (!connected_) return;
  // After goodbye the leader still has to end the stream.
  if (phase_ != Phase::kJoining && now_ns - heard_ns_ > options_.silence_ns) {
    return Fail(0, options_.leader,
                absl::StrCat("has been silent for ", absl::StrFormat("%.1f s", (now_ns - heard_ns_) * 1e-9),
                             ", its connection open: it was stopped, or its host is gone"),
                false);
  }
  if (phase_ != Phase::kLeft && now_ns - heartbeat_sent_ns_ >= options_.heartbeat_ns) SendHeartbeat(now_ns);
}

void MemberState::SendHeartbeat(int64_t now_ns) {
  heartbeat_sent_ns_ = now_ns;
  proto::FromProcess message;
  proto::Heartbeat& heartbeat = *message.mutable_heartbeat();
  heartbeat.set_sent_ns(now_ns);
  heartbeat.set_instructions(instructions_);
  heartbeat.set_step(next_step_);
  heartbeat.set_clock_offset_ns(clock_.offset_ns());
  heartbeat.set_clock_round_trip_ns(clock_.round_trip_ns());
  for (const std::string& position : positions_) heartbeat.add_positions(position);
  Send(std::move(message));
}

int64_t MemberState::StartCollective(proto::CollectiveKind kind, int channel, const std::string& bytes) {
  const int64_t sequence = next_sequence_[channel]++;
  if (kind == proto::BROADCAST && options_.self.rank() != 0) return sequence;
  proto::Part header;
  header.set_kind(kind);
  header.set_channel(channel);
  header.set_sequence(sequence);
  for (proto::Part& part : SplitIntoParts(header, bytes)) {
    proto::FromProcess message;
    *message.mutable_part() = std::move(part);
    Send(std::move(message));
  }
  return sequence;
}

std::optional<std::vector<std::string>> MemberState::TakeResult(int channel, int64_t sequence) {
  const auto found = results_.find({channel, sequence});
  if (found == results_.end()) return std::nullopt;
  std::vector<std::string> result = std::move(found->second);
  results_.erase(found);
  return result;
}

void MemberState::SetValue(const std::string& key, const std::string& value) {
  if (phase_ != Phase::kRunning) return;
  proto::FromProcess message;
  message.mutable_set_value()->set_key(key);
  message.mutable_set_value()->set_value(value);
  Send(std::move(message));
}

void MemberState::AskValue(const std::string& key) {
  if (phase_ != Phase::kRunning || values_.count(key) > 0) return;
  proto::FromProcess message;
  message.mutable_ask_value()->set_key(key);
  Send(std::move(message));
}

std::optional<std::string> MemberState::ValueOf(const std::string& key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? std::nullopt : std::optional<std::string>(found->second);
}

void MemberState::ReportFailure(const std::string& message, int suspect) {
  // Before the welcome there may be nobody to tell; the failure then ends this process alone, which the leader sees.
  if (phase_ == Phase::kJoining) return Fail(options_.self.rank(), options_.self.host(), message, false);
  if (phase_ != Phase::kRunning) return;
  proto::FromProcess report;
  report.mutable_failure()->set_message(message);
  if (suspect >= 0) report.mutable_failure()->set_suspect(suspect);
  Send(std::move(report));
}

void MemberState::RequestStop() {
  if (phase_ != Phase::kRunning) return;
  proto::FromProcess message;
  message.mutable_stop_request();
  Send(std::move(message));
}

std::optional<bool> MemberState::MayBegin(int64_t step) {
  if (agreeing_) return std::nullopt;
  if (stop_at_.has_value() && step >= *stop_at_) return false;
  next_step_ = std::max(next_step_, step + 1);
  return true;
}

void MemberState::Leave() {
  if (phase_ != Phase::kRunning) return;
  proto::FromProcess message;
  message.mutable_goodbye();
  Send(std::move(message));
  phase_ = Phase::kLeft;
}

void MemberState::Fail(int rank, const std::string& host, std::string message, bool shared) {
  phase_ = Phase::kFailed;
  failure_.emplace();
  failure_->set_rank(rank);
  failure_->set_host(host);
  failure_->set_message(std::move(message));
  failure_is_shared_ = shared;
}

void MemberState::Send(proto::FromProcess message) {
  messages_.push_back(std::make_shared<const proto::FromProcess>(std::move(message)));
}

std::vector<std::shared_ptr<const proto::FromProcess>> MemberState::TakeMessages() {
  return std::exchange(messages_, {});
}

}  // namespace baton
