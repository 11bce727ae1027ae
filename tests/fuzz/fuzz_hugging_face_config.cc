// Fuzzes the reader of config.json: what it accepts is written and read again as the same file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "runtime/hugging_face/config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto model = baton::ParseHuggingFaceConfig({reinterpret_cast<const char*>(data), size}, "config.json");
  if (!model.ok()) return 0;
  const auto written = baton::WriteHuggingFaceConfig(*model);
  if (!written.ok()) return 0;
  const auto again = baton::ParseHuggingFaceConfig(*written, "written");
  if (!again.ok() || baton::WriteHuggingFaceConfig(*again).value() != *written) std::abort();
  return 0;
}
