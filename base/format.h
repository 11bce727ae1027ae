// Numbers as text for people: durations, sizes, ratios and counts with a fixed number of digits. Used by every command
// that prints a table or a sentence.
//
//   FormatDuration(18'522'000)   // "18.5 ms"
//   FormatBytes(1'288'490'188)   // "1.20 GiB"
//   FormatPercent(0.273)         // "27.3 %"
#ifndef BATON_BASE_FORMAT_H_
#define BATON_BASE_FORMAT_H_

#include <cstdint>
#include <string>

#include "base/units.h"

namespace baton {

// Three significant digits and a unit from ns to s: "742 µs", "18.5 ms", "12.3 s". Below 1 µs, and so for every
// negative duration: whole nanoseconds.
std::string FormatDuration(Nanos nanos);

// The same with a sign in front, "+" for 0: "+18.5 ms", "-742 µs".
std::string FormatSignedDuration(Nanos nanos);

// Three significant digits and a binary unit from B to TiB: "640 B", "1.20 GiB".
std::string FormatBytes(Bytes bytes);

// A ratio of 1 is "100.0 %".
std::string FormatPercent(double ratio);

// The same with a sign in front: "+31.4 %", "-2.0 %". A value that rounds to zero has none: "0.0 %".
std::string FormatSignedPercent(double ratio, int decimals = 1);

// The difference of two ratios in percentage points, with a sign as above: "+1.3 points", "0.0 points".
std::string FormatSignedPoints(double difference, int decimals = 1);

// A count and its noun, which takes an s, or es after ch, unless the count is 1: "1 chunk", "8 micro-batches".
std::string FormatPlural(int64_t count, const std::string& noun);

// A loss with four decimals; from a million on with an exponent, as other numbers of that size say nothing more:
// "2.4013", "6.3690e+33".
std::string FormatLoss(double loss);

// At most two decimals, without trailing zeros: "4", "5.5", "0.33".
std::string FormatCount(double count);

}  // namespace baton

#endif  // BATON_BASE_FORMAT_H_
