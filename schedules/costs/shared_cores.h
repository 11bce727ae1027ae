// Devices that share the cores of their host, or a GPU: how long compute takes when it takes turns. Part of a cost
// model (costs.h); used by the simulator, the search, measured costs and rehearsals.
//
//   SharedCores cores;
//   cores.cores = 2;                          // for all devices of a host, of one thread each
//   CoreTurns turns(cores, /*num_devices=*/4);
//   turns.Start(/*device=*/0, /*start=*/0, /*work=*/10);
//   turns.Start(/*device=*/1, /*start=*/0, /*work=*/10);
//   while (turns.NextEvent() < kNoEvent) {
//     const int ended = turns.Advance();      // -1: no work ended
//   }
#ifndef BATON_SCHEDULES_COSTS_SHARED_CORES_H_
#define BATON_SCHEDULES_COSTS_SHARED_CORES_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/units.h"

namespace baton {

// Consecutive devices form a host. Its processor is all of its cores together, or it has several processors, its GPUs,
// to which its devices are dealt in turn. A processor of c cores serves all threads of those of its devices that
// compute, at equal speed: n devices of t threads each run at min(1, c / (n · t)) of the speed that they have alone.
//
//   two devices, one core     device 0 |════ speed 1/2 ════|═ 1 ═|      a device alone has the whole core
//                             device 1 |════ speed 1/2 ════|
//
// A GPU counts as one core, or as more where kernels of several devices overlap: a GPU of 1.25 cores does a quarter
// more while two devices or more compute on it than for one alone.
struct SharedCores {
  double cores = 0;          // of a processor; 0: each thread has a core of its own
  int threads_each = 1;      // threads of a device, from 1
  int devices_per_host = 0;  // 0: all devices are on one host
  int gpus_per_host = 0;     // 0: the cores of a host are one processor

  // The speed of each of `running` devices that compute on one processor, from 0 to 1; 1 is that of a device alone.
  double SpeedOf(int running) const {
    const double threads = static_cast<double>(int64_t{running} * threads_each);
    return cores <= 0 || threads <= cores ? 1.0 : cores / threads;
  }
  int ProcessorOf(int device) const {
    const int host = devices_per_host > 0 ? device / devices_per_host : 0;
    return gpus_per_host > 0 ? host * gpus_per_host + (device - host * devices_per_host) % gpus_per_host : host;
  }
  // One more than the largest ProcessorOf of `num_devices` devices.
  int NumProcessors(int num_devices) const {
    if (num_devices <= 0) return 0;
    const int hosts = devices_per_host > 0 ? (num_devices - 1) / devices_per_host + 1 : 1;
    return hosts * std::max(1, gpus_per_host);
  }
  // The most of `num_devices` devices that are on one processor.
  int MostOnProcessor(int num_devices) const {
    const int on_host = devices_per_host > 0 ? std::min(devices_per_host, num_devices) : num_devices;
    return gpus_per_host > 0 ? (on_host + gpus_per_host - 1) / gpus_per_host : on_host;
  }
  // Whether any of `num_devices` devices may ever wait for a core.
  bool AreShared(int num_devices) const { return SpeedOf(MostOnProcessor(num_devices)) < 1; }
  // For messages: "core" or "GPU".
  const char* Noun() const { return gpus_per_host > 0 ? "GPU" : "core"; }
};

// CoreTurns::NextEvent if there is none.
inline constexpr Nanos kNoEvent = INT64_MAX;

// The clock of processors that devices share. Each device has at most one piece of work at a time. Events of a
// processor are at whole nanoseconds: work ends at most one nanosecond late.
//
// Thread contract: one thread at a time. Only the constructor allocates.
class CoreTurns {
 public:
  CoreTurns(const SharedCores& cores, int num_devices);

  // Forgets all work and sets the clock of all processors to 0.
  void Reset();
  // The device has nothing under way. It begins `work` ns (at least 0, at its speed alone) at `start`, which is not
  // before the last event of its processor.
  void Start(int device, Nanos start, Nanos work);
  // When work next starts or ends, on any processor.
  Nanos NextEvent() const { return next_at_; }
  // Goes on to the next event. Returns the device whose work has ended, or -1 if work has started. Events at one time:
  // first those that end, then by device.
  int Advance();

 private:
  struct Work {
    Nanos start = 0;
    double left = 0;  // ns at the speed of a device alone
    bool is_under_way = false;
    bool is_running = false;
  };
  struct Processor {
    Nanos now = 0;
    int running = 0;
  };

  void FindNext();

  const SharedCores cores_;
  std::vector<Work> works_;  // [device]
  std::vector<Processor> processors_;
  Nanos next_at_ = kNoEvent;
  int next_ = -1;  // the device of the next event
};

}  // namespace baton

#endif  // BATON_SCHEDULES_COSTS_SHARED_CORES_H_
