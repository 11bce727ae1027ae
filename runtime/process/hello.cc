// A process's description of itself, and control's options by the environment.
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/content_hash.h"
#include "base/duration.h"
#include "base/status.h"
#include "runtime/process/control.h"

namespace baton {
namespace {

constexpr size_t kMostTokenBytes = 1024;

// The program's hash, so that processes of different builds do not meet.
std::string BuildId() {
  std::ifstream program("/proc/self/exe", std::ios::binary);
  ContentHash hash;
  std::string piece(1 << 20, '\0');
  while (program.read(&piece[0], piece.size()), program.gcount() > 0) {
    hash.Add(absl::string_view(piece.data(), program.gcount()));
  }
  return hash.Hex();
}

// Those that change which kernels run, and so the bits.
std::string CpuFeatures() {
  std::string features;
#if defined(__x86_64__)
  const auto add = [&](bool has, const char* name) {
    if (has) absl::StrAppend(&features, features.empty() ? "" : " ", name);
  };
  add(__builtin_cpu_supports("sse4.1"), "sse4.1");
  add(__builtin_cpu_supports("avx"), "avx");
  add(__builtin_cpu_supports("avx2"), "avx2");
  add(__builtin_cpu_supports("fma"), "fma");
  add(__builtin_cpu_supports("avx512f"), "avx512f");
  add(__builtin_cpu_supports("avx512bw"), "avx512bw");
  add(__builtin_cpu_supports("avx512vnni"), "avx512vnni");
  add(__builtin_cpu_supports("avx512bf16"), "avx512bf16");
#endif
  const char* const limit = getenv("ONEDNN_MAX_CPU_ISA");
  if (limit != nullptr) absl::StrAppend(&features, ", at most ", limit);
  return features;
}

absl::StatusOr<absl::Duration> DurationOr(const Environment& environment, const std::string& name,
                                          absl::Duration otherwise) {
  const auto text = environment.Get(name);
  if (!text.has_value()) return otherwise;
  const auto nanos = ParseDuration(*text);
  if (!nanos.has_value() || *nanos <= 0) {
    return absl::InvalidArgumentError(absl::StrCat(name, "=", *text, " is not ", kDurationAllowed));
  }
  return absl::Nanoseconds(*nanos);
}

}  // namespace

absl::StatusOr<ControlOptions> ControlOptionsOf(const Environment& environment) {
  ControlOptions options;
  BATON_ASSIGN_OR_RETURN(options.join_timeout, DurationOr(environment, "BATON_TIMEOUT", options.join_timeout));
  BATON_ASSIGN_OR_RETURN(options.silence, DurationOr(environment, "BATON_HEARTBEAT", options.silence));
  options.token = environment.Get("BATON_TOKEN").value_or("");
  if (const auto file = environment.Get("BATON_TOKEN_FILE"); options.token.empty() && file.has_value()) {
    std::ostringstream text;
    text << std::ifstream(*file).rdbuf();
    options.token = std::string(absl::StripAsciiWhitespace(text.str()));
    if (options.token.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("BATON_TOKEN_FILE=", *file, " cannot be read, or is empty"));
    }
  }
  bool printable = options.token.size() <= kMostTokenBytes;
  for (const char c : options.token) printable = printable && absl::ascii_isgraph(c);
  if (!printable) {
    return absl::InvalidArgumentError(
        absl::StrCat("BATON_TOKEN must have at most ", kMostTokenBytes, " printable characters without spaces"));
  }
  return options;
}

proto::Hello HelloOf(const World& world, const std::string& version) {
  proto::Hello hello;
  hello.set_version(version);
  hello.set_build_id(BuildId());
  hello.set_rank(world.rank);
  hello.set_size(world.size);
  hello.set_generation(world.generation);
  char host[256] = "";
  gethostname(host, sizeof(host) - 1);
  hello.set_host(host);
  hello.set_pid(getpid());
  hello.set_cpu_features(CpuFeatures());
  return hello;
}

}  // namespace baton
