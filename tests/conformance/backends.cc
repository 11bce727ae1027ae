// The reference backend, and backends that compute in the process's own memory.
#include "tests/conformance/backends.h"

#include <cstdlib>
#include <utility>

#include "ops/reference/reference_backend.h"

namespace baton {

std::ostream& operator<<(std::ostream& out, const BackendUnderTest& under_test) { return out << under_test.name; }

BackendUnderTest InOwnMemory(const std::string& name, std::shared_ptr<Backend> backend) {
  BackendUnderTest under_test;
  under_test.name = name;
  under_test.backend = std::move(backend);
  under_test.allocate = [](Bytes bytes) {
    return static_cast<std::byte*>(std::aligned_alloc(kBufferAlignment, AlignUp(bytes)));
  };
  under_test.release = [](std::byte* memory) { std::free(memory); };
  under_test.synchronize = [] {};
  return under_test;
}

BackendUnderTest ReferenceUnderTest(DataType type) {
  return InOwnMemory("reference", std::make_shared<ReferenceBackend>(type));
}

}  // namespace baton
