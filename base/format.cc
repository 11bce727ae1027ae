// See format.h.
#include "base/format.h"

#include <cmath>
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace baton {
namespace {

// `value` with three significant digits and no exponent.
std::string ThreeDigits(double value) {
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return absl::StrFormat("%.*f", decimals, value);
}

// With a sign, unless all digits are zero.
std::string Signed(double value, int decimals) {
  const double half_a_digit = 0.5 * std::pow(10.0, -decimals);
  return std::abs(value) < half_a_digit ? absl::StrFormat("%.*f", decimals, 0.0)
                                        : absl::StrFormat("%+.*f", decimals, value);
}

}  // namespace

std::string FormatDuration(Nanos nanos) {
  const double value = static_cast<double>(nanos);
  if (nanos < 1000) return absl::StrCat(nanos, " ns");
  if (value < 999.5e3) return ThreeDigits(value / 1e3) + " µs";
  if (value < 999.5e6) return ThreeDigits(value / 1e6) + " ms";
  return ThreeDigits(value / 1e9) + " s";
}

std::string FormatSignedDuration(Nanos nanos) {
  return absl::StrCat(nanos < 0 ? "-" : "+", FormatDuration(std::abs(nanos)));
}

std::string FormatBytes(Bytes bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  int unit = 0;
  while (value >= 999.5 && unit < 4) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? absl::StrCat(bytes, " B") : absl::StrCat(ThreeDigits(value), " ", kUnits[unit]);
}

std::string FormatPercent(double ratio) { return absl::StrFormat("%.1f %%", 100 * ratio); }

std::string FormatSignedPercent(double ratio, int decimals) {
  return absl::StrCat(Signed(100 * ratio, decimals), " %");
}

std::string FormatSignedPoints(double difference, int decimals) {
  return absl::StrCat(Signed(100 * difference, decimals), " points");
}

std::string FormatPlural(int64_t count, const std::string& noun) {
  const char* ending = count == 1 ? "" : absl::EndsWith(noun, "ch") ? "es" : "s";
  return absl::StrCat(count, " ", noun, ending);
}

std::string FormatLoss(double loss) {
  return std::abs(loss) < 1e6 ? absl::StrFormat("%.4f", loss) : absl::StrFormat("%.4e", loss);
}

std::string FormatCount(double count) {
  std::string text = absl::StrFormat("%.2f", count);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text;
}

}  // namespace baton
