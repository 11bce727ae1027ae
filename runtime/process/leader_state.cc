// Members, failures, silence and the common end. Collectives are in leader_collectives.cc, values in leader_values.cc.
#include "runtime/process/leader_state.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "runtime/process/hello_rules.h"

namespace baton {
namespace {

constexpr int kNoHello = -1;
constexpr int kLaterGeneration = -2;

std::string Seconds(int64_t ns) { return absl::StrFormat("%.1f s", static_cast<double>(ns) * 1e-9); }

}  // namespace

LeaderState::LeaderState(LeaderOptions options, int64_t now_ns)
    : options_(std::move(options)), start_ns_(now_ns), last_tick_ns_(now_ns), members_(options_.self.size()) {}

void LeaderState::Opened(int64_t stream, int64_t now_ns) {
  rank_of_stream_[stream] = kNoHello;
  opened_ns_[stream] = now_ns;
}

void LeaderState::Received(int64_t stream, const proto::FromProcess& message, int64_t now_ns) {
  const auto found = rank_of_stream_.find(stream);
  if (found == rank_of_stream_.end() || found->second == kLaterGeneration) return;
  const int rank = found->second;
  if (rank == kNoHello) {
    if (!message.has_hello()) return Refuse(stream, "the first message is not a hello");
    return OnHello(stream, message.hello(), now_ns);
  }
  Member& member = members_[rank];
  member.heard_ns = now_ns;
  if (phase_ == Phase::kFailed || member.left) return;
  switch (message.message_case()) {
    case proto::FromProcess::kPart:
      return OnPart(rank, message.part());
    case proto::FromProcess::kHeartbeat: {
      member.heartbeat = message.heartbeat();
      auto reply = std::make_shared<proto::FromLeader>();
      reply->mutable_heartbeat()->set_sent_ns(message.heartbeat().sent_ns());
      reply->mutable_heartbeat()->set_leader_ns(now_ns);
      return Send(stream, std::move(reply));
    }
    case proto::FromProcess::kFailure:
      return OnFailure(rank, message.failure(), now_ns);
    case proto::FromProcess::kStopRequest: {
      if (stop_asked_) return;
      stop_asked_ = true;
      proto::FromLeader ask;
      ask.mutable_ask_next_step();
      return SendToAll(ask);
    }
    case proto::FromProcess::kNextStep:
      member.next_step = message.next_step().step();
      return AnswerStop();
    case proto::FromProcess::kGoodbye:
      return OnGoodbye(rank);
    case proto::FromProcess::kSetValue:
      return OnSetValue(rank, message.set_value());
    case proto::FromProcess::kAskValue:
      return OnAskValue(rank, message.ask_value().key());
    default:
      return Fail(rank, "said hello twice, or sent an unknown message");
  }
}

void LeaderState::OnHello(int64_t stream, const proto::Hello& hello, int64_t now_ns) {
  // A process of a later generation that is already there proves that this generation has ended; it dials again and
  // finds the next leader. One of an earlier generation is a leftover.
  if (hello.generation() > options_.self.generation()) {
    rank_of_stream_[stream] = kLaterGeneration;
    opened_ns_.erase(stream);
    return Fail(0, absl::StrCat("has generation ", options_.self.generation(), ", but ", DescribeProcess(hello),
                                " has generation ", hello.generation(), ": the run was started again"));
  }
  if (hello.generation() < options_.self.generation()) {
    return Refuse(stream, absl::StrCat(DescribeProcess(hello), " has generation ", hello.generation(), ", rank 0 has ",
                                       options_.self.generation(), ": this process is a leftover"));
  }
  if (phase_ == Phase::kFailed) {
    // Rank 0's own stream may come so late too.
    auto abort = std::make_shared<proto::FromLeader>();
    *abort->mutable_failure() = *failure_;
    Send(stream, std::move(abort));
    return Refuse(stream, "");
  }
  std::string why = WhyRefused(options_.self, hello);
  const bool taken = why.empty() && members_[hello.rank()].stream >= 0;
  if (taken) {
    why = absl::StrCat("two processes are rank ", hello.rank(), ": pid ", members_[hello.rank()].hello.pid(), " on ",
                       members_[hello.rank()].hello.host(), ", and pid ", hello.pid(), " on ", hello.host());
  }
  if (!why.empty()) {
    Refuse(stream, why);
    // The run cannot become complete, so nobody need wait for the timeout.
    if (phase_ == Phase::kJoining) Fail(0, absl::StrCat("cannot lead: ", why));
    return;
  }
  rank_of_stream_[stream] = hello.rank();
  opened_ns_.erase(stream);
  Member& member = members_[hello.rank()];
  member.stream = stream;
  member.open = true;
  member.heard_ns = now_ns;
  member.hello = hello;
  if (std::any_of(members_.begin(), members_.end(), [](const Member& each) { return each.stream < 0; })) return;
  phase_ = Phase::kRunning;
  proto::FromLeader welcome;
  for (const Member& each : members_) *welcome.mutable_welcome()->add_members() = each.hello;
  SendToAll(welcome);
}

void LeaderState::OnFailure(int rank, const proto::Failure& failure, int64_t now_ns) {
  const bool suspects = failure.has_suspect() && failure.suspect() >= 0 && failure.suspect() < options_.self.size() &&
                        failure.suspect() != rank && members_[failure.suspect()].open;
  if (!suspects) return Fail(rank, failure.message());
  if (suspicion_.has_value()) return;
  suspicion_ = Suspicion{rank, failure, now_ns + options_.suspicion_ns};
}

void LeaderState::OnGoodbye(int rank) {
  members_[rank].left = true;
  actions_.push_back({members_[rank].stream, nullptr, ""});
  for (const auto& [key, collective] : collectives_) {
    if (phase_ != Phase::kFailed) CheckNobodyLeft(collective);
  }
  if (phase_ != Phase::kFailed) AnswerStop();
}

void LeaderState::AnswerStop() {
  if (!stop_asked_ || stop_answered_) return;
  int64_t step = 0;
  for (const Member& member : members_) {
    if (member.left) continue;
    if (!member.next_step.has_value()) return;
    step = std::max(step, *member.next_step);
  }
  stop_answered_ = true;
  proto::FromLeader stop;
  stop.mutable_stop_at()->set_step(step);
  SendToAll(stop);
}

void LeaderState::Closed(int64_t stream, int64_t now_ns) {
  opened_ns_.erase(stream);
  const auto found = rank_of_stream_.find(stream);
  if (found == rank_of_stream_.end()) return;
  const int rank = found->second;
  rank_of_stream_.erase(found);
  if (rank < 0) return;
  Member& member = members_[rank];
  member.open = false;
  if (member.left || phase_ == Phase::kFailed) return;
  if (suspicion_.has_value() && suspicion_->rank == rank) return Fail(rank, suspicion_->failure.message());
  std::string message = "ended without a word: it was killed, or crashed";
  if (suspicion_.has_value() && suspicion_->failure.suspect() == rank) {
    absl::StrAppend(&message, "; ", NameOf(suspicion_->rank), " noticed it first: ", suspicion_->failure.message());
  }
  Fail(rank, std::move(message));
}

void LeaderState::Tick(int64_t now_ns) {
  // If this process itself stood still, nobody else can be blamed for silence.
  const int64_t pause_ns = now_ns - last_tick_ns_;
  last_tick_ns_ = now_ns;
  if (pause_ns > options_.silence_ns / 2) {
    for (Member& member : members_) member.heard_ns += pause_ns;
  }
  if (phase_ == Phase::kFailed) return;
  std::vector<int64_t> mute;
  for (const auto& [stream, opened_ns] : opened_ns_) {
    if (now_ns - opened_ns > options_.silence_ns) mute.push_back(stream);
  }
  for (const int64_t stream : mute) Refuse(stream, "no hello came");
  if (suspicion_.has_value() && now_ns >= suspicion_->until_ns) {
    return Fail(suspicion_->rank, suspicion_->failure.message());
  }
  for (size_t rank = 0; rank < members_.size(); ++rank) {
    const Member& member = members_[rank];
    const int64_t silent_ns = now_ns - member.heard_ns;
    if (member.open && !member.left && silent_ns > options_.silence_ns) {
      return Fail(rank, absl::StrCat("has been silent for ", Seconds(silent_ns),
                                     ", its connection open: it was stopped, or its host is gone"));
    }
  }
  if (phase_ != Phase::kJoining || now_ns - start_ns_ < options_.join_timeout_ns) return;
  std::vector<int> missing;
  for (size_t rank = 0; rank < members_.size(); ++rank) {
    if (members_[rank].stream < 0) missing.push_back(rank);
  }
  Fail(0,
       absl::StrCat("has waited ", Seconds(now_ns - start_ns_), " in vain for ",
                    missing.size() == 1 ? "rank " : "ranks ", absl::StrJoin(missing, ", "), " of ", members_.size()));
}

std::string LeaderState::NameOf(int rank) const {
  const proto::Hello& hello = members_[rank].stream >= 0 ? members_[rank].hello : options_.self;
  return DescribeProcess(hello);
}

void LeaderState::Fail(int rank, std::string message) {
  if (phase_ == Phase::kFailed) return;
  phase_ = Phase::kFailed;
  const proto::Hello& hello = members_[rank].stream >= 0 ? members_[rank].hello : options_.self;
  failure_.emplace();
  failure_->set_rank(rank);
  failure_->set_host(hello.host());
  failure_->set_message(std::move(message));
  proto::FromLeader abort;
  *abort.mutable_failure() = *failure_;
  SendToAll(abort);
}

bool LeaderState::AllLeft() const {
  return std::all_of(members_.begin(), members_.end(),
                     [this](const Member& member) { return phase_ == Phase::kFailed ? !member.open : member.left; });
}

void LeaderState::Send(int64_t stream, std::shared_ptr<const proto::FromLeader> message) {
  actions_.push_back({stream, std::move(message), ""});
}

void LeaderState::SendToAll(const proto::FromLeader& message) {
  const auto shared = std::make_shared<const proto::FromLeader>(message);
  for (const Member& member : members_) {
    if (member.open && !member.left) Send(member.stream, shared);
  }
}

void LeaderState::Refuse(int64_t stream, std::string why) {
  rank_of_stream_.erase(stream);
  opened_ns_.erase(stream);
  actions_.push_back({stream, nullptr, std::move(why)});
}

std::vector<LeaderAction> LeaderState::TakeActions() { return std::exchange(actions_, {}); }

}  // namespace baton
