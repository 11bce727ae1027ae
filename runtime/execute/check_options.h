// Checks of an executor's options against a program that is to run with them. Used by the executor for each program.
#ifndef BATON_RUNTIME_EXECUTE_CHECK_OPTIONS_H_
#define BATON_RUNTIME_EXECUTE_CHECK_OPTIONS_H_

#include <vector>

#include "absl/status/status.h"
#include "runtime/device/device.h"
#include "runtime/execute/executor.h"
#include "schedules/program/program.h"

namespace baton {

// The devices that are in this process, ascending. `devices`: as of ExecutorOptions.
std::vector<Device*> OwnDevices(const std::vector<Device*>& devices);

// Errors: InvalidArgument if the number of devices or modules does not fit the program, if a device stands at another
// index than its own, if a module is missing here or given for a device of another process, if there is no transport,
// or if the timeout is out of range.
absl::Status CheckOptions(const Program& program, const ExecutorOptions& options);

}  // namespace baton

#endif  // BATON_RUNTIME_EXECUTE_CHECK_OPTIONS_H_
