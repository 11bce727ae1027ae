// Blom's approximation, with the normal quantile by bisection.
#include "schedules/costs/slowest_of_many.h"

#include <cmath>

namespace baton {
namespace {

constexpr double kDeviation = 0.009;

// The x below which a standard normal number lies with probability `p`, which is above 0 and below 1.
double NormalQuantile(double p) {
  double low = -10, high = 10;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (std::erfc(-middle / std::sqrt(2.0)) / 2 < p ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace

double SlowestOfMany(int count) {
  if (count < 2) return 1;
  return 1 - kDeviation * NormalQuantile((count - 0.375) / (count + 0.25));
}

}  // namespace baton
