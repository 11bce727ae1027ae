// Fuzzes the reader and the checks of orders: any input must lead to a verdict or to an error of the reader.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"
#include "schedules/order/read_csv.h"
#include "schedules/verify/verify.h"

// The first byte chooses the transport, the rest is the file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const absl::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto csv = baton::ReadCsv(text, "fuzz.csv");
  if (!csv.ok()) return 0;
  const baton::TransportModel transport{data[0] % 4, static_cast<baton::QueueKind>(data[0] / 4 % 3)};
  // Verify fails only if Baton's own lowering of a sound order fails Baton's own proof.
  if (!baton::Verify(*csv, transport).ok()) std::abort();
  return 0;
}
