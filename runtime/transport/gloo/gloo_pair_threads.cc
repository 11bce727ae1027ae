// The writer connects, announces receives and sends bytes; the reader takes messages and receives bytes.
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/failpoint.h"
#include "base/status.h"
#include "runtime/device/clock.h"
#include "runtime/transport/gloo/gloo_pair.h"
#include "runtime/transport/peer.h"

namespace baton {
namespace {

constexpr uint64_t kMessageNumber = 0;  // of Gloo's operations; lanes have other numbers
constexpr std::chrono::milliseconds kLeaveTimeout(1'000);

// Gloo writes to sockets without MSG_NOSIGNAL; a lost peer must not end this process.
void BlockPipeSignal() {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
}

}  // namespace

void GlooPair::WriterMain() {
  BlockPipeSignal();
  pthread_setname_np(pthread_self(), "baton-write");
  if (const absl::Status status = Connect(); !status.ok()) {
    Fail(WithPeer(absl::Status(status.code(), absl::StrCat(options_.name, " cannot connect with ", options_.peer_name,
                                                           ": ", status.message())),
                  options_.connection.peer));
    return;
  }
  for (;;) {
    GlooEnd* end = nullptr;
    {
      MutexLock lock(&mutex_);
      while (status_.ok() && !leaves_ && (end = NextWork()) == nullptr) writer_wakes_.Wait(&mutex_);
      if (!status_.ok()) return;
      if (leaves_) break;
      written_ = end;
    }
    absl::Status status = Failpoint("data.transfer");
    if (status.ok()) status = end->sends ? SendData(*end) : Announce(*end);
    {
      MutexLock lock(&mutex_);
      written_ = nullptr;
      changes_.SignalAll();
    }
    if (!status.ok()) return Fail(absl::IsInternal(status) ? status : Broken(status));
  }
  Message leave;
  leave.kind = Message::kLeave;
  SendMessage(leave, kLeaveTimeout).IgnoreError();
}

absl::Status GlooPair::Connect() {
  BATON_RETURN_IF_ERROR(Failpoint("data.connect"));
  BATON_ASSIGN_OR_RETURN(std::unique_ptr<GlooConnection> connection, GlooConnection::Create(options_.connection));
  {
    MutexLock lock(&mutex_);
    if (!status_.ok()) return status_;
    connection_ = std::move(connection);  // from now on Fail closes it
  }
  BATON_RETURN_IF_ERROR(connection_->Connect());
  out_buffer_ = connection_->MakeBuffer();
  for (int i = 0; i < kMessagesAhead; ++i) {
    in_buffers_[i] = connection_->MakeBuffer();
    BATON_RETURN_IF_ERROR(connection_->Receive(*in_buffers_[i], kMessageNumber, &in_[i], sizeof(Message)));
  }
  Message hello;
  hello.secret = connection_->peer_secret();
  BATON_RETURN_IF_ERROR(SendMessage(hello, options_.connection.timeout));
  // The first message must be the other side's hello: who cannot read the store does not know the secret.
  BATON_RETURN_IF_ERROR(AwaitReceive(*in_buffers_[0], options_.connection.timeout));
  if (in_[0].kind != Message::kHello || in_[0].secret != connection_->own_secret()) {
    return absl::UnavailableError("a stranger has connected in its place");
  }
  reader_ = std::thread([this] { ReaderMain(); });
  MutexLock lock(&mutex_);
  is_connected_ = true;
  changes_.SignalAll();
  return absl::OkStatus();
}

GlooEnd* GlooPair::NextWork() {
  for (size_t i = 0; i < ends_.size(); ++i) {
    GlooEnd* end = ends_[(next_end_ + i) % ends_.size()];
    const uint64_t limit = end->sends ? std::min(end->num_posted, end->num_credits) : end->num_posted;
    if (end->num_begun >= limit) continue;
    next_end_ = (next_end_ + i + 1) % ends_.size();
    return end;
  }
  return nullptr;
}

absl::Status GlooPair::SendMessage(const Message& message, std::chrono::milliseconds timeout) {
  out_ = message;
  BATON_RETURN_IF_ERROR(connection_->Send(*out_buffer_, kMessageNumber, &out_, sizeof(Message)));
  return AwaitSend(*out_buffer_, timeout);
}

absl::Status GlooPair::Announce(GlooEnd& end) {
  GlooPost post;
  GlooBuffer* buffer;
  {
    MutexLock lock(&mutex_);
    if (end.num_begun == end.num_posted) return absl::OkStatus();  // withdrawn meanwhile
    const size_t index = end.IndexOf(end.num_begun++);
    if (end.buffers[index] == nullptr) end.buffers[index] = connection_->MakeBuffer();
    post = end.posts[index];
    buffer = end.buffers[index].get();
  }
  if (post.bytes > 0) BATON_RETURN_IF_ERROR(connection_->Receive(*buffer, end.lane, post.data, post.bytes));
  Message credit;
  credit.kind = Message::kCredit;
  credit.lane = end.lane;
  credit.bytes = post.bytes;
  credit.tag = post.tag;
  return SendMessage(credit, options_.transfer_timeout);
}

absl::Status GlooPair::SendData(GlooEnd& end) {
  GlooPost post;
  GlooEnd::Credit credit;
  GlooBuffer* buffer;
  {
    MutexLock lock(&mutex_);
    if (end.num_begun == end.num_posted) return absl::OkStatus();  // withdrawn meanwhile
    const size_t index = end.IndexOf(end.num_begun);
    if (end.buffers[index] == nullptr) end.buffers[index] = connection_->MakeBuffer();
    post = end.posts[index];
    credit = end.credits[index];
    buffer = end.buffers[index].get();
    if (post.bytes == credit.bytes && post.tag == credit.tag) {
      ++end.num_begun;
      if (post.started != nullptr) post.started->CompleteAt(std::max(post.posted_at, credit.arrived_at));
    }
  }
  Message message;
  message.lane = end.lane;
  message.bytes = post.bytes;
  if (post.bytes != credit.bytes || post.tag != credit.tag) {
    message.kind = Message::kMismatch;
    message.other_bytes = credit.bytes;
    BATON_RETURN_IF_ERROR(SendMessage(message, options_.transfer_timeout));
    return Handle(message);
  }
  message.kind = Message::kData;
  out_ = message;
  BATON_RETURN_IF_ERROR(connection_->Send(*out_buffer_, kMessageNumber, &out_, sizeof(Message)));
  if (post.bytes > 0) BATON_RETURN_IF_ERROR(connection_->Send(*buffer, end.lane, post.data, post.bytes));
  BATON_RETURN_IF_ERROR(AwaitSend(*out_buffer_, options_.transfer_timeout));
  if (post.bytes > 0) BATON_RETURN_IF_ERROR(AwaitSend(*buffer, options_.transfer_timeout));
  MutexLock lock(&mutex_);
  if (!status_.ok()) return status_;
  ++end.num_done;
  post.done->CompleteAt(SteadyNow());
  return absl::OkStatus();
}

void GlooPair::ReaderMain() {
  BlockPipeSignal();
  pthread_setname_np(pthread_self(), "baton-read");
  const absl::Status status = ReadMessages();
  Fail(absl::IsInternal(status) ? status : Broken(status));
}

absl::Status GlooPair::ReadMessages() {
  // Behind its goodbye the peer closes the connection, and no buffer can be posted any more. Messages that have come
  // before are still handled: one of them is the goodbye.
  absl::Status closed = connection_->Receive(*in_buffers_[0], kMessageNumber, &in_[0], sizeof(Message));
  int last = closed.ok() ? kMessagesAhead : 0;  // the buffer that could not be posted
  for (int next = 1; next != last; next = (next + 1) % kMessagesAhead) {
    BATON_RETURN_IF_ERROR(AwaitReceive(*in_buffers_[next], kGlooForever));
    const Message message = in_[next];
    if (closed.ok()) {
      closed = connection_->Receive(*in_buffers_[next], kMessageNumber, &in_[next], sizeof(Message));
      if (!closed.ok()) last = next;
    }
    BATON_RETURN_IF_ERROR(Handle(message));
  }
  return closed;
}

absl::Status GlooPair::Handle(const Message& message) {
  switch (message.kind) {
    case Message::kCredit:
      return AddCredit(message);
    case Message::kData:
      return ReceiveData(message);
    case Message::kMismatch:
      if (message.bytes == message.other_bytes) {
        return absl::InternalError("the members of a sum differ in their size, type or order");
      }
      return absl::InternalError(
          absl::StrCat("a send of ", message.bytes, " bytes matches a receive of ", message.other_bytes, " bytes"));
    case Message::kLeave: {
      MutexLock lock(&mutex_);
      peer_left_ = true;
      return absl::OkStatus();
    }
    default:
      return absl::InternalError(absl::StrCat(options_.peer_name, " sent a message of unknown kind ", message.kind));
  }
}

GlooEnd* GlooPair::FindEnd(uint64_t lane, bool sends) const {
  const auto found = std::find_if(ends_.begin(), ends_.end(),
                                  [&](const GlooEnd* end) { return end->lane == lane && end->sends == sends; });
  return found == ends_.end() ? nullptr : *found;
}

absl::Status GlooPair::AddCredit(const Message& message) {
  const GlooEnd::Credit credit{message.bytes, message.tag, SteadyNow()};
  MutexLock lock(&mutex_);
  GlooEnd* end = FindEnd(message.lane, /*sends=*/true);
  if (end == nullptr) {
    early_.push_back({message.lane, credit});
    return absl::OkStatus();
  }
  if (end->num_credits - end->num_begun == end->credits.size()) {
    return absl::InternalError(absl::StrCat("a channel of capacity ", end->credits.size(), " got one more receive"));
  }
  end->credits[end->IndexOf(end->num_credits++)] = credit;
  writer_wakes_.Signal();
  return absl::OkStatus();
}

absl::Status GlooPair::ReceiveData(const Message& message) {
  GlooPost post;
  GlooBuffer* buffer;
  GlooEnd* end;
  {
    MutexLock lock(&mutex_);
    if (!status_.ok()) return status_;
    end = FindEnd(message.lane, /*sends=*/false);
    if (end == nullptr || end->num_begun == end->num_done) {
      return absl::InternalError(absl::StrCat(options_.peer_name, " sent bytes that nobody receives"));
    }
    const size_t index = end->IndexOf(end->num_done);
    post = end->posts[index];
    buffer = end->buffers[index].get();
    read_ = end;
    if (post.started != nullptr) post.started->CompleteAt(std::max(post.posted_at, SteadyNow()));
  }
  const absl::Status status = post.bytes > 0 ? AwaitReceive(*buffer, options_.transfer_timeout) : absl::OkStatus();
  MutexLock lock(&mutex_);
  read_ = nullptr;
  changes_.SignalAll();
  if (!status.ok()) return status;
  if (!status_.ok()) return status_;
  ++end->num_done;
  post.done->CompleteAt(SteadyNow());
  return absl::OkStatus();
}

}  // namespace baton
