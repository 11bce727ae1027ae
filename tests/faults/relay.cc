#include "tests/faults/relay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace baton {
namespace {

constexpr std::chrono::milliseconds kRetransmission(200);
constexpr std::chrono::milliseconds kLook(20);

void Must(bool ok) {
  if (ok) return;
  std::perror("relay");
  std::abort();
}

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

}  // namespace

Relay::Relay(int target) : target_(target) {
  sockaddr_in address = Loopback(0);
  socklen_t length = sizeof(address);
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Must(bind(listener_, reinterpret_cast<sockaddr*>(&address), length) == 0 && listen(listener_, 16) == 0);
  Must(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

Relay::~Relay() {
  ends_ = true;
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  MutexLock lock(&mutex_);
  for (const int each : sockets_) shutdown(each, SHUT_RDWR);
  for (std::thread& pump : pumps_) pump.join();
  for (const int each : sockets_) close(each);
}

void Relay::Accept() {
  while (!ends_) {
    const int near = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (near < 0) continue;
    const int far = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = Loopback(target_);
    // As a port that refuses.
    if (connect(far, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      close(near);
      close(far);
      continue;
    }
    const int on = 1;
    for (const int each : {near, far}) setsockopt(each, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    MutexLock lock(&mutex_);
    sockets_.insert(sockets_.end(), {near, far});
    pumps_.emplace_back([this, near, far] { Forward(near, far, kUp); });
    pumps_.emplace_back([this, near, far] { Forward(far, near, kDown); });
  }
}

void Relay::Forward(int from, int to, Direction direction) {
  std::vector<char> piece(64 << 10);
  for (int count = 1; !ends_; ++count) {
    const ssize_t size = recv(from, piece.data(), piece.size(), 0);
    if (size <= 0) break;
    const bool is_lost = lose_every_ > 0 && count % lose_every_ == 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms_.load()) +
                                (is_lost ? kRetransmission : std::chrono::milliseconds(0)));
    if (cut_[direction]) break;
    bytes_[direction] += size;
    for (ssize_t sent = 0; sent < size;) {
      const ssize_t part = send(to, piece.data() + sent, static_cast<size_t>(size - sent), MSG_NOSIGNAL);
      if (part <= 0) break;
      sent += part;
    }
  }
  // Neither end learns of a cut.
  while (cut_[direction] && !ends_) std::this_thread::sleep_for(kLook);
  shutdown(to, SHUT_WR);
}

}  // namespace baton
