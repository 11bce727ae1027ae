// Which connection and which lane a channel or sum uses.
#include "runtime/transport/gloo/gloo_transport.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/transport/gloo/gloo_channel.h"
#include "runtime/transport/gloo/gloo_collective.h"
#include "runtime/transport/gloo/gloo_connection.h"
#include "runtime/transport/gloo/gloo_pair.h"

namespace baton {
namespace {

enum LaneKind { kChannelLane = 1, kSumLane = 2 };

// Sums of more processes do not connect all with all.
constexpr int kMostConnected = 8;
constexpr int kMaxIndex = 1 << 20;  // of devices and ranks, which are part of a lane's number
constexpr int64_t kMaxTimeoutMilliseconds = kGlooForever.count();

}  // namespace

absl::StatusOr<std::unique_ptr<GlooTransport>> GlooTransport::Create(GlooTransportOptions options) {
  if (options.store == nullptr) return absl::InvalidArgumentError("store: null");
  if (options.rank < 0 || options.rank >= kMaxIndex || options.rank_of_device.size() > kMaxIndex) {
    return absl::InvalidArgumentError(absl::StrCat("rank ", options.rank, " of ", options.rank_of_device.size(),
                                                   " devices: neither may exceed ", kMaxIndex));
  }
  if (options.connect_timeout_ms < 1 || options.connect_timeout_ms > kMaxTimeoutMilliseconds) {
    return absl::InvalidArgumentError(absl::StrCat("connect_timeout_ms is ", options.connect_timeout_ms,
                                                   "; it must be from 1 to ", kMaxTimeoutMilliseconds));
  }
  if (options.transfer_timeout_ms < 0 || options.transfer_timeout_ms > kMaxTimeoutMilliseconds) {
    return absl::InvalidArgumentError(absl::StrCat("transfer_timeout_ms is ", options.transfer_timeout_ms,
                                                   "; it must be from 0 to ", kMaxTimeoutMilliseconds));
  }
  std::unique_ptr<GlooTransport> transport(new GlooTransport(std::move(options)));
  BATON_ASSIGN_OR_RETURN(transport->device_,
                         MakeGlooDevice(transport->options_.address, transport->options_.interface));
  return transport;
}

GlooTransport::GlooTransport(GlooTransportOptions options) : options_(std::move(options)) {}

GlooTransport::~GlooTransport() {
  std::map<int, std::unique_ptr<GlooPair>> pairs;
  MutexLock lock(&pairs_mutex_);
  pairs.swap(pairs_);
}

absl::Status GlooTransport::CheckDevice(int device) const {
  if (device >= 0 && device < static_cast<int>(options_.rank_of_device.size())) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("device ", device, ": there are ", options_.rank_of_device.size(), " devices"));
}

std::string GlooTransport::NameOf(int rank) const {
  return options_.name_of_rank ? options_.name_of_rank(rank) : absl::StrCat("rank ", rank);
}

GlooPair* GlooTransport::PairWith(int rank) {
  MutexLock lock(&pairs_mutex_);
  std::unique_ptr<GlooPair>& pair = pairs_[rank];
  if (pair != nullptr) return pair.get();
  GlooPairOptions options;
  options.connection.rank = options_.rank;
  options.connection.peer = rank;
  options.connection.key_prefix = options_.key_prefix;
  options.connection.store = options_.store;
  options.connection.device = device_;
  options.connection.timeout = std::chrono::milliseconds(options_.connect_timeout_ms);
  options.name = NameOf(options_.rank);
  options.peer_name = NameOf(rank);
  if (options_.transfer_timeout_ms > 0) {
    options.transfer_timeout = std::chrono::milliseconds(options_.transfer_timeout_ms);
  }
  options.on_error = [this](const absl::Status& status) { Report(status); };
  pair = std::make_unique<GlooPair>(std::move(options));
  if (!abort_status_.ok()) pair->Fail(abort_status_, /*tell=*/false);
  return pair.get();
}

