// The explicit list of backends that the conformance suite runs for.
#ifndef BATON_TESTS_CONFORMANCE_BACKENDS_H_
#define BATON_TESTS_CONFORMANCE_BACKENDS_H_

#include <functional>
#include <memory>
#include <ostream>
#include <vector>

#include "ops/backend.h"

namespace baton {

// A backend and the memory that both it and the test can touch.
struct BackendUnderTest {
  std::shared_ptr<Backend> backend;
  std::function<std::byte*(Bytes)> allocate;  // kBufferAlignment-aligned
  std::function<void(std::byte*)> release;
  std::function<void()> synchronize;  // returns when all that was enqueued on stream() is done
  KernelStream stream;
};

std::ostream& operator<<(std::ostream& out, const BackendUnderTest& under_test);

// All that this machine can run: always the host.
std::vector<BackendUnderTest> BackendsUnderTest();

// The oracle; computes in the type of its input, and embeds into `type`.
BackendUnderTest ReferenceUnderTest(DataType type = DataType::kFloat32);

}  // namespace baton

#endif  // BATON_TESTS_CONFORMANCE_BACKENDS_H_
