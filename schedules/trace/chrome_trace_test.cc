// Trace files: valid JSON whose times nest, that reads back as what was written, and says what is wrong if it is not.
#include "schedules/trace/chrome_trace.h"

#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "schedules/analyze/testing/simulated.h"
#include "schedules/program/structure.h"
#include "schedules/trace/read_chrome_trace.h"

namespace baton {
namespace {

bool SameTrace(const Trace& a, const Trace& b) {
  if (a.devices.size() != b.devices.size()) return false;
  for (size_t device = 0; device < a.devices.size(); ++device) {
    if (a.devices[device].size() != b.devices[device].size()) return false;
    for (size_t i = 0; i < a.devices[device].size(); ++i) {
      const Interval& one = a.devices[device][i];
      const Interval& other = b.devices[device][i];
      if (one.ready != other.ready || one.start != other.start || one.end != other.end) return false;
    }
  }
  return true;
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST_CASE("slices of one thread follow each other, arrows go forward, and counters are numbers") {
  const char* schedule = GENERATE("1f1b", "gpipe", "zb-v", "chimera");
  // Transfers that take longer than passes overlap each other.
  const Nanos transfer = GENERATE(0, 300'000, 4'500'000);
  const Simulated run = SimulateEqual(schedule, 4, 6, transfer);
  const nlohmann::json json = nlohmann::json::parse(ToChromeTrace(run.program, run.trace, &run.trace));
  std::map<std::pair<int, int>, double> busy_until;
  std::map<std::string, double> begin_of_arrow;
  std::map<int, int> counters;
  std::map<std::pair<int, int>, std::string> name_of_thread;
  int slices = 0, arrows = 0;
  for (const auto& event : json["traceEvents"]) {
    const std::string phase = event["ph"];
    const int device = event["pid"];
    if (phase == "C") {
      for (const auto& [name, value] : event["args"].items()) CHECK(value.is_number());
      ++counters[device];
      continue;
    }
    const std::pair<int, int> thread = {device, event["tid"].get<int>()};
    if (phase == "M") {
      if (event["name"] == "thread_name") name_of_thread[thread] = event["args"]["name"];
      continue;
    }
    const double time = event["ts"];
    if (phase == "X") {
      ++slices;
      CHECK(event["dur"].get<double>() >= 0);
      CHECK(time >= busy_until[thread] - 1e-6);
      busy_until[thread] = time + event["dur"].get<double>();
    } else if (phase == "s") {
      begin_of_arrow[event["id"]] = time;
    } else {
      CHECK(phase == "f");
      ++arrows;
    }
  }
  for (const auto& event : json["traceEvents"]) {
    if (event["ph"] == "f") CHECK(event["ts"].get<double>() >= begin_of_arrow.at(event["id"]));
  }
  size_t instructions = 0;
  for (const auto& device : run.program.devices) instructions += device.instructions.size();
  CHECK(slices == static_cast<int>(instructions));
  CHECK(arrows == static_cast<int>(begin_of_arrow.size()));
  CHECK(counters.size() == 4);
  for (const auto& entry : busy_until) CHECK(name_of_thread.count(entry.first) == 1);
}

TEST_CASE("a trace file reads back as what was written") {
  const Simulated run = SimulateEqual("zb-v", 3, 5, 123'457);
  Trace measured = run.trace;
  for (auto& device : measured.devices) {
    Nanos shift = 0;
    for (Interval& interval : device) {
      shift += 1'001;
      interval.start += shift;
      interval.end += shift + 7;
    }
  }
  measured.cores = {2.5, 3, 1, 4};
  const ReadTrace read = ReadChromeTrace(ToChromeTrace(run.program, measured, &run.trace), "x.json").value();
  CHECK(SameProgram(read.program, run.program));
  CHECK(SameTrace(read.trace, measured));
  REQUIRE(read.predicted.has_value());
  CHECK(SameTrace(*read.predicted, run.trace));
  for (const SharedCores& cores : {read.trace.cores, read.predicted->cores}) {
    CHECK(cores.cores == 2.5);
    CHECK(cores.threads_each == 3);
    CHECK(cores.devices_per_host == 1);
    CHECK(cores.gpus_per_host == 4);
  }
  measured.cores = {};
  const ReadTrace alone = ReadChromeTrace(ToChromeTrace(run.program, measured), "x.json").value();
  CHECK(alone.trace.cores.cores == 0);
  CHECK(SameTrace(alone.trace, measured));
  CHECK_FALSE(alone.predicted.has_value());
}

TEST_CASE("processes are devices from 1, and a trace's name is in theirs") {
  const Simulated run = SimulateEqual("1f1b", 3, 4);
  const nlohmann::json json = nlohmann::json::parse(ToChromeTrace(run.program, run.trace, nullptr, "runs/a"));
  std::map<int, std::string> names;
  for (const auto& event : json["traceEvents"]) {
    const int process = event["pid"];
    CHECK(process >= 1);
    CHECK(process <= 3);
    if (event["name"] == "process_name") names[process] = event["args"]["name"];
    if (event["ph"] == "X") CHECK(event["args"]["device"] == process - 1);
  }
  CHECK(names == std::map<int, std::string>{{1, "runs/a, device 0"}, {2, "runs/a, device 1"}, {3, "runs/a, device 2"}});
}

TEST_CASE("a trace whose processes are numbered from 0, as in older files, is read") {
  const Simulated run = SimulateEqual("1f1b", 2, 2);
  nlohmann::json json = nlohmann::json::parse(ToChromeTrace(run.program, run.trace));
  for (auto& event : json["traceEvents"]) {
    event["pid"] = event["pid"].get<int>() - 1;
    if (event["ph"] == "X") event["args"].erase("device");
  }
  const auto read = ReadChromeTrace(json.dump(), "x.json");
  REQUIRE(read.status() == absl::OkStatus());
  CHECK(read->trace.devices[1].size() == run.trace.devices[1].size());
  CHECK(read->trace.devices[1].back().end == run.trace.devices[1].back().end);
}

TEST_CASE("a file that is not a trace of Baton is refused in one sentence") {
  const Simulated run = SimulateEqual("1f1b", 2, 2);
  const std::string good = ToChromeTrace(run.program, run.trace, &run.trace);
  const std::string no_trace =
      "x.json: not a trace that baton train or baton rehearse wrote: it does not contain the program";
  auto message = [](const std::string& text) {
    const absl::Status status = ReadChromeTrace(text, "x.json").status();
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  CHECK(message("") == "x.json: not JSON, or truncated");
  CHECK(message(good.substr(0, good.size() / 2)) == "x.json: not JSON, or truncated");
  for (const char* text : {"{}", "[]", "3", "{\"traceEvents\":[]}", "{\"traceEvents\":[],\"otherData\":{}}",
                           "{\"traceEvents\":{},\"otherData\":{\"program\":\"\"}}",
                           "{\"traceEvents\":[],\"otherData\":{\"program\":3}}"}) {
    CHECK(message(text) == no_trace);
  }
  CHECK(message("{\"traceEvents\":[],\"otherData\":{\"program\":\"prog\"}}")
            .find("x.json: its program: line 1, column ") == 0);
  CHECK(message(Replaced(good, "\"instruction\":0", "\"instruction\":1")) ==
        "x.json: device 0 instruction 1 has two slices");
  CHECK(message(Replaced(good, "\"instruction\":0", "\"instruction\":99"))
            .find("x.json: a slice of device 0 names none") == 0);
  CHECK(message(Replaced(good, "\"instruction\":0", "\"instruction\":\"a\""))
            .find("x.json: a slice of device 0 names none") == 0);
  Trace shared = run.trace;
  shared.cores = {2, 1, 0};
  const std::string with_cores = ToChromeTrace(run.program, shared);
  for (const char* wrong : {"\"cores\":0", "\"cores\":-1", "\"cores\":2097152", "\"cores\":1.5", "\"cores\":\"2\""}) {
    CHECK(message(Replaced(with_cores, "\"cores\":2", wrong)) ==
          "x.json: cores: cores and threads_each must be from 1, devices_per_host and gpus_per_host from 0, all below "
          "1048576");
  }
  CHECK(message(Replaced(good, "\"ph\":\"X\"", "\"ph\":\"Y\"")) ==
        "x.json: 1 instruction of the program without a slice");
  CHECK(message(Replaced(good, "\"dur\":0.000", "\"dur\":-1.000")).find("must be times in microseconds") !=
        std::string::npos);
  CHECK(message(Replaced(good, "\"dur\":0.000", "\"dur\":1e300")).find("must be times in microseconds") !=
        std::string::npos);
  CHECK(message(Replaced(good, "\"ready_us\":0.000", "\"ready_us\":null")).find("must be times in microseconds") !=
        std::string::npos);
  CHECK(message(Replaced(good, "\"predicted_end_us\":0.000", "\"predicted_end_us\":[]"))
            .find("its predicted times must be microseconds") != std::string::npos);
}

TEST_CASE("whatever bytes a trace file has, it is read or refused") {
  const Simulated run = SimulateEqual("1f1b", 2, 2);
  const std::string good = ToChromeTrace(run.program, run.trace, &run.trace);
  std::mt19937 random(3);
  int refused = 0;
  for (int round = 0; round < 400; ++round) {
    std::string text = good;
    for (unsigned changes = 1 + random() % 3; changes > 0; --changes) {
      const size_t at = random() % text.size();
      const size_t length = random() % 12;
      switch (random() % 3) {
        case 0:
          text[at] = static_cast<char>(random() % 256);
          break;
        case 1:
          text.erase(at, length);
          break;
        default:
          text.insert(at, text.substr(random() % text.size(), length));
      }
    }
    const auto read = ReadChromeTrace(text, "x.json");
    if (read.ok()) continue;
    ++refused;
    CHECK(read.status().code() == absl::StatusCode::kInvalidArgument);
  }
  CHECK(refused > 100);
}

TEST_CASE("traces of different programs are distinguished by the first difference") {
  const Program a = SimulateEqual("1f1b", 2, 2).program;
  CHECK(CheckSameOperations(a, "a.json", a, "the job").ok());
  auto message = [&](const Program& other) {
    const absl::Status status = CheckSameOperations(a, "a.json", other, "the job");
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  CHECK(message(SimulateEqual("1f1b", 3, 2).program) ==
        "a.json and the job are of different programs: 2 devices there, 3 here");
  CHECK(message(SimulateEqual("gpipe", 2, 2).program).find(" there, ") != std::string::npos);
  Program shorter = a;
  shorter.devices[1].instructions.pop_back();
  CHECK(message(shorter).find("device 1 has ") != std::string::npos);
}

TEST_CASE("the Chrome trace is JSON whose arrows have two ends") {
  const Simulated run = SimulateEqual("1f1b", 3, 4, 1000);
  const nlohmann::json json = nlohmann::json::parse(ToChromeTrace(run.program, run.trace));
  std::map<std::string, int> ends;
  int slices = 0;
  for (const auto& event : json["traceEvents"]) {
    if (event["ph"] == "s") ends[event["id"]] += 1;
    if (event["ph"] == "f") ends[event["id"]] += 100;
    if (event["ph"] == "X") {
      ++slices;
      CHECK(event["dur"].get<double>() >= 0);
    }
  }
  size_t instructions = 0;
  for (const auto& device : run.program.devices) instructions += device.instructions.size();
  CHECK(slices == static_cast<int>(instructions));
  CHECK(ends.size() == 2 * 2 * 4);  // two neighbours, there and back, four micro-batches
  for (const auto& [id, count] : ends) CHECK(count == 101);
}

}  // namespace
}  // namespace baton
