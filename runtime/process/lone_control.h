// The control plane of a run of one process: nothing to wait for, nobody to tell. With it, code that trains is the same
// for any number of processes. Used by runtime/train.
#ifndef BATON_RUNTIME_PROCESS_LONE_CONTROL_H_
#define BATON_RUNTIME_PROCESS_LONE_CONTROL_H_

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "runtime/process/control.h"

namespace baton {

// Thread contract: any thread.
class LoneControl final : public Control {
 public:
  LoneControl() : members_(1) { members_[0].set_size(1); }

  int rank() const override { return 0; }
  const std::vector<proto::Hello>& members() const override { return members_; }
  const std::string& address() const override { return address_; }
  absl::Status Barrier(int channel) override { return absl::OkStatus(); }
  absl::StatusOr<std::string> Broadcast(const std::string& bytes, int channel) override { return bytes; }
  absl::StatusOr<std::vector<std::string>> Gather(const std::string& bytes, int channel) override { return {{bytes}}; }
  absl::StatusOr<std::vector<std::string>> Exchange(const std::string& bytes, int channel) override {
    return {{bytes}};
  }

  absl::Status Set(const std::string& key, const std::string& value) override {
    MutexLock lock(&mutex_);
    values_[key] = value;
    return absl::OkStatus();
  }
  // Nobody else can set a key meanwhile.
  absl::StatusOr<std::string> Get(const std::string& key, absl::Duration timeout) override {
    MutexLock lock(&mutex_);
    const auto found = values_.find(key);
    if (found != values_.end()) return found->second;
    return absl::DeadlineExceededError(absl::StrCat("no process has set the store's key \"", key, "\""));
  }

  void Abort(const absl::Status& status, int suspect) override {}
  void SetOnFailure(std::function<void(const absl::Status&)> on_failure) override {}
  int failed_rank() const override { return -1; }
  absl::Status status() const override { return absl::OkStatus(); }
  bool LeaderReports() const override { return false; }
  void RequestStop() override { stop_ = true; }
  absl::StatusOr<bool> BeginStep(int64_t step) override { return !stop_; }
  void ReportProgress(int64_t instructions, std::vector<std::string> positions) override {}
  proto::Heartbeat HeartbeatOf(int rank) const override { return {}; }
  int64_t clock_offset_ns() const override { return 0; }
  int64_t clock_round_trip_ns() const override { return 0; }
  absl::Status Leave() override { return absl::OkStatus(); }

 private:
  std::vector<proto::Hello> members_;
  const std::string address_ = "127.0.0.1";
  std::atomic<bool> stop_{false};
  Mutex mutex_;
  std::map<std::string, std::string> values_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace baton

#endif  // BATON_RUNTIME_PROCESS_LONE_CONTROL_H_
