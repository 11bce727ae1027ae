// See json_string.h.
#include "base/json_string.h"

#include <nlohmann/json.hpp>

namespace baton {

std::string JsonString(absl::string_view text) {
  return nlohmann::json(std::string(text)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace baton
