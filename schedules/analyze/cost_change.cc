// A small grammar, word by word: SUBJECT [NUMBER] [PART] AMOUNT faster|slower.
#include "schedules/analyze/cost_change.h"

#include <cmath>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status.h"

namespace baton {
namespace {

using Of = CostChange::Of;
using Part = CostChange::Part;

constexpr double kMostTimes = 1e6;

absl::Status NotUnderstood(const std::string& text, const std::string& why) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\": ", why,
                   "; write a change like \"chunk 3 20% faster\", \"chunk 3 backward 2x faster\", \"device 2 "
                   "1.5x slower\", \"link 2x faster\", \"link 0-1 2x slower\", \"forward 10% slower\", or a setting "
                   "like micro_batches=64"));
}

// "20%" or "2x" with "faster" or "slower", as a factor of the time.
std::optional<double> FactorOf(absl::string_view amount, bool faster) {
  double value = 0;
  if (absl::ConsumeSuffix(&amount, "%")) {
    if (!absl::SimpleAtod(amount, &value) || !(value >= 0) || (faster && value > 100)) return std::nullopt;
    if (value > 100 * kMostTimes) return std::nullopt;
    return 1 + (faster ? -value : value) / 100;
  }
  if (!absl::ConsumeSuffix(&amount, "x") || !absl::SimpleAtod(amount, &value)) return std::nullopt;
  if (!(value > 0) || value > kMostTimes || value < 1 / kMostTimes) return std::nullopt;
  return faster ? 1 / value : value;
}

std::optional<Part> PartOf(absl::string_view word) {
  if (word == "forward") return Part::kForward;
  if (word == "backward") return Part::kBackward;
  if (word == "backward-input") return Part::kBackwardInput;
  if (word == "backward-weight") return Part::kBackwardWeight;
  if (word == "recompute") return Part::kRecompute;
  if (word == "optimizer" || word == "update" || word == "step") return Part::kUpdate;
  return std::nullopt;
}

std::optional<Of> SubjectOf(absl::string_view word) {
  if (word == "chunk" || word == "chunks" || word == "stage" || word == "stages") return Of::kChunks;
  if (word == "device" || word == "devices") return Of::kDevice;
  if (word == "link" || word == "links" || word == "transfer" || word == "transfers") return Of::kLinks;
  if (word == "load" || word == "loads") return Of::kLoad;
  if (word == "reduce") return Of::kAllReduce;
  return std::nullopt;
}

// A chunk's or device's number, or two neighbours of a link as "2-3".
bool ParseIndex(absl::string_view word, Of of, int& index) {
  if (of != Of::kLinks) return absl::SimpleAtoi(word, &index) && index >= 0;
  const std::vector<absl::string_view> ends = absl::StrSplit(word, '-');
  int other = 0;
  if (ends.size() != 2 || !absl::SimpleAtoi(ends[0], &index) || !absl::SimpleAtoi(ends[1], &other)) return false;
  if (other < index) std::swap(index, other);
  return index >= 0 && other - index == 1;
}

absl::StatusOr<CostChange> ParseOne(const std::string& text) {
  std::vector<std::string> words = absl::StrSplit(
      absl::StrReplaceAll(absl::AsciiStrToLower(text), {{" %", "%"}, {" x ", "x "}}), ' ', absl::SkipWhitespace());
  if (words.size() < 3) return NotUnderstood(text, "a change names a cost, an amount, and faster or slower");
  if (words.back() != "faster" && words.back() != "slower") {
    return NotUnderstood(text, "it must end with faster or slower");
  }
  const bool faster = words.back() == "faster";
  const std::string amount = words[words.size() - 2];
  const std::optional<double> factor = FactorOf(amount, faster);
  if (!factor) {
    return NotUnderstood(
        text, absl::StrCat("\"", amount, "\" is not an amount like 2x or 20%, of at most ", kMostTimes, "x"));
  }
  CostChange change;
  change.factor = *factor;
  size_t next = 0;
  const size_t end = words.size() - 2;
  if (const std::optional<Of> of = SubjectOf(words[next])) {
    change.of = *of;
    ++next;
    if (next < end && absl::ascii_isdigit(static_cast<unsigned char>(words[next][0]))) {
      if (!ParseIndex(words[next], change.of, change.index)) {
        return NotUnderstood(
            text, absl::StrCat("\"", words[next], "\" is not the number of a ", words[next - 1],
                               change.of == Of::kLinks ? "; two neighbouring chunks name a link, as 0-1" : ""));
      }
      ++next;
    }
    if (change.of == Of::kDevice && change.index < 0) return NotUnderstood(text, "the device's number is missing");
  }
  const bool has_parts = change.of == Of::kChunks || change.of == Of::kDevice;
  if (next < end && has_parts) {
    if (const std::optional<Part> part = PartOf(words[next])) {
      change.part = *part;
      ++next;
    }
  }
  if (next != end || next == 0) return NotUnderstood(text, absl::StrCat("\"", words[next], "\" is not a cost"));
  return change;
}

