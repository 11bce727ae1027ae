// The environment variables of a process as a value, so that tests can state them. Used by world.cc, token.cc and the
// launcher.
#ifndef BATON_RUNTIME_PROCESS_ENVIRONMENT_H_
#define BATON_RUNTIME_PROCESS_ENVIRONMENT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace baton {

class Environment {
 public:
  Environment() = default;
  explicit Environment(std::map<std::string, std::string> variables) : variables_(std::move(variables)) {}

  // Those of this process.
  static Environment OfProcess();

  // None if the variable is not set or empty.
  std::optional<std::string> Get(const std::string& name) const;
  bool Has(const std::string& name) const { return Get(name).has_value(); }
  // The first name that is set; none if no name is.
  std::optional<std::string> FirstSet(std::initializer_list<const char*> names) const;
  // A whole number from `least` to `most`. Errors: InvalidArgument with the name and the value, also if it is not set.
  absl::StatusOr<int64_t> Number(const std::string& name, int64_t least, int64_t most) const;
  // The same, or `otherwise` if the variable is not set.
  absl::StatusOr<int64_t> NumberOr(const std::string& name, int64_t least, int64_t most, int64_t otherwise) const;

  const std::map<std::string, std::string>& variables() const { return variables_; }

 private:
  std::map<std::string, std::string> variables_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_PROCESS_ENVIRONMENT_H_
