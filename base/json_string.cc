// See json_string.h.
#include "base/json_string.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"

namespace baton {

std::string JsonString(absl::string_view text) {
  const std::string json =
      nlohmann::json(std::string(text)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  // JSON allows DEL and U+0080 to U+009F, which terminals obey.
  std::string escaped;
  for (size_t i = 0; i < json.size(); ++i) {
    const auto byte = static_cast<unsigned char>(json[i]);
    const bool is_pair = byte == 0xC2 && i + 1 < json.size() && static_cast<unsigned char>(json[i + 1]) < 0xA0;
    if (byte == 0x7F || is_pair) {
      absl::StrAppendFormat(&escaped, "\\u%04x", is_pair ? static_cast<unsigned char>(json[++i]) : byte);
    } else {
      escaped += json[i];
    }
  }
  return escaped;
}

}  // namespace baton
