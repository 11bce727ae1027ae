#include "runtime/cluster/check_cluster.h"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "base/mutex.h"
#include "base/status.h"
#include "runtime/cluster/pair_probe.h"

namespace baton {
namespace {

double Micros(Nanos nanos) { return static_cast<double>(nanos) / 1000; }

// Measures the pairs of this process, and ends at once when the run fails anywhere.
class Prober {
 public:
  Prober(Control& control, const ClusterOptions& options) : control_(control), options_(options) {
    control_.SetOnFailure([this](const absl::Status& status) { Abort(status); });
  }
  ~Prober() {
    control_.SetOnFailure(nullptr);
    Disconnect();
  }

  // Adds the link to `peer`, or why there is none, and for rank 0 as peer the clock.
  void Measure(int peer, proto::ClusterPart& part) {
    proto::ClusterReport::Link& link = *part.add_links();
    link.set_from(control_.rank());
    link.set_to(peer);
    const absl::StatusOr<PairFigures> figures = MeasurePair(peer);
    if (!figures.ok()) {
      link.set_error(std::string(figures.status().message()));
      return;
    }
    link.set_latency_us(Micros(figures->latency_ns));
    link.set_bandwidth_gbps(figures->bytes_per_ns);
    if (peer != 0) return;
    part.mutable_process()->set_clock_offset_us(-Micros(figures->clock_offset_ns));
    part.mutable_process()->set_clock_bound_us(Micros(figures->clock_bound_ns));
  }

  // Ends the connection of the last pair, once its other process has measured too.
  void Disconnect() {
    std::unique_ptr<PairProbe> probe;
    MutexLock lock(&mutex_);
    probe = std::move(probe_);
  }

 private:
  absl::StatusOr<PairFigures> MeasurePair(int peer) {
    const int rank = control_.rank();
    PairProbeOptions options;
    options.rank = rank;
    options.peer = peer;
    options.store = &control_;
    options.key_prefix = absl::StrCat("probe ", std::min(rank, peer), "-", std::max(rank, peer), "/");
    options.address = control_.address();
    options.large_messages = options_.large_messages;
    options.connect_timeout_ms = options_.connect_timeout_ms;
    options.name_of_rank = [this](int which) {
      return absl::StrCat("rank ", which, " (", control_.members()[which].host(), ")");
    };
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<PairProbe> made, PairProbe::Create(std::move(options)));
    PairProbe* const probe = made.get();
    {
      MutexLock lock(&mutex_);
      if (!failure_.ok()) return failure_;
      probe_ = std::move(made);
    }
    return probe->Measure();
  }

  void Abort(const absl::Status& status) {
    MutexLock lock(&mutex_);
    failure_ = status;
    if (probe_ != nullptr) probe_->Abort(status);
  }

  Control& control_;
  const ClusterOptions& options_;
  Mutex mutex_;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<PairProbe> probe_ ABSL_GUARDED_BY(mutex_);
};

proto::ClusterPart DescribeProcess(const Control& control, const ClusterOptions& options) {
  proto::ClusterPart part;
  part.set_address(control.address());
  proto::ClusterReport::Process& process = *part.mutable_process();
  char host[256] = "";
  gethostname(host, sizeof(host) - 1);
  process.set_rank(control.rank());
  process.set_host(host);
  process.set_pid(getpid());
  for (const auto& fact : options.facts) *process.add_facts() = fact;
  return part;
}

}  // namespace

absl::StatusOr<proto::ClusterReport> CheckCluster(Control& control, const ClusterOptions& options) {
  proto::ClusterPart part = DescribeProcess(control, options);
  if (control.rank() == 0) {
    part.mutable_process()->set_clock_offset_us(0);
    part.mutable_process()->set_clock_bound_us(0);
  }
  {
    Prober prober(control, options);
    const int pairs = control.size() * (control.size() - 1) / 2;
    int done = 0;
    for (int low = 0; low < control.size(); ++low) {
      for (int high = low + 1; high < control.size(); ++high) {
        if (control.rank() == low) prober.Measure(high, part);
        if (control.rank() == high) prober.Measure(low, part);
        BATON_RETURN_IF_ERROR(control.Barrier());
        prober.Disconnect();
        if (control.rank() == 0 && options.progress) options.progress(++done, pairs);
      }
    }
  }
  BATON_ASSIGN_OR_RETURN(const std::vector<std::string> texts, control.Gather(part.SerializeAsString()));
  proto::ClusterReport report;
  if (control.rank() > 0) return report;
  std::vector<std::string> addresses;
  for (int rank = 0; rank < control.size(); ++rank) {
    if (!part.ParseFromString(texts[rank])) {
      return absl::InternalError(absl::StrCat("rank ", rank, " sent a report that cannot be read"));
    }
    *report.add_processes() = part.process();
    addresses.push_back(part.address());
    for (const auto& link : part.links()) *report.add_links() = link;
  }
  NameHosts(addresses, report);
  for (auto& difference : DifferencesOf(report)) *report.add_differences() = std::move(difference);
  return report;
}

}  // namespace baton
