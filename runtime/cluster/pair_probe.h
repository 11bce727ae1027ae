// Measures the link between two processes of a run, over the transport that training uses. Used by check_cluster.h.
//
//   // in both processes at the same time
//   BATON_ASSIGN_OR_RETURN(auto probe, PairProbe::Create(options));
//   BATON_ASSIGN_OR_RETURN(const PairFigures figures, probe->Measure());
//
//   lower rank   small ⇄ small …   large → small …
//   higher rank                    small ⇄ small …   large → small …
#ifndef BATON_RUNTIME_CLUSTER_PAIR_PROBE_H_
#define BATON_RUNTIME_CLUSTER_PAIR_PROBE_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "base/units.h"
#include "runtime/device/host/host_device.h"
#include "runtime/transport/gloo/gloo_transport.h"

namespace baton {

inline constexpr Bytes kSmallProbeBytes = Bytes{4} << 10;
inline constexpr Bytes kLargeProbeBytes = Bytes{16} << 20;

struct PairProbeOptions {
  int rank = 0;
  int peer = 0;
  Store* store = nullptr;
  std::string key_prefix;  // see GlooTransportOptions
  std::string address = "127.0.0.1";
  std::function<std::string(int rank)> name_of_rank;
  int64_t connect_timeout_ms = 10'000;
  int small_messages = 64;  // round trips that count; at least 1
  int large_messages = 3;
};

// As this process sees the link to its peer.
struct PairFigures {
  Nanos latency_ns = 0;       // half of the median round trip of a small message
  double bytes_per_ns = 0;    // to the peer: median over large messages, without the latency
  Nanos clock_offset_ns = 0;  // the peer's steady clock minus this one's, by the least round trip
  Nanos clock_bound_ns = 0;   // half of that round trip; the offset is known to ± this
};

// Thread contract: Create and Measure from one thread, Abort from any. Lifecycle: destroy it once the peer has measured
// too, since its last answer may still be on its way.
class PairProbe {
 public:
  // Errors: those of GlooTransport.
  static absl::StatusOr<std::unique_ptr<PairProbe>> Create(PairProbeOptions options);

  // Errors: those of connecting and of a broken connection, with the names of both processes; the status of Abort.
  absl::StatusOr<PairFigures> Measure();
  // Ends Measure.
  void Abort(const absl::Status& status);

 private:
  explicit PairProbe(PairProbeOptions options);

  absl::Status Open();
  void Fail(const absl::Status& status);
  absl::Status error() const;
  absl::Status Send(Bytes bytes);
  absl::Status Receive(Bytes bytes, Nanos* at);
  // A message of `bytes` to the peer and its answer; adds the time to `times`, and improves the clock's offset.
  absl::Status Ask(Bytes bytes, std::vector<Nanos>& times);
  absl::Status Answer(Bytes bytes);
  absl::Status AskOften(Bytes bytes, int count, std::vector<Nanos>& times);
  absl::Status AnswerOften(Bytes bytes, int count);

  const PairProbeOptions options_;
  const int own_device_;  // 0: of the lower rank, 1
  std::vector<std::byte> sent_, received_;
  PairFigures figures_;

  mutable Mutex mutex_;
  absl::Status error_ ABSL_GUARDED_BY(mutex_);

  std::unique_ptr<HostDevice> device_;
  std::unique_ptr<Stream> stream_;
  std::unique_ptr<Event> sent_event_, received_event_;
  std::unique_ptr<GlooTransport> transport_;
  std::unique_ptr<Channel> to_peer_, from_peer_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_CLUSTER_PAIR_PROBE_H_
