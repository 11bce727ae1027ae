// The library's parser, with the limits that it lacks.
#include "base/json_object.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/printable.h"

namespace baton {
namespace {

constexpr int kMostLevels = 32;

// The most objects and lists inside one another; brackets in strings do not count.
int LevelsOf(absl::string_view text) {
  int levels = 0, deepest = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      deepest = std::max(deepest, ++levels);
    } else if (c == '}' || c == ']') {
      --levels;
    }
  }
  return deepest;
}

}  // namespace

absl::StatusOr<nlohmann::json> ParseJsonObject(absl::string_view text, absl::string_view what) {
  const auto wrong = [&](absl::string_view why) { return absl::InvalidArgumentError(absl::StrCat(what, " ", why)); };
  // The library takes a NUL for the end.
  if (text.find('\0') != absl::string_view::npos) return wrong("has a NUL byte");
  if (LevelsOf(text) > kMostLevels) return wrong(absl::StrCat("is nested more than ", kMostLevels, " levels deep"));
  // The library keeps the last of two equal keys.
  std::vector<absl::flat_hash_set<std::string>> keys;  // of the objects that are open
  std::string twice;
  const auto watch = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
    using Event = nlohmann::json::parse_event_t;
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end && !keys.empty()) keys.pop_back();
    if (event != Event::key || keys.empty() || !twice.empty()) return true;
    std::string key = parsed.get<std::string>();
    if (!keys.back().insert(key).second) twice = std::move(key);
    return true;
  };
  nlohmann::json json = nlohmann::json::parse(text.begin(), text.end(), watch, /*allow_exceptions=*/false);
  if (!json.is_object()) return wrong("is no JSON object");
  if (!twice.empty()) return wrong(absl::StrCat("has \"", Printable(twice.substr(0, 100)), "\" twice"));
  return json;
}

}  // namespace baton
