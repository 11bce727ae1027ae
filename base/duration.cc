// A number and a unit; see duration.h.
#include "base/duration.h"

#include <cmath>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace baton {

std::optional<Nanos> ParseDuration(absl::string_view text) {
  struct Unit {
    const char* suffix;
    double nanos;
  };
  static constexpr Unit kUnits[] = {{"ns", 1}, {"us", 1e3}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}};
  constexpr double kLongestNanos = 3600e9;
  if (text == "0") return 0;
  for (const Unit& unit : kUnits) {
    absl::string_view number = text;
    double value = 0;
    if (!absl::ConsumeSuffix(&number, unit.suffix) || !absl::SimpleAtod(number, &value)) continue;
    if (absl::StrContains(number, 'x') || absl::StrContains(number, 'X')) break;  // SimpleAtod also reads hexadecimal
    if (!std::isfinite(value) || value < 0 || value * unit.nanos > kLongestNanos) break;
    return static_cast<Nanos>(std::llround(value * unit.nanos));
  }
  return std::nullopt;
}

}  // namespace baton
