// Deals the devices, makes those that are here, and connects them.
#include "runtime/train/run_devices.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace baton {
namespace {

// Numbers the sets of connections that rank 0's process makes, so that none finds the keys of an earlier one.
std::atomic<int64_t> num_made{0};

}  // namespace

absl::StatusOr<std::vector<int>> DealDevices(const proto::Devices& devices, int count, int num_processes) {
  if (num_processes > count) {
    return absl::InvalidArgumentError(absl::StrCat("devices.count: ", count, " for ", num_processes,
                                                   " processes, which need a device each: pipeline.stages must be at "
                                                   "least ",
                                                   num_processes));
  }
  const bool is_given = !devices.per_process().empty() && num_processes > 1;
  if (is_given && devices.per_process_size() != num_processes) {
    return absl::InvalidArgumentError(absl::StrCat("devices.per_process: has ", devices.per_process_size(),
                                                   " entries, but the run has ", num_processes, " processes"));
  }
  std::vector<int> rank_of_device;
  for (int rank = 0; rank < num_processes; ++rank) {
    const int even = count / num_processes + (rank < count % num_processes ? 1 : 0);
    rank_of_device.insert(rank_of_device.end(), is_given ? devices.per_process(rank) : even, rank);
  }
  return rank_of_device;
}

absl::StatusOr<std::unique_ptr<RunDevices>> RunDevices::Create(const proto::Devices& devices, int count,
                                                               Control& control) {
  std::unique_ptr<RunDevices> made(new RunDevices);
  BATON_ASSIGN_OR_RETURN(made->rank_of_device_, DealDevices(devices, count, control.size()));
  const std::vector<int>& ranks = made->rank_of_device_;
  const std::string& host = control.members()[control.rank()].host();
  for (const int rank : ranks) made->is_on_host_.push_back(control.members()[rank].host() == host);
  const auto [begin, end] = std::equal_range(ranks.begin(), ranks.end(), control.rank());
  made->here_.begin = static_cast<int>(begin - ranks.begin());
  made->here_.end = static_cast<int>(end - ranks.begin());
  made->here_.on_host = static_cast<int>(std::count(made->is_on_host_.begin(), made->is_on_host_.end(), true));
  BATON_ASSIGN_OR_RETURN(made->devices_, MakeDevices(devices, count, made->here_));
  if (control.size() > 1) BATON_RETURN_IF_ERROR(made->Connect(control));
  return made;
}

absl::Status RunDevices::Connect(Control& control) {
  BATON_ASSIGN_OR_RETURN(const std::string number, control.Broadcast(absl::StrCat(num_made++)));
  GlooTransportOptions options;
  options.rank = control.rank();
  options.rank_of_device = rank_of_device_;
  options.store = &control;
  options.key_prefix = absl::StrCat("data ", number, "/");
  options.address = control.address();
  options.name_of_rank = [&control](int rank) {
    return absl::StrCat("rank ", rank, " (", control.members()[rank].host(), ")");
  };
  BATON_ASSIGN_OR_RETURN(gloo_, GlooTransport::Create(std::move(options)));
  BATON_ASSIGN_OR_RETURN(router_,
                         Router::Create({control.rank(), rank_of_device_, devices_.transport.get(), gloo_.get()}));
  return absl::OkStatus();
}

absl::Status RunDevices::AwaitConnected() { return gloo_ == nullptr ? absl::OkStatus() : gloo_->AwaitConnected(); }

void RunDevices::Abort(const absl::Status& status) {
  if (gloo_ != nullptr) gloo_->Abort(status);
}

}  // namespace baton
