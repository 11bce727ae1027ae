// Failures against what is expected.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/conformance/devices/conformance_case.h"

namespace baton {

std::string Judge(const KindUnderTest& kind, const std::string& case_name, const std::vector<std::string>& failures) {
  const auto expected = kind.expected_failures.find(case_name);
  if (expected == kind.expected_failures.end()) return absl::StrJoin(failures, "\n");
  if (!failures.empty()) return "";
  return absl::StrCat("passes, but is listed as a failure: ", expected->second);
}

}  // namespace baton
