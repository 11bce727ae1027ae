// Rendezvous by the store, and Gloo's exceptions as statuses.
#include "runtime/transport/gloo/gloo_connection.h"

#include <arpa/inet.h>
#include <gloo/transport/address.h>
#include <gloo/transport/context.h>
#include <gloo/transport/device.h>
#include <gloo/transport/pair.h>
#include <gloo/transport/tcp/device.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/status.h"

namespace baton {
namespace {

// How soon a wait for the other process notices that it should give up.
constexpr absl::Duration kSlice = absl::Milliseconds(200);

// Without the source file of Gloo that Gloo's messages begin with.
std::string MessageOf(const std::exception& error) {
  const std::string message = error.what();
  const size_t end = message.find(".cc:");
  const size_t bracket = end == std::string::npos ? end : message.find("] ", end);
  return bracket == std::string::npos ? message : message.substr(bracket + 2);
}

// The numeric form of the first address of `host`: Gloo does not check whether a name has one.
absl::StatusOr<std::string> ResolveAddress(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0 || found == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("address: no host \"", host, "\": ", gai_strerror(error)));
  }
  char text[NI_MAXHOST] = "";
  getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof(text), nullptr, 0, NI_NUMERICHOST);
  freeaddrinfo(found);
  return std::string(text);
}

}  // namespace

absl::StatusOr<std::shared_ptr<gloo::transport::Device>> MakeGlooDevice(const std::string& address,
                                                                        const std::string& interface) {
  gloo::transport::tcp::attr attributes;
  attributes.iface = interface;
  if (interface.empty()) {
    BATON_ASSIGN_OR_RETURN(attributes.hostname, ResolveAddress(address));
  }
  // Gloo writes to sockets without MSG_NOSIGNAL; a lost peer must not end this process. Its thread inherits the mask.
  sigset_t pipe, before;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  absl::StatusOr<std::shared_ptr<gloo::transport::Device>> device;
  try {
    device = gloo::transport::tcp::CreateDevice(attributes);
  } catch (const std::exception& error) {
    device = absl::InvalidArgumentError(absl::StrCat(interface.empty() ? "address \"" : "interface \"",
                                                     interface.empty() ? address : interface,
                                                     "\" is not one of this machine: ", MessageOf(error)));
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return device;
}

GlooConnection::GlooConnection(const GlooConnectionOptions& options)
    : options_(options),
      pair_prefix_(absl::StrCat(options.key_prefix, "pair/", std::min(options.rank, options.peer), "-",
                                std::max(options.rank, options.peer), "/")),
      deadline_(std::chrono::steady_clock::now() + options.timeout),
      peer_member_(options.peer < options.rank ? 0 : 1) {
  std::random_device random;
  for (uint64_t& word : own_secret_) word = uint64_t{random()} << 32 | random();
}

absl::StatusOr<std::unique_ptr<GlooConnection>> GlooConnection::Create(const GlooConnectionOptions& options) {
  std::unique_ptr<GlooConnection> connection(new GlooConnection(options));
  try {
    connection->context_ = options.device->createContext(1 - connection->peer_member_, 2);
    // Gloo waits five times its timeout for a connection.
    connection->context_->setTimeout(options.timeout / 5 + std::chrono::milliseconds(1));
    connection->context_->createPair(connection->peer_member_);
  } catch (const std::exception& error) {
    return absl::UnavailableError(MessageOf(error));
  }
  return connection;
}

absl::Status GlooConnection::Connect() {
  // A process says its secret and then where it listens; see GlooPair::Connect for what the secret is for.
  const auto& pair = context_->getPair(peer_member_);
  const std::vector<char> address = pair->address().bytes();
  std::string value(sizeof(GlooSecret), '\0');
  std::memcpy(value.data(), own_secret_.data(), value.size());
  value.append(address.begin(), address.end());
  BATON_RETURN_IF_ERROR(options_.store->Set(absl::StrCat(pair_prefix_, options_.rank), value));
  BATON_ASSIGN_OR_RETURN(value, GetUnlessStopped(absl::StrCat(pair_prefix_, options_.peer)));
  if (value.size() != sizeof(GlooSecret) + address.size()) {
    return absl::InternalError("the store has an address of the wrong size");
  }
  std::memcpy(peer_secret_.data(), value.data(), sizeof(GlooSecret));
  try {
    pair->connect(std::vector<char>(value.begin() + sizeof(GlooSecret), value.end()));
  } catch (const std::exception& error) {
    return absl::UnavailableError(MessageOf(error));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> GlooConnection::GetUnlessStopped(const std::string& key) const {
  for (;;) {
    if (options_.stop != nullptr && options_.stop->load()) return absl::CancelledError("given up");
    const absl::Duration left = absl::FromChrono(deadline_ - std::chrono::steady_clock::now());
    absl::StatusOr<std::string> value = options_.store->Get(key, std::clamp(left, absl::ZeroDuration(), kSlice));
    if (value.ok() || !absl::IsDeadlineExceeded(value.status()) || left <= absl::ZeroDuration()) return value;
  }
}

std::unique_ptr<GlooBuffer> GlooConnection::MakeBuffer() {
  // Operations name memory by the offset from address 0, so that a handle serves all slots of all arenas.
  return context_->createUnboundBuffer(nullptr, std::numeric_limits<size_t>::max());
}

absl::Status GlooConnection::Send(GlooBuffer& buffer, uint64_t number, const void* data, Bytes bytes) {
  try {
    buffer.send(peer_member_, number, reinterpret_cast<size_t>(data), static_cast<size_t>(bytes));
    return absl::OkStatus();
  } catch (const std::exception& error) {
    return absl::UnavailableError(MessageOf(error));
  }
}

absl::Status GlooConnection::Receive(GlooBuffer& buffer, uint64_t number, void* data, Bytes bytes) {
  try {
    buffer.recv(peer_member_, number, reinterpret_cast<size_t>(data), static_cast<size_t>(bytes));
    return absl::OkStatus();
  } catch (const std::exception& error) {
    return absl::UnavailableError(MessageOf(error));
  }
}

absl::Status GlooConnection::AwaitSend(GlooBuffer& buffer, std::chrono::milliseconds timeout) {
  try {
    return buffer.waitSend(nullptr, timeout) ? absl::OkStatus() : absl::CancelledError("given up");
  } catch (const std::exception& error) {
    return absl::UnavailableError(MessageOf(error));
  }
}

absl::Status GlooConnection::AwaitReceive(GlooBuffer& buffer, std::chrono::milliseconds timeout) {
  try {
    return buffer.waitRecv(nullptr, timeout) ? absl::OkStatus() : absl::CancelledError("given up");
  } catch (const std::exception& error) {
    return absl::UnavailableError(MessageOf(error));
  }
}

void GlooConnection::Close() {
  try {
    context_->getPair(peer_member_)->close();
  } catch (const std::exception&) {
    // Gloo closes what it can; the connection is broken either way.
  }
}

}  // namespace baton

#if defined(__SANITIZE_ADDRESS__)
// Gloo leaks the addresses of the host's interfaces, once a device. The leak sanitizer asks for what it shall leave
// out.
extern "C" const char* __lsan_default_suppressions() { return "leak:gloo::transport::tcp::CreateDeviceAttr\n"; }
#endif
