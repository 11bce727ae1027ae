#include "runtime/process/environment.h"

#include <unistd.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace baton {

Environment Environment::OfProcess() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const size_t equals = text.find('=');
    if (equals != std::string::npos) environment.variables_[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return environment;
}

std::optional<std::string> Environment::Get(const std::string& name) const {
  const auto found = variables_.find(name);
  if (found == variables_.end() || found->second.empty()) return std::nullopt;
  return found->second;
}

std::optional<std::string> Environment::FirstSet(std::initializer_list<const char*> names) const {
  for (const char* const name : names) {
    if (Has(name)) return name;
  }
  return std::nullopt;
}

absl::StatusOr<int64_t> Environment::Number(const std::string& name, int64_t least, int64_t most) const {
  const std::optional<std::string> text = Get(name);
  const std::string allowed = absl::StrCat("a whole number from ", least, " to ", most);
  if (!text.has_value()) return absl::InvalidArgumentError(absl::StrCat(name, " is not set; it must be ", allowed));
  int64_t value = 0;
  if (!absl::SimpleAtoi(*text, &value) || value < least || value > most) {
    return absl::InvalidArgumentError(absl::StrCat(name, "=", *text, " is not ", allowed));
  }
  return value;
}

absl::StatusOr<int64_t> Environment::NumberOr(const std::string& name, int64_t least, int64_t most,
                                              int64_t otherwise) const {
  if (!Has(name)) return otherwise;
  return Number(name, least, most);
}

}  // namespace baton