void Multiply(double factor, Nanos& time) {
  time = static_cast<Nanos>(std::llround(std::min(static_cast<double>(time) * factor, 1e18)));
}

void Multiply(const CostChange& change, ChunkCosts& chunk) {
  const bool all = change.part == Part::kAll;
  if (all || change.part == Part::kForward) Multiply(change.factor, chunk.forward_ns);
  if (all || change.part == Part::kBackward || change.part == Part::kBackwardInput) {
    Multiply(change.factor, chunk.backward_input_ns);
  }
  if (all || change.part == Part::kBackward || change.part == Part::kBackwardWeight) {
    Multiply(change.factor, chunk.backward_weight_ns);
  }
  if (all || change.part == Part::kBackward) Multiply(change.factor, chunk.repeated_ns);
  chunk.repeated_ns = std::min({chunk.repeated_ns, chunk.backward_input_ns, chunk.backward_weight_ns});
  if (all || change.part == Part::kRecompute) Multiply(change.factor, chunk.recompute_ns);
  if (all || change.part == Part::kUpdate) Multiply(change.factor, chunk.update_ns);
}

// How long a transfer takes on each link without others, in nanoseconds. Used where one link shall differ: then no link
// takes turns any more.
std::vector<Nanos> TimesOfLinks(const CostModel& costs, const Program& program) {
  std::vector<Nanos> times(costs.chunks.size(), costs.transfer_ns);
  for (size_t chunk = 0; chunk + 1 < times.size(); ++chunk) {
    times[chunk] = costs.TransferNanos(static_cast<int>(chunk), program.placement.FirstDeviceOf(chunk),
                                       program.placement.FirstDeviceOf(chunk + 1), costs.chunks[chunk].output_bytes);
  }
  return times;
}

absl::Status CheckIndex(const char* what, int index, int count, const std::string& text) {
  if (index < count) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text, "\": there is no ", what, " ", index, "; there are ", count, ", numbered from 0"));
}

}  // namespace

bool LooksLikeCostChange(const std::string& text) {
  const std::string lower = absl::AsciiStrToLower(text);
  return absl::StrContains(lower, " ") && (absl::StrContains(lower, "faster") || absl::StrContains(lower, "slower"));
}

absl::StatusOr<std::vector<CostChange>> ParseCostChanges(const std::string& text) {
  std::vector<CostChange> changes;
  const std::string with_commas = absl::StrReplaceAll(text, {{" and ", ","}});
  for (absl::string_view part : absl::StrSplit(with_commas, ',')) {
    BATON_ASSIGN_OR_RETURN(const CostChange change, ParseOne(std::string(absl::StripAsciiWhitespace(part))));
    changes.push_back(change);
  }
  return changes;
}

absl::Status ApplyCostChange(const CostChange& change, const Program& program, const std::string& text,
                             CostModel& costs) {
  const int num_chunks = static_cast<int>(costs.chunks.size());
  switch (change.of) {
    case Of::kChunks:
      BATON_RETURN_IF_ERROR(CheckIndex("chunk", change.index, num_chunks, text));
      for (int chunk = 0; chunk < num_chunks; ++chunk) {
        if (change.index < 0 || change.index == chunk) Multiply(change, costs.chunks[chunk]);
      }
      break;
    case Of::kDevice:
      BATON_RETURN_IF_ERROR(CheckIndex("device", change.index, program.num_devices(), text));
      if (program.placement.num_replicas() > 1) {
        return absl::InvalidArgumentError(
            absl::StrCat("\"", text, "\": ", program.schedule,
                         " has a replica of each chunk on another device, and both cost the same"));
      }
      for (int chunk = 0; chunk < num_chunks; ++chunk) {
        if (program.placement.FirstDeviceOf(chunk) == change.index) Multiply(change, costs.chunks[chunk]);
      }
      break;
    case Of::kLinks:
      BATON_RETURN_IF_ERROR(CheckIndex("chunk", change.index + 1, num_chunks, text));
      if (change.index >= 0 && costs.link_ns.empty()) costs.link_ns = TimesOfLinks(costs, program);
      for (int link = 0; link < static_cast<int>(costs.link_ns.size()); ++link) {
        if (change.index < 0 || change.index == link) Multiply(change.factor, costs.link_ns[link]);
      }
      if (change.index < 0) {
        for (Nanos* latency : {&costs.transfer_ns, &costs.inter.latency_ns}) Multiply(change.factor, *latency);
        for (double* bandwidth : {&costs.bytes_per_ns, &costs.inter.bytes_per_ns}) *bandwidth /= change.factor;
      }
      break;
    case Of::kLoad:
      Multiply(change.factor, costs.load_ns);
      break;
    case Of::kAllReduce:
      Multiply(change.factor, costs.reduce_ns);
      break;
  }
  return absl::OkStatus();
}

}  // namespace baton
