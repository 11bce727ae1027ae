// Patterns by fnmatch, so that `*` also matches dots.
#include "runtime/planning/parameter_patterns.h"

#include <fnmatch.h>

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/printable.h"
#include "base/status.h"

namespace baton {
namespace {

// The names that one of `patterns`, separated by `|`, matches. Errors: InvalidArgument.
absl::StatusOr<std::set<std::string>> Matches(const ModelTable& table, const char* field, const std::string& patterns) {
  std::set<std::string> matched;
  for (const std::string& pattern : std::vector<std::string>(absl::StrSplit(patterns, '|'))) {
    bool matches = false;
    for (const std::vector<ParameterSpec>& layer : table.parameters) {
      for (const ParameterSpec& spec : layer) {
        if (fnmatch(pattern.c_str(), spec.name.c_str(), 0) != 0) continue;
        matches = true;
        matched.insert(spec.name);
      }
    }
    if (matches) continue;
    return absl::InvalidArgumentError(absl::StrCat(field, ": \"", Printable(pattern),
                                                   "\" matches no parameter, of which one is \"",
                                                   table.parameters.front().front().name, "\""));
  }
  return matched;
}

}  // namespace

absl::Status ApplyParameterPatterns(const proto::Job& job, ModelTable& table) {
  const std::string& freeze = job.model().freeze();
  const std::string& decay = job.optimizer().adamw().decay();
  std::set<std::string> frozen, decaying;
  if (!freeze.empty()) {
    BATON_ASSIGN_OR_RETURN(frozen, Matches(table, "model.freeze", freeze));
  }
  if (!decay.empty()) {
    BATON_ASSIGN_OR_RETURN(decaying, Matches(table, "optimizer.adamw.decay", decay));
  }
  bool any_trains = false;
  for (std::vector<ParameterSpec>& layer : table.parameters) {
    for (ParameterSpec& spec : layer) {
      spec.frozen = frozen.count(spec.name) > 0;
      any_trains |= !spec.frozen && !spec.is_statistic;
      if (!decay.empty()) spec.decays = decaying.count(spec.name) > 0;
    }
  }
  if (any_trains || freeze.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("model.freeze: \"", Printable(freeze), "\" leaves no parameter to train"));
}

}  // namespace baton
