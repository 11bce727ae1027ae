// JSON, then the program, then a slice for each of its instructions.
#include "schedules/trace/read_chrome_trace.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "base/format.h"
#include "base/status.h"
#include "schedules/program/form/describe.h"
#include "schedules/program/form/proto_form.h"

namespace baton {
namespace {

using Json = nlohmann::json;

constexpr double kMostMicros = 1e12;  // eleven days, far within the range of an int64 of nanoseconds

absl::Status Wrong(const std::string& file, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat(file, ": ", what));
}

// A field of an object, or null.
const Json* Find(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

// A time in microseconds as nanoseconds; none unless it is a number of at most kMostMicros, of either sign.
std::optional<Nanos> TimeIn(const Json& object, const char* key) {
  const Json* value = Find(object, key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const double micros = value->get<double>();
  if (!(std::abs(micros) <= kMostMicros)) return std::nullopt;
  return static_cast<Nanos>(std::llround(micros * 1000));
}

// A whole number from 0 to below `limit`; -1 for anything else.
int64_t IndexIn(const Json& object, const char* key, size_t limit) {
  const Json* value = Find(object, key);
  if (value == nullptr || !value->is_number_integer()) return -1;
  const auto index = value->get<int64_t>();
  return index >= 0 && static_cast<size_t>(index) < limit ? index : -1;
}

Trace EmptyTrace(const Program& program) {
  Trace trace;
  for (const DeviceProgram& device : program.devices) trace.devices.emplace_back(device.instructions.size());
  return trace;
}

// The cores that the devices shared; files of traces without such, and older ones, have none.
absl::StatusOr<SharedCores> ReadCores(const Json& other, const std::string& file) {
  constexpr size_t kMost = size_t{1} << 20;  // more than any host has
  SharedCores cores;
  const Json* fields = Find(other, "cores");
  if (fields == nullptr) return cores;
  // Only a GPU may count as a part of a core more, where kernels overlap.
  const Json* number = Find(*fields, "cores");
  const double count = number != nullptr && number->is_number() ? number->get<double>() : -1;
  const int64_t gpus_per_host =
      Find(*fields, "gpus_per_host") == nullptr ? 0 : IndexIn(*fields, "gpus_per_host", kMost);
  const int64_t threads_each = IndexIn(*fields, "threads_each", kMost);
  const int64_t devices_per_host = IndexIn(*fields, "devices_per_host", kMost);
  const bool is_count = count >= 1 && count < kMost && (gpus_per_host > 0 || count == std::floor(count));
  if (!is_count || threads_each < 1 || devices_per_host < 0 || gpus_per_host < 0) {
    return Wrong(file, absl::StrCat("cores: cores and threads_each must be from 1, devices_per_host and gpus_per_host "
                                    "from 0, all below ",
                                    kMost));
  }
  cores.cores = count;
  cores.threads_each = static_cast<int>(threads_each);
  cores.devices_per_host = static_cast<int>(devices_per_host);
  cores.gpus_per_host = static_cast<int>(gpus_per_host);
  return cores;
}

// Reads one slice into `read`. `seen`: [device][instruction].
absl::Status ReadSlice(const Json& event, const std::string& file, std::vector<std::vector<bool>>& seen,
                       ReadTrace& read) {
  const Json* arguments = Find(event, "args");
  // Older traces have no "device"; their processes are numbered like devices.
  const bool has_device = arguments != nullptr && Find(*arguments, "device") != nullptr;
  const int64_t device = has_device ? IndexIn(*arguments, "device", read.program.devices.size())
                                    : IndexIn(event, "pid", read.program.devices.size());
  if (device < 0 || arguments == nullptr) return Wrong(file, "a slice names a device that the program does not have");
  const size_t size = read.program.devices[device].instructions.size();
  const int64_t index = IndexIn(*arguments, "instruction", size);
  if (index < 0)
    return Wrong(file,
                 absl::StrCat("a slice of device ", device, " names none of its ", FormatPlural(size, "instruction")));
  const std::string which = absl::StrCat("device ", device, " instruction ", index);
  if (seen[device][index]) return Wrong(file, absl::StrCat(which, " has two slices"));
  seen[device][index] = true;
  const std::optional<Nanos> start = TimeIn(event, "ts");
  const std::optional<Nanos> duration = TimeIn(event, "dur");
  const std::optional<Nanos> ready = TimeIn(*arguments, "ready_us");
  if (!start || !duration || !ready || *duration < 0) {
    return Wrong(file, absl::StrCat(which, ": ts, dur and ready_us must be times in microseconds"));
  }
  read.trace.devices[device][index] = {*ready, *start, *start + *duration};
  if (Find(*arguments, "predicted_start_us") == nullptr) {
    read.predicted.reset();
    return absl::OkStatus();
  }
  const std::optional<Nanos> predicted_ready = TimeIn(*arguments, "predicted_ready_us");
  const std::optional<Nanos> predicted_start = TimeIn(*arguments, "predicted_start_us");
  const std::optional<Nanos> predicted_end = TimeIn(*arguments, "predicted_end_us");
  if (!predicted_ready || !predicted_start || !predicted_end || *predicted_end < *predicted_start) {
    return Wrong(file, absl::StrCat(which, ": its predicted times must be microseconds, the end not before the start"));
  }
  if (read.predicted) read.predicted->devices[device][index] = {*predicted_ready, *predicted_start, *predicted_end};
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ReadTrace> ReadChromeTrace(const std::string& text, const std::string& file) {
  const Json json = Json::parse(text, /*callback=*/nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Wrong(file, "not JSON, or truncated");
  const Json* events = Find(json, "traceEvents");
  const Json* other = Find(json, "otherData");
  const Json* program_text = other == nullptr ? nullptr : Find(*other, "program");
  if (events == nullptr || !events->is_array() || program_text == nullptr || !program_text->is_string()) {
    return Wrong(file, "not a trace that baton train or baton rehearse wrote: it does not contain the program");
  }
  ReadTrace read;
  absl::StatusOr<Program> program = ParseProgramProto(program_text->get_ref<const std::string&>());
  if (!program.ok()) return Wrong(file, absl::StrCat("its program: ", std::string(program.status().message())));
  read.program = *std::move(program);
  read.trace = EmptyTrace(read.program);
  BATON_ASSIGN_OR_RETURN(read.trace.cores, ReadCores(*other, file));
  read.predicted = read.trace;
  std::vector<std::vector<bool>> seen;
  size_t missing = 0;
  for (const auto& device : read.trace.devices) {
    seen.emplace_back(device.size(), false);
    missing += device.size();
  }
  for (const Json& event : *events) {
    const Json* phase = Find(event, "ph");
    if (phase == nullptr || *phase != "X") continue;
    BATON_RETURN_IF_ERROR(ReadSlice(event, file, seen, read));
    --missing;
  }
  if (missing > 0)
    return Wrong(file, absl::StrCat(FormatPlural(missing, "instruction"), " of the program without a slice"));
  return read;
}

absl::Status CheckSameOperations(const Program& a, const std::string& a_name, const Program& b,
                                 const std::string& b_name) {
  const auto differ = [&](const std::string& what) {
    return absl::InvalidArgumentError(absl::StrCat(a_name, " and ", b_name, " are of different programs: ", what));
  };
  if (a.devices.size() != b.devices.size()) {
    return differ(absl::StrCat(FormatPlural(a.num_devices(), "device"), " there, ", b.num_devices(), " here"));
  }
  for (size_t device = 0; device < a.devices.size(); ++device) {
    const auto& ours = a.devices[device].instructions;
    const auto& theirs = b.devices[device].instructions;
    for (size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) {
      const std::string one = Describe(ours[i].operation);
      const std::string other = Describe(theirs[i].operation);
      if (one != other) {
        return differ(absl::StrCat("device ", device, " instruction ", i, " is ", one, " there, ", other, " here"));
      }
    }
    if (ours.size() != theirs.size()) {
      return differ(absl::StrCat("device ", device, " has ", FormatPlural(ours.size(), "instruction"), " there, ",
                                 theirs.size(), " here"));
    }
  }
  return absl::OkStatus();
}

}  // namespace baton
