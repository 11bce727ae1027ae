#include "runtime/process/host_port.h"

#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace baton {
namespace {

constexpr size_t kLongestHost = 253;  // RFC 1035: a name in text form

bool IsHost(absl::string_view host) {
  if (host.empty() || host.size() > kLongestHost || host[0] == '-') return false;
  for (const char c : host) {
    if (!absl::ascii_isalnum(c) && !absl::StrContains("-._:%", c)) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<HostPort> ParseHostPort(absl::string_view name, absl::string_view text) {
  const size_t colon = text.rfind(':');
  HostPort address;
  if (colon != absl::string_view::npos) {
    absl::string_view host = text.substr(0, colon);
    const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (brackets) host = host.substr(1, host.size() - 2);
    int32_t port = 0;
    const bool is_number = absl::SimpleAtoi(text.substr(colon + 1), &port);
    if (IsHost(host) && (brackets || !absl::StrContains(host, ':')) && is_number && port >= 1 && port <= 65535) {
      address.host = std::string(host);
      address.port = port;
      return address;
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat(name, "=", text, " is not HOST:PORT with a port from 1 to 65535; IPv6 as [ADDRESS]:PORT"));
}

std::string FormatHostPort(const HostPort& address) {
  if (absl::StrContains(address.host, ':')) return absl::StrCat("[", address.host, "]:", address.port);
  return absl::StrCat(address.host, ":", address.port);
}

}  // namespace baton
