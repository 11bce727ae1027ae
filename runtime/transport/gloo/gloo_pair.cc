// Ends and posts, failing, and going away. The two threads are in gloo_pair_threads.cc.
#include "runtime/transport/gloo/gloo_pair.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/transport/peer.h"

namespace baton {

GlooPair::GlooPair(GlooPairOptions options)
    : options_([&] {
        options.connection.stop = &gives_up_;
        return std::move(options);
      }()) {
  writer_ = std::thread([this] { WriterMain(); });
}

GlooPair::~GlooPair() {
  bool gives_up;
  {
    MutexLock lock(&mutex_);
    leaves_ = true;
    writer_wakes_.Signal();
    gives_up = !is_connected_;
  }
  if (gives_up) Fail(absl::CancelledError("the transport is gone"), /*tell=*/false);
  writer_.join();
  {
    MutexLock lock(&mutex_);
    if (status_.ok()) status_ = absl::CancelledError("the transport is gone");
    if (receiving_ != nullptr) receiving_->abortWaitRecv();
  }
  if (reader_.joinable()) reader_.join();
  for (std::unique_ptr<GlooBuffer>& buffer : in_buffers_) buffer.reset();
  out_buffer_.reset();
}

absl::Status GlooPair::AwaitConnected() {
  MutexLock lock(&mutex_);
  while (!is_connected_ && status_.ok()) changes_.Wait(&mutex_);
  return status_;
}

absl::Status GlooPair::status() const {
  MutexLock lock(&mutex_);
  return status_;
}

std::unique_ptr<GlooEnd> GlooPair::AddEnd(uint64_t lane, bool sends, int capacity, Doorbell* wakes) {
  auto end = std::make_unique<GlooEnd>();
  end->lane = lane;
  end->sends = sends;
  end->wakes = wakes;
  const auto size = static_cast<size_t>(std::max(capacity, 1));
  end->posts.resize(size);
  end->buffers.resize(size);
  end->credits.resize(size);
  MutexLock lock(&mutex_);
  ends_.push_back(end.get());
  for (const Early& early : early_) {
    if (!sends || early.lane != lane || end->num_credits == size) continue;
    end->credits[end->num_credits++] = early.credit;
  }
  if (sends) {
    early_.erase(std::remove_if(early_.begin(), early_.end(), [&](const Early& early) { return early.lane == lane; }),
                 early_.end());
  }
  if (!status_.ok() && wakes != nullptr) wakes->Cancel();
  return end;
}

absl::Status GlooPair::Post(GlooEnd& end, const GlooPost& post) {
  MutexLock lock(&mutex_);
  if (!status_.ok()) return status_;
  if (end.num_posted - end.num_done == end.posts.size()) {
    return absl::InternalError(absl::StrCat("a channel of capacity ", end.posts.size(), " got one more transfer"));
  }
  end.posts[end.IndexOf(end.num_posted++)] = post;
  writer_wakes_.Signal();
  return absl::OkStatus();
}

void GlooPair::Withdraw(GlooEnd& end) {
  bool has_begun;
  {
    MutexLock lock(&mutex_);
    end.num_posted = end.num_begun;
    has_begun = end.num_begun != end.num_done;
  }
  if (!has_begun) return;
  Fail(absl::UnavailableError(absl::StrCat("a transfer between ", options_.name, " and ", options_.peer_name,
                                           " was withdrawn, which closes their connection")),
       /*tell=*/false);
  CloseConnection();  // waits if another thread is closing it
}

void GlooPair::RemoveEnd(GlooEnd& end) {
  Withdraw(end);
  MutexLock lock(&mutex_);
  while (written_ == &end || read_ == &end) changes_.Wait(&mutex_);
  ends_.erase(std::remove(ends_.begin(), ends_.end(), &end), ends_.end());
}

bool GlooPair::HasPosts() const {
  return std::any_of(ends_.begin(), ends_.end(), [](const GlooEnd* end) { return end->num_posted != end->num_done; });
}

void GlooPair::Fail(const absl::Status& status, bool tell) {
  {
    MutexLock lock(&mutex_);
    if (!status_.ok()) return;
    status_ = status;
    // A process that has said goodbye is missed only by those who wait for it.
    tell = tell && !leaves_ && (!peer_left_ || HasPosts());
    gives_up_.store(true);
    if (sending_ != nullptr) sending_->abortWaitSend();
    if (receiving_ != nullptr) receiving_->abortWaitRecv();
    for (GlooEnd* end : ends_) {
      if (end->wakes != nullptr) end->wakes->Cancel();
    }
    writer_wakes_.Signal();
    changes_.SignalAll();
  }
  CloseConnection();
  if (tell && options_.on_error) options_.on_error(status);
}

void GlooPair::CloseConnection() {
  {
    MutexLock lock(&mutex_);
    if (connection_ == nullptr) return;
  }
  MutexLock lock(&close_mutex_);
  if (!is_closed_) connection_->Close();
  is_closed_ = true;
}

absl::Status GlooPair::Broken(const absl::Status& cause) const {
  return WithPeer(absl::UnavailableError(absl::StrCat("the connection of ", options_.name, " with ", options_.peer_name,
                                                      " broke: ", cause.message())),
                  options_.connection.peer);
}

absl::Status GlooPair::AwaitSend(GlooBuffer& buffer, std::chrono::milliseconds timeout) {
  {
    MutexLock lock(&mutex_);
    if (!status_.ok()) return status_;
    sending_ = &buffer;
  }
  const absl::Status status = GlooConnection::AwaitSend(buffer, timeout);
  MutexLock lock(&mutex_);
  sending_ = nullptr;
  return status;
}

absl::Status GlooPair::AwaitReceive(GlooBuffer& buffer, std::chrono::milliseconds timeout) {
  {
    MutexLock lock(&mutex_);
    if (!status_.ok()) return status_;
    receiving_ = &buffer;
  }
  const absl::Status status = GlooConnection::AwaitReceive(buffer, timeout);
  MutexLock lock(&mutex_);
  receiving_ = nullptr;
  return status;
}

}  // namespace baton
