#include "runtime/machine/machine_facts.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "ops/host/one_dnn.h"
#include "runtime/machine/available_cores.h"

extern char** environ;

namespace baton {
namespace {

// The model of the first processor; empty if the kernel does not say it.
std::string Processor() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos || !absl::StartsWith(line, "model name")) continue;
    return std::string(absl::StripAsciiWhitespace(absl::string_view(line).substr(colon + 1)));
  }
  return "";
}

// NAME=VALUE of the variables by which oneDNN chooses kernels and OpenMP the number of threads that it really starts.
std::string KernelVariables() {
  std::vector<std::string> variables;
  for (char** each = environ; *each != nullptr; ++each) {
    for (const char* const prefix : {"ONEDNN_", "DNNL_", "OMP_THREAD_LIMIT=", "OMP_DYNAMIC="}) {
      if (absl::StartsWith(*each, prefix)) variables.emplace_back(*each);
    }
  }
  std::sort(variables.begin(), variables.end());
  return absl::StrJoin(variables, " ");
}

}  // namespace

std::vector<MachineFact> FactsOfMachine() {
  return {{"processor", Processor(), false},
          {"cores", absl::StrCat(AvailableCores()), false},
          {"libraries", DescribePlatform(), true},
          {"variables", KernelVariables(), true}};
}

}  // namespace baton
