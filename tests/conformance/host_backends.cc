// The backends that run on any machine.
#include "ops/host/host_backend.h"
#include "tests/conformance/backends.h"

namespace baton {

std::vector<BackendUnderTest> BackendsUnderTest() { return {InOwnMemory("host", std::make_shared<HostBackend>())}; }

}  // namespace baton
