// nlohmann's parser, watched: it keeps the last of two equal keys and has no limit of depth.
#include "runtime/data/tokenizer/strict_json.h"

#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/printable.h"

namespace baton {
namespace {

constexpr int kMaxDepth = 64;

}  // namespace

absl::StatusOr<nlohmann::json> ParseStrictJson(const std::string& text) {
  using Event = nlohmann::json::parse_event_t;
  std::vector<absl::flat_hash_set<std::string>> keys(kMaxDepth + 2);  // of the object that is open at each depth
  std::string twice;
  bool is_deep = false;
  const auto watch = [&](int depth, Event event, nlohmann::json& parsed) {
    is_deep |= depth > kMaxDepth;
    if (is_deep) return false;
    if (event == Event::object_start) keys[depth + 1].clear();
    if (event == Event::key && !keys[depth].insert(parsed.get<std::string>()).second) twice = parsed.get<std::string>();
    return true;
  };
  nlohmann::json json = nlohmann::json::parse(text, watch, /*allow_exceptions=*/false);
  if (is_deep) return absl::InvalidArgumentError(absl::StrCat("is nested deeper than ", kMaxDepth));
  if (!json.is_object()) return absl::InvalidArgumentError("is no JSON object");
  if (!twice.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("has the key \"", Printable(twice.substr(0, 100)), "\" twice"));
  }
  return json;
}

}  // namespace baton
