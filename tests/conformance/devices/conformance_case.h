// A case of the suite. It records failures instead of ending the test, so that a failure can be expected.
//
//   void ArenaIsZeroed(Context& context) {
//     MachineUnderTest machine = context.Make(1);
//     CONFORM(machine.devices[0]->CreateArena(0).ok());
//   }
#ifndef BATON_TESTS_CONFORMANCE_DEVICES_CONFORMANCE_CASE_H_
#define BATON_TESTS_CONFORMANCE_DEVICES_CONFORMANCE_CASE_H_

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "tests/conformance/devices/machine_under_test.h"

// Records a failure if `condition` is false.
#define CONFORM(condition) context.Expect((condition), #condition, __FILE__, __LINE__)
// Records a failure and ends the case if `status` is not OK.
#define CONFORM_OK(status) \
  if (!context.ExpectOk((status), #status, __FILE__, __LINE__)) return

namespace baton {

// Thread contract: one thread; other threads of a case count their failures and leave them to that one.
class Context {
 public:
  Context(const KindUnderTest& kind, int seed) : kind_(kind), seed_(seed) {}

  MachineUnderTest Make(int num_devices) const { return kind_.make(num_devices, seed_); }
  const KindUnderTest& kind() const { return kind_; }
  // Whether `condition` holds, now or within the time that the kind may be late.
  bool Soon(const std::function<bool()>& condition) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::nanoseconds(kind_.lateness_ns);
    while (!condition()) {
      if (std::chrono::steady_clock::now() >= deadline) return false;
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
    return true;
  }

  void Expect(bool holds, const char* condition, const char* file, int line) {
    if (!holds) failures_.push_back(absl::StrCat(file, ":", line, ": ", condition));
  }
  bool ExpectOk(const absl::Status& status, const char* expression, const char* file, int line) {
    if (!status.ok()) failures_.push_back(absl::StrCat(file, ":", line, ": ", expression, " is ", status.ToString()));
    return status.ok();
  }
  const std::vector<std::string>& failures() const { return failures_; }

 private:
  const KindUnderTest& kind_;
  const int seed_;
  std::vector<std::string> failures_;
};

struct ConformanceCase {
  std::string name;
  void (*run)(Context& context);
  std::vector<Ability> needs = {};
};

std::vector<ConformanceCase> DeviceCases();
std::vector<ConformanceCase> StreamCases();
std::vector<ConformanceCase> ChannelCases();
std::vector<ConformanceCase> CollectiveCases();
std::vector<ConformanceCase> GraphCases();

// The outcome of a case for a kind: empty if it is as expected, else what is wrong: its failures, or that it passed
// although the kind's list says that it fails.
std::string Judge(const KindUnderTest& kind, const std::string& case_name, const std::vector<std::string>& failures);

}  // namespace baton

#endif  // BATON_TESTS_CONFORMANCE_DEVICES_CONFORMANCE_CASE_H_
