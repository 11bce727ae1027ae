// The members of a rule in a tokenizer.json, and the sentences that refuse one. Used by its readers.
#ifndef BATON_RUNTIME_DATA_TOKENIZER_JSON_RULE_H_
#define BATON_RUNTIME_DATA_TOKENIZER_JSON_RULE_H_

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/printable.h"

namespace baton {

inline absl::Status Wrong(absl::string_view what) { return absl::InvalidArgumentError(what); }

// The member, or null where there is none.
inline const nlohmann::json& Member(const nlohmann::json& object, const char* name) {
  static const nlohmann::json* const null = new nlohmann::json();
  const auto found = object.find(name);
  return found == object.end() ? *null : *found;
}

// A value for a message.
inline std::string Shown(const nlohmann::json& value) {
  if (value.is_string()) return absl::StrCat("\"", Printable(value.get_ref<const std::string&>().substr(0, 100)), "\"");
  if (value.is_object()) return "an object";
  return value.is_array() ? "a list" : value.dump();
}

// The boolean member; `otherwise` where it is missing or null.
inline absl::StatusOr<bool> Flag(const nlohmann::json& object, const char* name, bool otherwise,
                                 const std::string& path) {
  const nlohmann::json& value = Member(object, name);
  if (value.is_null()) return otherwise;
  if (value.is_boolean()) return value.get<bool>();
  return Wrong(absl::StrCat(path, ".", name, ": ", Shown(value), " must be true or false"));
}

// The member `type` of an object.
inline absl::StatusOr<std::string> TypeOf(const nlohmann::json& value, const std::string& path) {
  if (!value.is_object()) return Wrong(absl::StrCat(path, ": ", Shown(value), " must be an object"));
  const nlohmann::json& type = Member(value, "type");
  if (type.is_string()) return type.get<std::string>();
  return Wrong(absl::StrCat(path, ".type: ", Shown(type), " must be a string"));
}

inline absl::Status Unsupported(const std::string& path, const std::string& type, const char* supported) {
  return Wrong(
      absl::StrCat(path, ".type: \"", Printable(type.substr(0, 100)), "\" is not supported, only ", supported));
}

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_TOKENIZER_JSON_RULE_H_
