// Devices that share the cores of their host: how long compute takes when it takes turns. Part of a cost model
// (costs.h); used by the simulator, the search, measured costs and rehearsals.
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

// Consecutive devices form a host. Its c cores serve all threads of those of its devices that compute, at equal speed:
// n devices of t threads each run at min(1, c / (n · t)) of the speed that they have alone.
//
//   two devices, one core     device 0 |════ speed 1/2 ════|═ 1 ═|      a device alone has the whole core
//                             device 1 |════ speed 1/2 ════|
struct SharedCores {
  int cores = 0;             // of a host; 0: each thread has a core of its own
  int threads_each = 1;      // threads of a device, from 1
  int devices_per_host = 0;  // 0: all devices are on one host

  // The speed of each of `running` devices that compute on one host, from 0 to 1; 1 is that of a device alone.
  double SpeedOf(int running) const {
    const int64_t threads = int64_t{running} * threads_each;
    return cores <= 0 || threads <= cores ? 1.0 : static_cast<double>(cores) / static_cast<double>(threads);
  }
  int HostOf(int device) const { return devices_per_host > 0 ? device / devices_per_host : 0; }
  // Whether any of `num_devices` devices may ever wait for a core.
  bool AreShared(int num_devices) const {
    const int on_one = devices_per_host > 0 ? std::min(devices_per_host, num_devices) : num_devices;
    return SpeedOf(on_one) < 1;
  }
};

// CoreTurns::NextEvent if there is none.
inline constexpr Nanos kNoEvent = INT64_MAX;

// The clock of hosts whose devices share cores. Each device has at most one piece of work at a time. Events of one host
// are at whole nanoseconds: work ends at most one nanosecond late.
//
// Thread contract: one thread at a time. Only the constructor allocates.
class CoreTurns {
 public:
  CoreTurns(const SharedCores& cores, int num_devices);

  // Forgets all work and sets the clock of all hosts to 0.
  void Reset();
  // The device has nothing under way. It begins `work` ns (at least 0, at its speed alone) at `start`, which is not
  // before the last event of its host.
  void Start(int device, Nanos start, Nanos work);
  // When work next starts or ends, on any host.
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
  struct Host {
    Nanos now = 0;
    int running = 0;
  };

  void FindNext();

  const SharedCores cores_;
  std::vector<Work> works_;  // [device]
  std::vector<Host> hosts_;
  Nanos next_at_ = kNoEvent;
  int next_ = -1;  // the device of the next event
};

}  // namespace baton

#endif  // BATON_SCHEDULES_COSTS_SHARED_CORES_H_
