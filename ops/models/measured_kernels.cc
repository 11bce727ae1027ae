// Reads lines of JSON, and looks for the nearest shape.
#include "ops/models/measured_kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <tuple>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/json_object.h"
#include "base/printable.h"
#include "base/status.h"

namespace baton {
namespace {

using Extents = std::map<std::string, double>;

// An extent that a product has if it adds to a matrix.
constexpr char kAdds[] = "adds";

// Reads the fields of one line.
class Line {
 public:
  static absl::StatusOr<Line> Parse(absl::string_view text, const std::string& where) {
    Line line;
    BATON_ASSIGN_OR_RETURN(line.json_, ParseJsonObject(text, where));
    line.where_ = where;
    return line;
  }

  absl::StatusOr<std::string> Text(const char* field) const {
    const auto found = json_.find(field);
    if (found == json_.end()) return Wrong(field, "is missing");
    if (!found->is_string() || found->get<std::string>().empty()) return Wrong(field, "must be a text");
    return found->get<std::string>();
  }

  // Above 0, or also 0.
  absl::StatusOr<double> Number(const char* field, bool may_be_0) const {
    const auto found = json_.find(field);
    if (found == json_.end()) return Wrong(field, "is missing");
    if (!found->is_number()) return Wrong(field, "must be a number");
    const double value = found->get<double>();
    if (value > 0 && value <= kMost) return value;
    if (value == 0 && may_be_0) return value;
    return Wrong(field, absl::StrCat(value, may_be_0 ? " must be from 0 to " : " must be above 0, at most ", kMost));
  }

  absl::Status Wrong(const char* field, absl::string_view why) const {
    return absl::InvalidArgumentError(absl::StrCat(where_, ": ", field, ": ", why));
  }

  bool Has(const char* field) const { return json_.contains(field); }

 private:
  static constexpr double kMost = 1e18;

  nlohmann::json json_;
  std::string where_;
};

absl::StatusOr<MeasuredKernel> ParseRow(const Line& line) {
  MeasuredKernel row;
  BATON_ASSIGN_OR_RETURN(row.function, line.Text("kernel"));
  if (line.Has("shape")) {
    BATON_ASSIGN_OR_RETURN(const std::string shape, line.Text("shape"));
    absl::StatusOr<KernelShape> parsed = ParseKernelShape(shape);
    if (!parsed.ok()) return line.Wrong("shape", parsed.status().message());
    row.shape = *std::move(parsed);
  }
  BATON_ASSIGN_OR_RETURN(const double micros, line.Number("median_us", /*may_be_0=*/false));
  row.median_ns = 1e3 * micros;
  BATON_ASSIGN_OR_RETURN(row.bytes, line.Number("bytes", /*may_be_0=*/true));
  BATON_ASSIGN_OR_RETURN(row.flops, line.Number("flops", /*may_be_0=*/true));
  return row;
}

// The optimizer runs one kernel over all parameters of a chunk, whatever their number; predictions have one a layer.
bool HasAnySize(const Kernel& kernel) { return kernel.function == "optimizer"; }

// The sum of |log(ratio)| over the extents of `wanted`; none if one is missing in `row` or further away than
// `furthest`.
std::optional<double> DistanceOf(const Extents& wanted, const Extents& row, double furthest) {
  double sum = 0;
  for (const auto& [name, extent] : wanted) {
    const auto found = row.find(name);
    if (found == row.end()) return std::nullopt;
    // 0 is a property, as of a mask that is not there.
    if (extent == 0 || found->second == 0) {
      if (extent != found->second) return std::nullopt;
      continue;
    }
    const double distance = std::abs(std::log(found->second / extent));
    if (distance > std::log(furthest) * (1 + 1e-9)) return std::nullopt;
    sum += distance;
  }
  return sum;
}

Extents Transposed(Extents product) {
  if (product.count("m") > 0 && product.count("n") > 0) std::swap(product["m"], product["n"]);
  return product;
}

// The extents by which `row` is compared with kernels that have `wanted`.
Extents ExtentsOf(const MeasuredKernel& row) {
  Extents extents = row.shape.extents;
  if (row.bytes > 0) extents.emplace("bytes", row.bytes);
  return extents;
}

// The word of both, or nothing if one lacks it.
bool AgreesOn(const std::string& name, const KernelShape& a, const KernelShape& b) {
  const auto in_a = a.words.find(name), in_b = b.words.find(name);
  return in_a == a.words.end() || in_b == b.words.end() || in_a->second == in_b->second;
}

bool IsLike(const KernelShape& wanted, const KernelShape& row) {
  return AgreesOn("a", wanted, row) && AgreesOn("b", wanted, row) && AgreesOn("c", wanted, row) &&
         AgreesOn("type", wanted, row) && AgreesOn("pass", wanted, row);
}

// In what rows of the same extents differ.
int DifferencesOf(const KernelShape& wanted, const KernelShape& row) {
  return !AgreesOn("epilogue", wanted, row) + (wanted.extents.count(kAdds) != row.extents.count(kAdds));
}

}  // namespace

absl::StatusOr<MeasuredKernels> MeasuredKernels::Parse(absl::string_view text, const std::string& name) {
  MeasuredKernels measured;
  int number = 0;
  bool has_head = false;
  for (const absl::string_view content : absl::StrSplit(text, '\n')) {
    ++number;
    if (absl::StripAsciiWhitespace(content).empty()) continue;
    BATON_ASSIGN_OR_RETURN(const Line line, Line::Parse(content, absl::StrCat(name, ", line ", number)));
    if (has_head) {
      BATON_ASSIGN_OR_RETURN(MeasuredKernel row, ParseRow(line));
      measured.rows_.push_back(std::move(row));
    } else {
      BATON_ASSIGN_OR_RETURN(measured.device_, line.Text("device"));
      has_head = true;
    }
  }
  if (!has_head) return absl::InvalidArgumentError(absl::StrCat(name, ": is empty; its first line names the device"));
  if (measured.rows_.empty()) return absl::InvalidArgumentError(absl::StrCat(name, ": has no line with a kernel"));
  return measured;
}

std::optional<MeasuredKernels::Match> MeasuredKernels::Find(const Kernel& kernel) const {
  Extents wanted = kernel.shape.extents;
  wanted.erase(kAdds);
  if (wanted.empty()) wanted = {{"bytes", static_cast<double>(kernel.bytes)}};
  std::optional<Match> best;
  std::tuple<double, int> nearest;
  const double furthest = HasAnySize(kernel) ? std::numeric_limits<double>::infinity() : kFurthest;
  for (const MeasuredKernel& row : rows_) {
    if (row.function != kernel.function || !IsLike(kernel.shape, row.shape)) continue;
    const Extents extents = ExtentsOf(row);
    std::optional<double> distance = DistanceOf(wanted, extents, furthest);
    const std::optional<double> transposed = DistanceOf(wanted, Transposed(extents), furthest);
    if (transposed && (!distance || *transposed < *distance)) distance = transposed;
    if (!distance) continue;
    const int differences = DifferencesOf(kernel.shape, row.shape);
    const std::tuple<double, int> key(*distance, differences);
    if (best && nearest <= key) continue;
    nearest = key;
    best = Match{&row, *distance == 0 && differences == 0};
  }
  return best;
}

}  // namespace baton
