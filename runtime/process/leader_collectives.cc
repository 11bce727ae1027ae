// The collectives of LeaderState: parts come in until every process that contributes is done; then all that receive get
// the whole.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "runtime/process/leader_state.h"
#include "runtime/process/parts.h"

namespace baton {
namespace {

bool Contributes(proto::CollectiveKind kind, int rank) { return kind != proto::BROADCAST || rank == 0; }

bool Receives(proto::CollectiveKind kind, int rank) {
  if (kind == proto::GATHER) return rank == 0;
  return kind != proto::BROADCAST || rank != 0;
}

// The memory that an operation takes at the leader besides its bytes. It counts, so that empty ones cannot fill all.
int64_t EntryBytes(size_t num_members) { return static_cast<int64_t>(num_members * sizeof(std::string)); }

}  // namespace

void LeaderState::OnPart(int rank, const proto::Part& part) {
  if (phase_ != Phase::kRunning) return Fail(rank, "sent data before the welcome");
  const std::pair<int, int64_t> key = {part.channel(), part.sequence()};
  auto [found, is_new] = collectives_.try_emplace(key);
  Collective& collective = found->second;
  if (is_new) {
    if (!Hold(rank, EntryBytes(members_.size()))) return;
    collective.kind = part.kind();
    collective.bytes.resize(members_.size());
    collective.done.resize(members_.size());
    for (size_t each = 0; each < members_.size(); ++each) collective.done[each] = !Contributes(part.kind(), each);
  }
  if (collective.kind != part.kind() || collective.done[rank]) {
    return Fail(rank, absl::StrCat("calls ", proto::CollectiveKind_Name(part.kind()), " as operation ", part.sequence(),
                                   " of channel ", part.channel(), ", another process ",
                                   proto::CollectiveKind_Name(collective.kind)));
  }
  if (!Hold(rank, static_cast<int64_t>(part.bytes().size()))) return;
  collective.bytes[rank] += part.bytes();
  if (!part.last()) return;
  collective.done[rank] = true;
  if (std::find(collective.done.begin(), collective.done.end(), false) != collective.done.end()) {
    return CheckNobodyLeft(collective);
  }
  const Collective whole = std::move(collective);
  collectives_.erase(found);
  FinishCollective(key, whole);
}

bool LeaderState::Hold(int rank, int64_t bytes) {
  held_bytes_ += bytes;
  if (held_bytes_ <= options_.most_bytes) return true;
  Fail(rank, absl::StrCat("sent data that rank 0 cannot hold: more than ", options_.most_bytes, " bytes wait"));
  return false;
}

void LeaderState::FinishCollective(std::pair<int, int64_t> key, const Collective& collective) {
  proto::Part header;
  header.set_kind(collective.kind);
  header.set_channel(key.first);
  header.set_sequence(key.second);
  std::vector<std::shared_ptr<const proto::FromLeader>> messages;
  held_bytes_ -= EntryBytes(members_.size());
  for (size_t rank = 0; rank < members_.size(); ++rank) {
    held_bytes_ -= collective.bytes[rank].size();
    header.set_rank(rank);
    for (proto::Part& part : SplitIntoParts(header, collective.bytes[rank])) {
      if (part.bytes().empty()) continue;
      auto message = std::make_shared<proto::FromLeader>();
      *message->mutable_part() = std::move(part);
      message->mutable_part()->set_last(false);
      messages.push_back(std::move(message));
    }
  }
  auto end = std::make_shared<proto::FromLeader>();
  *end->mutable_part() = header;
  end->mutable_part()->set_last(true);
  messages.push_back(std::move(end));
  for (size_t rank = 0; rank < members_.size(); ++rank) {
    if (!Receives(collective.kind, rank) || !members_[rank].open || members_[rank].left) continue;
    for (const auto& message : messages) Send(members_[rank].stream, message);
  }
}

void LeaderState::CheckNobodyLeft(const Collective& collective) {
  for (size_t rank = 0; rank < members_.size(); ++rank) {
    if (!collective.done[rank] && members_[rank].left) {
      return Fail(rank, absl::StrCat("has finished, but others wait for it in a ",
                                     proto::CollectiveKind_Name(collective.kind)));
    }
  }
}

}  // namespace baton
