// Half a round trip by a pair of Gloo channels beside plain blocking TCP sockets, between two threads over loopback.
//
//   bazel run //tools/bench:gloo_bench
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

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
  std::fprintf(stderr, "gloo_bench: a call failed\n");
  std::exit(1);
}

// A connected pair of TCP sockets over loopback.
struct Sockets {
  Sockets() {
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    Must(bind(listener, reinterpret_cast<sockaddr*>(&address), length) == 0 && listen(listener, 1) == 0);
    Must(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) == 0);
    ends[0] = socket(AF_INET, SOCK_STREAM, 0);
    Must(connect(ends[0], reinterpret_cast<sockaddr*>(&address), length) == 0);
    ends[1] = accept(listener, nullptr, nullptr);
    const int on = 1;
    for (int end : ends) setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    close(listener);
  }
  ~Sockets() {
    for (int end : ends) close(end);
  }
  void Send(int end, const std::byte* data, Bytes bytes) {
    for (Bytes sent = 0; sent < bytes;) {
      const ssize_t n = send(ends[end], data + sent, bytes - sent, 0);
      Must(n > 0);
      sent += n;
    }
  }
  void Receive(int end, std::byte* data, Bytes bytes) {
    for (Bytes received = 0; received < bytes;) {
      const ssize_t n = recv(ends[end], data + received, bytes - received, 0);
      Must(n > 0);
      received += n;
    }
  }
  int ends[2];
};

// One of two emulated processes, with a device and the channels to and from the other one.
struct Side {
  Side(Store* store, int rank) : rank(rank) {
    GlooTransportOptions options;
    options.rank = rank;
    options.rank_of_device = {0, 1};
    options.store = store;
    transport = GlooTransport::Create(options).value();
    device = HostDevice::Create(rank, {}).value();
    stream = device->CreateStream().value();
    done = device->CreateEvent();
    out = transport->CreateChannel(rank, 1 - rank, 1).value();
    in = transport->CreateChannel(1 - rank, rank, 1).value();
  }
  void Send(const std::byte* data, Bytes bytes) {
    done->Reset();
    Must(out->Send(*stream, data, bytes, *done, nullptr).ok() && stream->Wait(*done).ok());
  }
  void Receive(std::byte* data, Bytes bytes) {
    done->Reset();
    Must(in->Receive(*stream, data, bytes, *done, nullptr).ok() && stream->Wait(*done).ok());
  }

  const int rank;
  std::unique_ptr<HostDevice> device;
  std::unique_ptr<Stream> stream;
  std::unique_ptr<Event> done;
  std::unique_ptr<GlooTransport> transport;
  std::unique_ptr<Channel> out, in;
};

using Move = std::function<void(int side, std::byte* data, Bytes bytes)>;

// Nanoseconds of half a round trip, the mean over `trips`.
double PingPong(const Move& send, const Move& receive, Bytes bytes, int trips) {
  std::vector<std::byte> buffers[2] = {std::vector<std::byte>(bytes), std::vector<std::byte>(bytes)};
  std::thread other([&] {
    for (int i = 0; i < trips; ++i) {
      receive(1, buffers[1].data(), bytes);
      send(1, buffers[1].data(), bytes);
    }
  });
  const Nanos begin = SteadyNow();
  for (int i = 0; i < trips; ++i) {
    send(0, buffers[0].data(), bytes);
    receive(0, buffers[0].data(), bytes);
  }
  const Nanos end = SteadyNow();
  other.join();
  return static_cast<double>(end - begin) / (2.0 * trips);
}

void Run() {
  Sockets sockets;
  MemoryStore store;
  Side first(&store, 0), second(&store, 1);
  Must(first.transport->AwaitConnected().ok() && second.transport->AwaitConnected().ok());
  Side* sides[] = {&first, &second};
  const Move plain_send = [&](int side, std::byte* data, Bytes bytes) { sockets.Send(side, data, bytes); };
  const Move plain_receive = [&](int side, std::byte* data, Bytes bytes) { sockets.Receive(side, data, bytes); };
  const Move channel_send = [&](int side, std::byte* data, Bytes bytes) { sides[side]->Send(data, bytes); };
  const Move channel_receive = [&](int side, std::byte* data, Bytes bytes) { sides[side]->Receive(data, bytes); };
  std::printf("%12s %14s %14s %8s   (best of %d rounds by turns)\n", "bytes", "sockets, µs", "channel, µs", "ratio",
              kRounds);
  for (const auto& [bytes, trips] : {std::pair<Bytes, int>{4096, 500}, {Bytes{1} << 20, 50}, {Bytes{1} << 24, 5}}) {
    double plain = 1e18, channel = 1e18;
    for (int round = 0; round < kRounds; ++round) {
      plain = std::min(plain, PingPong(plain_send, plain_receive, bytes, trips));
      channel = std::min(channel, PingPong(channel_send, channel_receive, bytes, trips));
    }
    std::printf("%12lld %14.1f %14.1f %8.2f\n", static_cast<long long>(bytes), plain / 1e3, channel / 1e3,
                channel / plain);
  }
}

}  // namespace
}  // namespace baton

int main() { baton::Run(); }
