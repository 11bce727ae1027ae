// Which processes a channel or collective joins, and connecting them.
#include "runtime/transport/nccl/nccl_transport.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "runtime/transport/cuda/cuda_collective.h"
#include "runtime/transport/nccl/nccl_channel.h"
#include "runtime/transport/nccl/nccl_exchange.h"

namespace baton {

absl::StatusOr<std::unique_ptr<NcclTransport>> NcclTransport::Create(NcclTransportOptions options) {
  if (options.store == nullptr) return absl::InvalidArgumentError("store: null");
  if (options.devices.size() != options.rank_of_device.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("devices: ", options.devices.size(), ", but rank_of_device has ", options.rank_of_device.size()));
  }
  return std::unique_ptr<NcclTransport>(new NcclTransport(std::move(options)));
}

absl::Status NcclTransport::CheckDevice(int device) const {
  if (device >= 0 && device < static_cast<int>(options_.devices.size())) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("device ", device, ": there are ", options_.devices.size(), " devices"));
}

std::shared_ptr<NcclConnection> NcclTransport::Plan(CudaDevice* device, const std::string& name, int rank,
                                                    int num_ranks) {
  NcclConnectionOptions options;
  options.device = device;
  options.store = options_.store;
  options.key = absl::StrCat(options_.key_prefix, name, " ", num_of_name_[name]++);
  options.rank = rank;
  options.num_ranks = num_ranks;
  options.timeout_ms = options_.connect_timeout_ms;
  auto connection = std::make_shared<NcclConnection>(options);
  planned_[options.key] = connection;
  return connection;
}

absl::StatusOr<std::unique_ptr<Channel>> NcclTransport::CreateChannel(int from, int to, int capacity) {
  BATON_RETURN_IF_ERROR(CheckDevice(from));
  BATON_RETURN_IF_ERROR(CheckDevice(to));
  if (from == to) return absl::InvalidArgumentError(absl::StrCat("a channel from device ", from, " to itself"));
  CudaDevice* const sender = options_.devices[from];
  CudaDevice* const receiver = options_.devices[to];
  if (sender == nullptr && receiver == nullptr) return nullptr;
  if (sender != nullptr && receiver != nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("a channel from device ", from, " to device ", to,
                                                   ", both in the process of rank ", options_.rank));
  }
  const int rank = sender != nullptr ? 0 : 1;
  CudaDevice* const device = sender != nullptr ? sender : receiver;
  return std::make_unique<NcclChannel>(Plan(device, absl::StrCat("channel ", from, " ", to), rank, /*num_ranks=*/2),
                                       1 - rank);
}

absl::StatusOr<std::unique_ptr<Collective>> NcclTransport::CreateCollective(
    absl::Span<const int32_t> device_of_member) {
  if (device_of_member.empty()) return absl::InvalidArgumentError("a sum without members");
  std::vector<int> processes;  // ascending: their positions are the ranks of the communicator
  std::vector<CudaDevice*> devices;
  NcclExchangeOptions exchange;
  for (const int32_t device : device_of_member) {
    BATON_RETURN_IF_ERROR(CheckDevice(device));
    processes.push_back(options_.rank_of_device[device]);
    devices.push_back(options_.devices[device]);
    if (exchange.device == nullptr) exchange.device = devices.back();
  }
  if (exchange.device == nullptr) return nullptr;
  std::sort(processes.begin(), processes.end());
  processes.erase(std::unique(processes.begin(), processes.end()), processes.end());
  const auto position = [&](int rank) {
    return static_cast<int>(std::lower_bound(processes.begin(), processes.end(), rank) - processes.begin());
  };
  exchange.rank = position(options_.rank);
  for (const int32_t device : device_of_member) {
    exchange.rank_of_member.push_back(position(options_.rank_of_device[device]));
  }
  exchange.connection = Plan(exchange.device, absl::StrCat("sum ", absl::StrJoin(device_of_member, ",")), exchange.rank,
                             static_cast<int>(processes.size()));
  BATON_ASSIGN_OR_RETURN(std::unique_ptr<NcclExchange> made, NcclExchange::Create(std::move(exchange)));
  return CudaCollective::Create(std::move(devices), std::move(made));
}

absl::Status NcclTransport::AwaitConnected() {
  // A map is in the order of its keys, which is the same in all processes.
  for (const auto& [key, planned] : std::exchange(planned_, {})) {
    {
      MutexLock lock(&mutex_);
      if (!abort_status_.ok()) return abort_status_;
    }
    const std::shared_ptr<NcclConnection> connection = planned.lock();
    if (connection == nullptr) continue;
    const absl::Status status = connection->Connect();
    if (!status.ok()) return absl::Status(status.code(), absl::StrCat("connecting ", key, ": ", status.message()));
  }
  return absl::OkStatus();
}

void NcclTransport::Abort(const absl::Status& status) {
  MutexLock lock(&mutex_);
  abort_status_ = status;
}

}  // namespace baton