absl::StatusOr<std::unique_ptr<Channel>> GlooTransport::CreateChannel(int from, int to, int capacity) {
  BATON_RETURN_IF_ERROR(CheckDevice(from));
  BATON_RETURN_IF_ERROR(CheckDevice(to));
  if (from == to) return absl::InvalidArgumentError(absl::StrCat("a channel from device ", from, " to itself"));
  const int rank_from = options_.rank_of_device[from], rank_to = options_.rank_of_device[to];
  if (rank_from == rank_to) {
    return absl::InvalidArgumentError(
        absl::StrCat("a channel from device ", from, " to device ", to, ", both in the process of rank ", rank_to));
  }
  const bool sends = rank_from == options_.rank;
  if (!sends && rank_to != options_.rank) return nullptr;
  const int ordinal = num_lanes_[{kChannelLane, from, to}]++;
  const uint64_t lane = uint64_t{kChannelLane} << 60 | static_cast<uint64_t>(from) << 40 |
                        static_cast<uint64_t>(to) << 20 | static_cast<uint64_t>(ordinal);
  return std::make_unique<GlooChannel>(PairWith(sends ? rank_to : rank_from), lane, sends, capacity,
                                       options_.moves_data);
}

absl::StatusOr<std::unique_ptr<Collective>> GlooTransport::CreateCollective(
    absl::Span<const int32_t> device_of_member) {
  if (device_of_member.empty()) return absl::InvalidArgumentError("a sum without members");
  GlooCollectiveOptions sum;
  std::map<int, std::vector<int>> members_of_rank;
  for (size_t member = 0; member < device_of_member.size(); ++member) {
    BATON_RETURN_IF_ERROR(CheckDevice(device_of_member[member]));
    const int rank = options_.rank_of_device[device_of_member[member]];
    members_of_rank[rank].push_back(static_cast<int>(member));
    sum.member_is_here.push_back(rank == options_.rank);
  }
  if (members_of_rank.count(options_.rank) == 0) return nullptr;
  sum.device_of_member.assign(device_of_member.begin(), device_of_member.end());
  for (const auto& [rank, members] : members_of_rank) sum.processes.push_back({members.front(), members.back()});
  sum.through_one = sum.processes.size() > kMostConnected;
  sum.own_part = static_cast<int>(std::distance(members_of_rank.begin(), members_of_rank.find(options_.rank)));
  int part = -1;
  for (const auto& [rank, members] : members_of_rank) {
    ++part;
    if (rank == options_.rank || (sum.through_one && part > 0 && sum.own_part > 0)) continue;
    const auto lane = [this](int from, int to) {
      const int ordinal = num_lanes_[{kSumLane, from, to}]++;
      return uint64_t{kSumLane} << 60 | static_cast<uint64_t>(from) << 40 | static_cast<uint64_t>(to) << 20 |
             static_cast<uint64_t>(ordinal);
    };
    sum.peers.push_back({PairWith(rank), part, members, lane(options_.rank, rank), lane(rank, options_.rank)});
  }
  return std::make_unique<GlooCollective>(std::move(sum));
}

void GlooTransport::SetErrorSink(std::function<void(const absl::Status&)> sink) {
  MutexLock lock(&sink_mutex_);
  sink_ = std::move(sink);
  if (!sink_ || unreported_.ok()) return;
  sink_(unreported_);
  unreported_ = absl::OkStatus();
}

// Under the lock, so that a sink is not called after it has been replaced.
void GlooTransport::Report(const absl::Status& status) {
  MutexLock lock(&sink_mutex_);
  if (sink_) {
    sink_(status);
  } else if (unreported_.ok()) {
    unreported_ = status;
  }
}

absl::Status GlooTransport::AwaitConnected() {
  std::vector<GlooPair*> pairs;
  {
    MutexLock lock(&pairs_mutex_);
    for (const auto& [rank, pair] : pairs_) pairs.push_back(pair.get());
  }
  for (GlooPair* pair : pairs) BATON_RETURN_IF_ERROR(pair->AwaitConnected());
  return absl::OkStatus();
}

void GlooTransport::Abort(const absl::Status& status) {
  MutexLock lock(&pairs_mutex_);
  abort_status_ = status;
  for (const auto& [rank, pair] : pairs_) pair->Fail(status, /*tell=*/false);
}

}  // namespace baton
