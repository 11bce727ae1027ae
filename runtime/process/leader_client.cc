#include "runtime/process/leader_client.h"

#include <grpcpp/grpcpp.h>

#include <utility>

#include "absl/memory/memory.h"
#include "base/mutex.h"
#include "proto/control.grpc.pb.h"
#include "runtime/process/parts.h"
#include "runtime/process/write_queue.h"

namespace baton {
namespace {

class GrpcLeaderClient : public LeaderClient, public grpc::ClientBidiReactor<proto::FromProcess, proto::FromLeader> {
 public:
  GrpcLeaderClient(const std::string& address, const std::string& token, LeaderClientEvents events)
      : events_(std::move(events)) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    // Each attempt makes a connection of its own instead of waiting for the backoff of an earlier one.
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetMaxReceiveMessageSize(kMostMessageBytes);
    stub_ = proto::Control::NewStub(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
    if (!token.empty()) context_.AddMetadata("baton-token", token);
    stub_->async()->Join(&context_, this);
    // Writes are started from outside of callbacks.
    AddHold();
    StartRead(&incoming_);
    StartCall();
  }

  ~GrpcLeaderClient() override {
    if (ended_) return;
    context_.TryCancel();
    End();
  }

  void Send(std::shared_ptr<const proto::FromProcess> message) override {
    if (const proto::FromProcess* const next = queue_.Push(std::move(message)); next != nullptr) StartWrite(next);
  }

  std::string End() override {
    if (!ended_) RemoveHold();
    ended_ = true;
    MutexLock lock(&mutex_);
    while (!done_) changed_.Wait(&mutex_);
    if (status_.error_code() == grpc::StatusCode::FAILED_PRECONDITION) return status_.error_message();
    if (status_.error_code() == grpc::StatusCode::UNAUTHENTICATED) {
      return "its token is wrong; BATON_TOKEN must be the same in all processes";
    }
    return "";
  }

  void OnReadDone(bool ok) override {
    if (!ok) return events_.ended();
    events_.received(incoming_);
    StartRead(&incoming_);
  }
  void OnWriteDone(bool ok) override {
    bool finish = false;
    if (const proto::FromProcess* const next = queue_.WriteDone(ok, finish); next != nullptr) StartWrite(next);
  }
  void OnDone(const grpc::Status& status) override {
    MutexLock lock(&mutex_);
    done_ = true;
    status_ = status;
    changed_.SignalAll();
  }

 private:
  const LeaderClientEvents events_;
  std::unique_ptr<proto::Control::Stub> stub_;
  grpc::ClientContext context_;
  proto::FromLeader incoming_;
  WriteQueue<proto::FromProcess> queue_;
  bool ended_ = false;
  Mutex mutex_;
  CondVar changed_;
  bool done_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<LeaderClient> LeaderClient::Create(const std::string& address, const std::string& token,
                                                   LeaderClientEvents events) {
  return absl::make_unique<GrpcLeaderClient>(address, token, std::move(events));
}

}  // namespace baton
