// Fuzzes the reader of traces and what `baton explain` computes from them: an accepted trace is the same after writing
// and reading.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "schedules/analyze/explain.h"
#include "schedules/program/structure.h"
#include "schedules/trace/chrome_trace.h"
#include "schedules/trace/read_chrome_trace.h"

namespace {

bool SameTrace(const baton::Trace& a, const baton::Trace& b) {
  for (size_t device = 0; device < a.devices.size(); ++device) {
    for (size_t i = 0; i < a.devices[device].size(); ++i) {
      const baton::Interval& one = a.devices[device][i];
      const baton::Interval& other = b.devices[device][i];
      if (one.ready != other.ready || one.start != other.start || one.end != other.end) return false;
    }
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto read = baton::ReadChromeTrace(std::string(reinterpret_cast<const char*>(data), size), "fuzz.json");
  if (!read.ok()) return 0;
  const baton::Trace* predicted = read->predicted ? &*read->predicted : nullptr;
  const auto again = baton::ReadChromeTrace(baton::ToChromeTrace(read->program, read->trace, predicted), "again.json");
  if (!again.ok() || !baton::SameProgram(read->program, again->program)) std::abort();
  if (!SameTrace(read->trace, again->trace) || read->predicted.has_value() != again->predicted.has_value())
    std::abort();
  if (predicted == nullptr) return 0;
  if (!SameTrace(*predicted, *again->predicted)) std::abort();
  const auto explanation = baton::Explain(read->program, *predicted, read->trace);
  if (explanation.ok()) baton::InThreeSentences(read->program, *explanation, baton::TraceNames());
  return 0;
}
