#include "runtime/process/address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace baton {
namespace {

constexpr absl::Duration kPause = absl::Milliseconds(100);

struct Found {
  sockaddr_storage address = {};
  socklen_t size = 0;
};

// getaddrinfo's error, 0 if it found something.
int Look(const HostPort& address, Found& found) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(address.host.c_str(), absl::StrCat(address.port).c_str(), &hints, &list);
  if (error != 0) return error;
  // IPv4 first: a name with both kinds must mean the same one in all processes.
  const addrinfo* chosen = list;
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    if (each->ai_family == AF_INET) {
      chosen = each;
      break;
    }
  }
  memcpy(&found.address, chosen->ai_addr, chosen->ai_addrlen);
  found.size = chosen->ai_addrlen;
  freeaddrinfo(list);
  return 0;
}

}  // namespace

absl::StatusOr<NumericAddress> Resolve(const HostPort& address, absl::Time deadline) {
  Found found;
  int error = 0;
  while ((error = Look(address, found)) != 0) {
    if (absl::Now() + kPause >= deadline) {
      return absl::DeadlineExceededError(
          absl::StrCat("the host of rank 0, ", address.host, ", cannot be resolved: ", gai_strerror(error)));
    }
    absl::SleepFor(kPause);
  }
  char host[NI_MAXHOST] = "";
  getnameinfo(reinterpret_cast<const sockaddr*>(&found.address), found.size, host, sizeof(host), nullptr, 0,
              NI_NUMERICHOST);
  NumericAddress numeric;
  numeric.address = {host, address.port};
  numeric.loopback = numeric.address.host == "::1" || absl::StartsWith(numeric.address.host, "127.");
  return numeric;
}

absl::Status CheckCanListen(const HostPort& numeric, absl::Time deadline) {
  const std::string text = FormatHostPort(numeric);
  Found found;
  if (Look(numeric, found) != 0) return absl::UnavailableError(absl::StrCat(text, " is no address"));
  while (true) {
    const int listener = socket(found.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    const bool bound =
        bind(listener, reinterpret_cast<const sockaddr*>(&found.address), found.size) == 0 && listen(listener, 1) == 0;
    const int reason = errno;
    close(listener);
    if (bound) return absl::OkStatus();
    if (reason == EADDRNOTAVAIL) {
      return absl::UnavailableError(absl::StrCat("rank 0 cannot listen on ", text, ": this host has no such address"));
    }
    if (reason != EADDRINUSE || absl::Now() + kPause >= deadline) {
      const char* const why = reason == EADDRINUSE ? "the port is in use" : strerror(reason);
      return absl::UnavailableError(absl::StrCat("rank 0 cannot listen on ", text, ": ", why));
    }
    absl::SleepFor(kPause);
  }
}

absl::StatusOr<std::string> AddressTowards(const HostPort& numeric) {
  Found found;
  const auto unavailable = [&](const char* why) {
    return absl::UnavailableError(absl::StrCat("rank 0 at ", FormatHostPort(numeric), " cannot be reached: ", why));
  };
  if (const int error = Look(numeric, found); error != 0) return unavailable(gai_strerror(error));
  // A datagram socket picks its address when it is connected, and sends nothing.
  const int descriptor = socket(found.address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return unavailable(strerror(errno));
  sockaddr_storage own = {};
  socklen_t size = sizeof(own);
  const bool routed = connect(descriptor, reinterpret_cast<const sockaddr*>(&found.address), found.size) == 0 &&
                      getsockname(descriptor, reinterpret_cast<sockaddr*>(&own), &size) == 0;
  const int error = errno;
  close(descriptor);
  if (!routed) return unavailable(strerror(error));
  char host[NI_MAXHOST] = "";
  getnameinfo(reinterpret_cast<const sockaddr*>(&own), size, host, sizeof(host), nullptr, 0, NI_NUMERICHOST);
  return std::string(host);
}

}  // namespace baton
