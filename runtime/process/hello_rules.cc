#include "runtime/process/hello_rules.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace baton {

std::string DescribeProcess(const proto::Hello& hello) {
  return absl::StrCat("rank ", hello.rank(), " (", hello.host(), ", pid ", hello.pid(), ")");
}

std::string WhyRefused(const proto::Hello& self, const proto::Hello& hello) {
  const auto differ = [&](absl::string_view what, const auto& own, const auto& other) {
    return absl::StrCat(DescribeProcess(hello), " has ", what, " ", other, ", rank 0 (", self.host(), ") has ", own);
  };
  if (hello.version() != self.version()) return differ("version", self.version(), hello.version());
  if (hello.build_id() != self.build_id()) return differ("build", self.build_id(), hello.build_id());
  if (hello.size() != self.size()) return differ("a world of size", self.size(), hello.size());
  if (hello.rank() < 0 || hello.rank() >= self.size()) {
    return absl::StrCat("rank ", hello.rank(), " is not from 0 to ", self.size() - 1);
  }
  if (hello.job_hash() != self.job_hash()) return differ("the job", self.job_hash(), hello.job_hash());
  if (hello.threads() != self.threads()) return differ("threads a device:", self.threads(), hello.threads());
  if (hello.cpu_features() != self.cpu_features()) {
    return differ("the instruction sets", self.cpu_features(), hello.cpu_features());
  }
  return "";
}

}  // namespace baton
