// The store of LeaderState: keys with values, and processes that wait for a key.
#include "absl/strings/str_cat.h"
#include "runtime/process/leader_state.h"

namespace baton {

void LeaderState::OnSetValue(int rank, const proto::Value& value) {
  if (!Hold(rank, static_cast<int64_t>(value.key().size() + value.value().size()))) return;
  if (!values_.emplace(value.key(), value.value()).second) {
    return Fail(rank, absl::StrCat("sets the key \"", value.key(), "\" of the store a second time"));
  }
  const auto waiting = asked_.find(value.key());
  if (waiting == asked_.end()) return;
  for (const int each : waiting->second) SendValue(each, value.key());
  asked_.erase(waiting);
}

void LeaderState::OnAskValue(int rank, const std::string& key) {
  if (values_.count(key) > 0) return SendValue(rank, key);
  if (!Hold(rank, static_cast<int64_t>(key.size()))) return;
  asked_[key].insert(rank);
}

void LeaderState::SendValue(int rank, const std::string& key) {
  if (!members_[rank].open || members_[rank].left) return;
  auto message = std::make_shared<proto::FromLeader>();
  message->mutable_value()->set_key(key);
  message->mutable_value()->set_value(values_[key]);
  Send(members_[rank].stream, std::move(message));
}

}  // namespace baton
