// From settings to flags.
#include "tools/baton/whatif_settings.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"

namespace baton {
namespace {

std::vector<std::string> SplitSettings(const std::string& text) {
  std::vector<std::string> settings(1);
  int depth = 0;
  char quote = '\0';
  for (const char c : text) {
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    } else if (c == ',' && depth <= 0) {
      settings.emplace_back();
      continue;
    }
    settings.back() += c;
  }
  for (std::string& setting : settings) absl::StripAsciiWhitespace(&setting);
  return settings;
}

// Sets the number that `name` stands for. Nothing if it stands for none.
template <typename Number>
std::optional<absl::Status> SetNumber(const std::string& setting, const std::string& name, const std::string& value,
                                      Number least,
                                      const std::vector<std::pair<const char*, std::optional<Number>*>>& fields) {
  for (const auto& [known, field] : fields) {
    if (name != known) continue;
    Number number = 0;
    if (!absl::SimpleAtoi(value, &number) || number < least) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", setting, "\": ", name, " must be a whole number from ", least));
    }
    *field = number;
    return absl::OkStatus();
  }
  return std::nullopt;
}

absl::Status ApplySetting(const std::string& setting, ProblemFlags& flags) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(setting, absl::MaxSplits('=', 1));
  const auto& [name, value] = parts;
  if (auto status = SetNumber<int>(setting, name, value, 1,
                                   {{"stages", &flags.stages},
                                    {"micro_batches", &flags.micro_batches},
                                    {"chunks", &flags.chunks},
                                    {"group", &flags.micro_batch_group},
                                    {"cores", &flags.cores},
                                    {"per_node", &flags.links.per_node}})) {
    return *status;
  }
  if (auto status =
          SetNumber<Bytes>(setting, name, value, 0,
                           {{"activation_bytes", &flags.activation_bytes}, {"message_bytes", &flags.message_bytes}})) {
    return *status;
  }
  const std::pair<const char*, std::string*> texts[] = {{"schedule", &flags.schedule},
                                                        {"forward", &flags.forward},
                                                        {"backward_input", &flags.backward_input},
                                                        {"backward_weight", &flags.backward_weight},
                                                        {"recompute", &flags.recompute},
                                                        {"transfer", &flags.transfer},
                                                        {"bandwidth", &flags.links.bandwidth},
                                                        {"inter_transfer", &flags.links.inter_transfer},
                                                        {"inter_bandwidth", &flags.links.inter_bandwidth}};
  for (const auto& [known, field] : texts) {
    if (name != known) continue;
    *field = value;
    return absl::OkStatus();
  }
  if (!flags.job.empty() && absl::StrContains(name, ".")) {
    flags.overrides.push_back(setting);
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", setting, "\": there is no setting \"", name,
      "\"; the settings are stages, micro_batches, chunks, group, cores and schedule; without a job also forward, "
      "backward_input, backward_weight, recompute, transfer, bandwidth, per_node, inter_transfer, "
      "inter_bandwidth, activation_bytes and message_bytes; with a job any of its fields, as "
      "pipeline.stages=4"));
}

}  // namespace

absl::Status ApplySettings(const std::string& text, ProblemFlags& flags) {
  for (const std::string& setting : SplitSettings(text)) BATON_RETURN_IF_ERROR(ApplySetting(setting, flags));
  return absl::OkStatus();
}

}  // namespace baton
