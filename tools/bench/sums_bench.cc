// The ordered sum of GlooCollective beside Gloo's own all-reduce by a ring, whose order of summation depends on the
// number of processes. Two and four processes, emulated by threads of one, over loopback.
//
//   bazel run //tools/bench:sums_bench
#include <gloo/allreduce.h>
#include <gloo/math.h>
#include <gloo/rendezvous/context.h>
#include <gloo/rendezvous/hash_store.h>
#include <gloo/transport/tcp/device.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "runtime/device/clock.h"
#include "runtime/device/host/host_device.h"
#include "runtime/transport/gloo/gloo_transport.h"
#include "runtime/transport/testing/stores.h"

namespace baton {
namespace {

constexpr int kRounds = 7;

void Must(bool ok) {
  if (ok) return;
  std::fprintf(stderr, "sums_bench: a call failed\n");
  std::exit(1);
}

// Sums values[process] over all processes; called by all of them at once.
using Sum = std::function<void(int process, std::vector<float>& values)>;

void InEachProcess(int num_processes, const std::function<void(int process)>& run) {
  std::vector<std::thread> threads;
  for (int process = 1; process < num_processes; ++process) threads.emplace_back(run, process);
  run(0);
  for (std::thread& thread : threads) thread.join();
}

// Nanoseconds of a sum, the mean over `times`.
double Time(int num_processes, const Sum& sum, size_t count, int times) {
  std::vector<std::vector<float>> values(num_processes, std::vector<float>(count, 1.0f));
  const Nanos begin = SteadyNow();
  InEachProcess(num_processes, [&](int process) {
    for (int i = 0; i < times; ++i) sum(process, values[process]);
  });
  return static_cast<double>(SteadyNow() - begin) / times;
}

struct Ordered {
  explicit Ordered(int num_processes) {
    GlooTransportOptions options;
    options.store = &store;
    std::vector<int32_t> members;
    for (int rank = 0; rank < num_processes; ++rank) {
      options.rank_of_device.push_back(rank);
      members.push_back(rank);
    }
    for (int rank = 0; rank < num_processes; ++rank) {
      devices.push_back(HostDevice::Create(rank, {}).value());
      streams.push_back(devices[rank]->CreateStream().value());
      done.push_back(devices[rank]->CreateEvent());
      options.rank = rank;
      transports.push_back(GlooTransport::Create(options).value());
      collectives.push_back(transports[rank]->CreateCollective(members).value());
    }
    for (const auto& transport : transports) Must(transport->AwaitConnected().ok());
  }
  void Run(int process, std::vector<float>& values) {
    done[process]->Reset();
    const ReduceBuffer buffer = {reinterpret_cast<std::byte*>(values.data()),
                                 static_cast<Bytes>(values.size() * sizeof(float))};
    Must(collectives[process]->Arrive(*streams[process], process, {&buffer, 1}, *done[process], nullptr).ok());
    Must(streams[process]->Wait(*done[process]).ok());
  }

  MemoryStore store;
  std::vector<std::unique_ptr<HostDevice>> devices;
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<std::unique_ptr<Event>> done;
  std::vector<std::unique_ptr<GlooTransport>> transports;
  std::vector<std::unique_ptr<Collective>> collectives;
};

struct Ring {
  explicit Ring(int num_processes) : contexts(num_processes) {
    gloo::transport::tcp::attr attributes;
    attributes.hostname = "127.0.0.1";
    InEachProcess(num_processes, [&](int process) {
      auto device = gloo::transport::tcp::CreateDevice(attributes);
      auto context = std::make_shared<gloo::rendezvous::Context>(process, num_processes);
      context->connectFullMesh(store, device);
      contexts[process] = context;
    });
  }
  void Run(int process, std::vector<float>& values) {
    gloo::AllreduceOptions options(contexts[process]);
    options.setOutput(values.data(), values.size());
    options.setAlgorithm(gloo::AllreduceOptions::Algorithm::RING);
    options.setReduceFunction(static_cast<void (*)(void*, const void*, const void*, size_t)>(&gloo::sum<float>));
    gloo::allreduce(options);
  }

  gloo::rendezvous::HashStore store;
  std::vector<std::shared_ptr<gloo::Context>> contexts;
};

void Run() {
  std::printf("%9s %10s %12s %12s %8s   (best of %d rounds by turns)\n", "processes", "bytes", "ordered, µs",
              "ring, µs", "ratio", kRounds);
  for (const int num_processes : {2, 4}) {
    Ordered ordered(num_processes);
    Ring ring(num_processes);
    const Sum sum_ordered = [&](int process, std::vector<float>& values) { ordered.Run(process, values); };
    const Sum sum_ring = [&](int process, std::vector<float>& values) { ring.Run(process, values); };
    for (const auto& [count, times] : {std::pair<size_t, int>{1, 200}, {size_t{1} << 18, 20}, {size_t{1} << 22, 3}}) {
      double of_ordered = 1e18, of_ring = 1e18;
      for (int round = 0; round < kRounds; ++round) {
        of_ordered = std::min(of_ordered, Time(num_processes, sum_ordered, count, times));
        of_ring = std::min(of_ring, Time(num_processes, sum_ring, count, times));
      }
      std::printf("%9d %10zu %12.1f %12.1f %8.2f\n", num_processes, count * sizeof(float), of_ordered / 1e3,
                  of_ring / 1e3, of_ordered / of_ring);
    }
  }
}

}  // namespace
}  // namespace baton

int main() { baton::Run(); }
