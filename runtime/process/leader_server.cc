// Callbacks of gRPC may run inside of the calls that start an operation, so no lock is held in these calls.
#include "runtime/process/leader_server.h"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <map>
#include <utility>
#include <vector>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "proto/control.grpc.pb.h"
#include "runtime/process/parts.h"
#include "runtime/process/write_queue.h"

namespace baton {
namespace {

constexpr int kHandshakeMs = 5'000;
constexpr auto kShutdown = std::chrono::milliseconds(200);

// Takes the same time wherever the texts differ.
bool SameSecret(const std::string& expected, const std::string& given) {
  unsigned difference = expected.size() != given.size() ? 1 : 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    difference |= static_cast<unsigned char>(expected[i]) ^ static_cast<unsigned char>(i < given.size() ? given[i] : 0);
  }
  return difference == 0;
}

// A call that is refused at once.
class RefusedStream : public grpc::ServerBidiReactor<proto::FromProcess, proto::FromLeader> {
 public:
  RefusedStream(grpc::StatusCode code, const std::string& why) { Finish(grpc::Status(code, why)); }
  void OnDone() override { delete this; }
};

// One process's stream. Owned by itself (`self_`) until gRPC is done with it, and by the server's table.
class ProcessStream : public grpc::ServerBidiReactor<proto::FromProcess, proto::FromLeader> {
 public:
  ProcessStream(int64_t number, const LeaderEvents& events, std::function<void(int64_t)> done)
      : number_(number), events_(events), done_(std::move(done)) {}

  void Start(std::shared_ptr<ProcessStream> self) {
    self_ = std::move(self);
    events_.opened(number_);
    StartRead(&incoming_);
  }

  void Send(std::shared_ptr<const proto::FromLeader> message) {
    if (const proto::FromLeader* const next = queue_.Push(std::move(message)); next != nullptr) StartWrite(next);
  }

  void Close(const std::string& refusal) {
    if (closed_.exchange(true)) return;
    if (!refusal.empty()) final_ = grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, refusal);
    if (queue_.Close()) Finish(final_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      events_.closed(number_);
      return Close("");
    }
    events_.received(number_, incoming_);
    StartRead(&incoming_);
  }
  void OnWriteDone(bool ok) override {
    bool finish = false;
    const proto::FromLeader* const next = queue_.WriteDone(ok, finish);
    if (finish) return Finish(final_);
    if (next != nullptr) StartWrite(next);
  }
  void OnDone() override {
    done_(number_);
    const std::shared_ptr<ProcessStream> last = std::move(self_);
  }

 private:
  const int64_t number_;
  const LeaderEvents& events_;
  const std::function<void(int64_t)> done_;
  proto::FromProcess incoming_;
  std::shared_ptr<ProcessStream> self_;
  WriteQueue<proto::FromLeader> queue_;
  std::atomic<bool> closed_{false};
  grpc::Status final_;  // set before the queue is closed
};

class GrpcLeaderServer : public LeaderServer, public proto::Control::CallbackService {
 public:
  GrpcLeaderServer(std::string token, int most_streams, LeaderEvents events)
      : token_(std::move(token)), most_streams_(most_streams), events_(std::move(events)) {}

  ~GrpcLeaderServer() override {
    if (server_ == nullptr) return;
    std::vector<std::shared_ptr<ProcessStream>> rest;
    {
      MutexLock lock(&mutex_);
      for (const auto& [number, stream] : streams_) rest.push_back(stream);
    }
    for (const auto& stream : rest) stream->Close("");
    rest.clear();
    // Then streams are cancelled, and finish themselves.
    server_->Shutdown(std::chrono::system_clock::now() + kShutdown);
    server_->Wait();
    MutexLock lock(&mutex_);
    while (!streams_.empty()) changed_.Wait(&mutex_);
  }

  bool Listen(const std::string& address) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMs);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 1);
    builder.SetMaxReceiveMessageSize(kMostMessageBytes);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    return server_ != nullptr;
  }

  grpc::ServerBidiReactor<proto::FromProcess, proto::FromLeader>* Join(grpc::CallbackServerContext* context) override {
    const auto& metadata = context->client_metadata();
    const auto token = metadata.find("baton-token");
    const std::string given = token == metadata.end() ? "" : std::string(token->second.data(), token->second.size());
    if (!SameSecret(token_, given)) return new RefusedStream(grpc::StatusCode::UNAUTHENTICATED, "wrong token");
    std::shared_ptr<ProcessStream> stream;
    {
      MutexLock lock(&mutex_);
      if (static_cast<int>(streams_.size()) >= most_streams_) {
        return new RefusedStream(grpc::StatusCode::RESOURCE_EXHAUSTED, "too many connections");
      }
      const int64_t number = ++last_number_;
      stream = std::make_shared<ProcessStream>(number, events_, [this](int64_t done) { Forget(done); });
      streams_[number] = stream;
    }
    stream->Start(stream);
    return stream.get();
  }

  void Send(int64_t stream, std::shared_ptr<const proto::FromLeader> message) override {
    if (const auto found = Find(stream); found != nullptr) found->Send(std::move(message));
  }
  void Close(int64_t stream, const std::string& refusal) override {
    if (const auto found = Find(stream); found != nullptr) found->Close(refusal);
  }

 private:
  std::shared_ptr<ProcessStream> Find(int64_t number) {
    MutexLock lock(&mutex_);
    const auto found = streams_.find(number);
    return found == streams_.end() ? nullptr : found->second;
  }
  void Forget(int64_t number) {
    MutexLock lock(&mutex_);
    streams_.erase(number);
    changed_.SignalAll();
  }

  const std::string token_;
  const int most_streams_;
  const LeaderEvents events_;
  std::unique_ptr<grpc::Server> server_;
  Mutex mutex_;
  CondVar changed_;
  std::map<int64_t, std::shared_ptr<ProcessStream>> streams_ ABSL_GUARDED_BY(mutex_);
  int64_t last_number_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<LeaderServer>> LeaderServer::Create(const std::string& address, const std::string& token,
                                                                   int most_streams, LeaderEvents events) {
  auto server = absl::make_unique<GrpcLeaderServer>(token, most_streams, std::move(events));
  if (!server->Listen(address)) return absl::UnavailableError(absl::StrCat("rank 0 cannot listen on ", address));
  return server;
}

}  // namespace baton
