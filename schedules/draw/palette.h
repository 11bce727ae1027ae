// The colours of the pictures: blue for forward, green for backward(-input), sand for backward-weight, as in the
// papers' figures. They also differ in lightness, for colour-blind readers and grey printers. A device's second chunk
// is darker than its first. Used by svg and html.
#ifndef BATON_SCHEDULES_DRAW_PALETTE_H_
#define BATON_SCHEDULES_DRAW_PALETTE_H_

#include "schedules/analyze/idle.h"
#include "schedules/program/kind.h"

namespace baton {

struct Paint {
  const char* fill;
  const char* text;  // colour of text on it
};

// How many shades a kind has; chunk n of a device has shade n modulo kNumShades.
inline constexpr int kNumShades = 3;

inline Paint PaintOf(Kind kind, int shade) {
  static constexpr Paint kForward[kNumShades] = {
      {"#9cc4ee", "#10233a"}, {"#3f7fc8", "#ffffff"}, {"#1f4a80", "#ffffff"}};
  static constexpr Paint kBackward[kNumShades] = {
      {"#4fb286", "#06281a"}, {"#1f7a55", "#ffffff"}, {"#0f4a33", "#ffffff"}};
  static constexpr Paint kWeight[kNumShades] = {{"#f3d37a", "#3a2c05"}, {"#d9a02b", "#2b1f02"}, {"#9c6a0e", "#ffffff"}};
  static constexpr Paint kAgain[kNumShades] = {{"#c9b8e8", "#2a1a45"}, {"#8a6bc4", "#ffffff"}, {"#553a85", "#ffffff"}};
  switch (kind) {
    case Kind::kRecompute:
      return kAgain[shade];
    case Kind::kForward:
      return kForward[shade];
    case Kind::kBackward:
    case Kind::kBackwardInput:
      return kBackward[shade];
    case Kind::kBackwardWeight:
      return kWeight[shade];
    case Kind::kAllReduce:
    case Kind::kReduceScatter:
      return {"#b5179e", "#ffffff"};
    case Kind::kAllGather:
      return {"#2a9d8f", "#06281a"};
    default:
      return {"#6b6f76", "#ffffff"};
  }
}

// The colour of the hatching's lines.
inline const char* InkOf(IdleCause cause) {
  switch (cause) {
    case IdleCause::kFill:
    case IdleCause::kDrain:
      return "#b9bec6";
    case IdleCause::kNeighbour:
      return "#d4707a";
    case IdleCause::kTransfer:
      return "#8a63c9";
    case IdleCause::kCollective:
      return "#2a9d8f";
    case IdleCause::kDispatch:
      return "#e08214";
  }
  return "";
}

}  // namespace baton

#endif  // BATON_SCHEDULES_DRAW_PALETTE_H_
