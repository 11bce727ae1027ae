#include "tools/baton/search_flags.h"

#include <algorithm>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/format.h"
#include "base/progress_line.h"
#include "tools/baton/command_line.h"
#include "tools/baton/overall_progress.h"

namespace baton {
namespace {

constexpr double kMostMicroBatches = 1e6;
constexpr double kMostSeconds = 86400;
constexpr int64_t kMostMoves = 1'000'000'000'000;

// Accepts numbers above `above` (or from `above`, if `inclusive`) to `most`.
CLI::Validator Real(double above, bool inclusive, double most) {
  return CLI::Validator(
      [=](std::string& text) {
        double value = 0;
        const bool is_number = absl::SimpleAtod(text, &value);
        if (is_number && (value > above || (inclusive && value == above)) && value <= most) return std::string();
        return absl::StrCat("\"", text, "\" is not a number ", inclusive ? "from " : "above ", above,
                            inclusive ? " to " : " and at most ", absl::StrFormat("%.0f", most));
      },
      absl::StrFormat("%g-%.0f", above, most));
}

}  // namespace

void AddSearchFlags(CLI::App& command, SearchFlags& flags) {
  const std::string limits = "Limits of activation memory, for every schedule (the job's)";
  command
      .add_option("--activation-limit-micro-batches", flags.limit_micro_batches,
                  "Most activations live on a device, in micro-batches through all its layers; one\n"
                  "number, or one for each device as 8,7.5,7 (zb-auto: stages; others: no limit)")
      ->group(limits)
      ->type_name("A,B")
      ->delimiter(',')
      ->check(Real(0, false, kMostMicroBatches));
  command.add_option("--activation-limit-bytes", flags.limit_bytes, "The same limit in bytes")
      ->group(limits)
      ->type_name("A,B")
      ->delimiter(',')
      ->check(Between(1, Bytes{1} << 50));
  command
      .add_option("--weight-activation-fraction", flags.weight_fraction,
                  "Fraction of an activation still live from backward-input to backward-weight (1)")
      ->group(limits)
      ->type_name("X")
      ->check(Real(0, true, 1));
  const std::string search = "Search for zb-auto (the job's)";
  command.add_option("--objective", flags.objective, "Time to minimize: makespan, or span (makespan)")
      ->group(search)
      ->check(CLI::IsMember({"makespan", "span"}));
  command
      .add_option("--placement", flags.placement, "Placement of chunks: loop, or v with two chunks per device (loop)")
      ->group(search)
      ->check(CLI::IsMember({"loop", "v"}));
  command.add_option("--search", flags.seconds, "Seconds to search for (a fraction of a second)")
      ->group(search)
      ->type_name("SECONDS")
      ->check(Real(0, true, kMostSeconds));
  command.add_option("--moves", flags.moves, "Moves to search for instead of seconds; the result is reproducible")
      ->group(search)
      ->type_name("N")
      ->check(Between(0, kMostMoves));
  command.add_option("--seed", flags.seed, "Seed of the moves (1)")->group(search)->type_name("N");
  command
      .add_flag("--exact", flags.exact,
                "Then branch and bound, until the order is proven to be a shortest one, or --search or\n"
                "--exact-nodes is spent; for small problems")
      ->group(search);
  command.add_option("--exact-nodes", flags.exact_nodes, "Most nodes of --exact; the result is reproducible (500000)")
      ->group(search)
      ->type_name("N")
      ->check(Between(1, kMostMoves));
}

std::string FirstSearchFlag(const SearchFlags& flags) {
  if (!flags.objective.empty()) return "--objective";
  if (!flags.placement.empty()) return "--placement";
  if (flags.seconds) return "--search";
  if (flags.moves) return "--moves";
  if (flags.seed) return "--seed";
  if (flags.exact) return "--exact";
  return flags.exact_nodes ? "--exact-nodes" : "";
}

std::vector<std::string> SearchOverrides(const SearchFlags& flags) {
  std::vector<std::string> overrides;
  const auto add = [&overrides](const char* field, const std::string& value) {
    overrides.push_back(absl::StrCat("pipeline.search.", field, "=", value));
  };
  if (!flags.limit_micro_batches.empty()) {
    add("activation_limit_micro_batches",
        absl::StrCat("[",
                     absl::StrJoin(flags.limit_micro_batches, ", ",
                                   [](std::string* out, double limit) { absl::StrAppendFormat(out, "%.17g", limit); }),
                     "]"));
  }
  if (!flags.limit_bytes.empty()) {
    add("activation_limit_bytes", absl::StrCat("[", absl::StrJoin(flags.limit_bytes, ", "), "]"));
  }
  if (flags.weight_fraction) add("weight_activation_fraction", absl::StrFormat("%.17g", *flags.weight_fraction));
  if (!flags.objective.empty()) add("objective", flags.objective == "span" ? "SPAN" : "MAKESPAN");
  if (!flags.placement.empty()) add("placement", flags.placement == "v" ? "V" : "LOOP");
  if (flags.seconds) add("seconds", absl::StrFormat("%.17g", *flags.seconds));
  if (flags.moves) add("moves", absl::StrCat(*flags.moves));
  if (flags.seed) add("seed", absl::StrCat(*flags.seed));
  if (flags.exact) add("exact", "true");
  if (flags.exact_nodes) add("exact_nodes", absl::StrCat(*flags.exact_nodes));
  return overrides;
}

SearchOptions ToSearchOptions(const SearchFlags& flags) {
  SearchOptions options;
  options.objective = flags.objective == "span" ? Objective::kSpan : Objective::kMakespan;
  options.placement = flags.placement == "v" ? Placement::kV : Placement::kLoop;
  options.limit.micro_batches = flags.limit_micro_batches;
  options.limit.bytes = flags.limit_bytes;
  options.limit.weight_fraction = flags.weight_fraction;
  options.moves = flags.moves;
  options.seconds = flags.seconds.value_or(0);
  options.seed = flags.seed.value_or(1);
  options.exact = flags.exact;
  options.exact_nodes = flags.exact_nodes;
  return options;
}

std::function<void(const SearchProgress&)> ShowProgress() {
  const ProgressLine::Options options = ProgressLine::OnStderr();
  if (options.out == nullptr) return nullptr;
  auto line = std::make_shared<std::unique_ptr<ProgressLine>>();
  return [options, line](const SearchProgress& progress) {
    if (progress.is_done) return line->reset();
    if (*line == nullptr) *line = std::make_unique<ProgressLine>("searching zb-auto", options);
    (*line)->Show(progress.share, DescribeProgress(progress));
  };
}

double GapOf(const Certificate& certificate, const StepReport& report) {
  const Nanos found = certificate.objective == Objective::kSpan ? LongestSpan(report) : report.step_time;
  if (certificate.lower_bound_ns <= 0) return 0;
  return static_cast<double>(found - certificate.lower_bound_ns) / static_cast<double>(certificate.lower_bound_ns);
}

std::string DescribeSearch(const Certificate& certificate, const StepReport& report) {
  const bool is_span = certificate.objective == Objective::kSpan;
  const Nanos found = is_span ? LongestSpan(report) : report.step_time;
  const double gap = GapOf(certificate, report);
  std::vector<std::string> by;
  if (certificate.moves > 0) by.push_back(FormatPlural(certificate.moves, "move"));
  if (certificate.nodes > 0) by.push_back(FormatPlural(certificate.nodes, "node"));
  const std::string from =
      absl::StrCat("from ", certificate.start, by.empty() ? "" : " by ", absl::StrJoin(by, " and "));
  if (gap <= 0) {
    return absl::StrCat("searched: no order within the limit has a shorter ", is_span ? "span" : "step", " than ",
                        FormatDuration(found), "; ", from);
  }
  return absl::StrCat("searched: ", is_span ? "span " : "step ", FormatDuration(found), ", at most ",
                      FormatPercent(gap), " above the shortest within the limit (no less than ",
                      FormatDuration(certificate.lower_bound_ns), "); ", from);
}

}  // namespace baton
