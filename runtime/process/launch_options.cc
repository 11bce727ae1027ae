#include "runtime/process/launch_options.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <map>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "runtime/process/world.h"

namespace baton {

absl::Status CheckLaunchOptions(const LaunchOptions& options, const Environment& environment) {
  if (int64_t{options.processes} * options.nodes > kMostProcesses) {
    return absl::InvalidArgumentError(absl::StrCat("-n ", options.processes, " on --nodes=", options.nodes,
                                                   " are more than ", kMostProcesses, " processes"));
  }
  if (options.node_rank >= options.nodes) {
    return absl::InvalidArgumentError(
        absl::StrCat("--node-rank=", options.node_rank, " must be less than --nodes=", options.nodes));
  }
  if (options.nodes > 1 && !options.rendezvous.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--nodes=", options.nodes, " needs --rendezvous=HOST:PORT, an address of node 0 that all nodes reach"));
  }
  if (options.nodes > 1 && !environment.FirstSet({"BATON_TOKEN", "BATON_TOKEN_FILE"}).has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--nodes=", options.nodes,
                     " needs BATON_TOKEN or BATON_TOKEN_FILE in the environment, the same secret on all nodes"));
  }
  return absl::OkStatus();
}

absl::StatusOr<int> FreeLoopbackPort() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) return absl::UnavailableError("no socket can be made");
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const bool found = bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(listener);
  if (!found) return absl::UnavailableError("127.0.0.1 has no free port");
  return ntohs(address.sin_port);
}

absl::StatusOr<std::string> RandomToken() {
  char bytes[16];
  if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes)) return absl::UnavailableError("no random bytes");
  return absl::BytesToHexString(absl::string_view(bytes, sizeof(bytes)));
}

Environment EnvironmentOfChild(const LaunchOptions& options, const Environment& environment, int local_rank,
                               const HostPort& leader, int generation, const std::string& token) {
  std::map<std::string, std::string> variables = environment.variables();
  variables["BATON_RANK"] = absl::StrCat(options.node_rank * options.processes + local_rank);
  variables["BATON_WORLD_SIZE"] = absl::StrCat(options.nodes * options.processes);
  variables["BATON_LOCAL_RANK"] = absl::StrCat(local_rank);
  variables["BATON_LOCAL_SIZE"] = absl::StrCat(options.processes);
  variables["BATON_LEADER"] = FormatHostPort(leader);
  variables["BATON_GENERATION"] = absl::StrCat(generation);
  if (!token.empty()) variables["BATON_TOKEN"] = token;
  if (options.timeout.has_value()) variables["BATON_TIMEOUT"] = *options.timeout;
  return Environment(std::move(variables));
}

std::string PrefixOf(const LaunchOptions& options, int local_rank) {
  const std::string host = options.nodes > 1 ? absl::StrCat(" ", options.host) : "";
  return absl::StrCat("[rank ", options.node_rank * options.processes + local_rank, host, "] ");
}

}  // namespace baton
