// `baton checkpoint`: the checkpoints of a run, and whether they are sound.
#include "runtime/checkpoint/checkpoint.h"

#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/format.h"
#include "base/status.h"
#include "base/text_table.h"
#include "runtime/checkpoint/checkpoint_folder.h"
#include "runtime/checkpoint/manifest.h"
#include "tools/baton/commands.h"

namespace baton {
namespace fs = std::filesystem;
namespace {

struct CheckpointFlags {
  std::string folder;
  std::string format = "text";
};

// A checkpoint as the command shows it.
struct Row {
  std::string path;
  std::unique_ptr<Checkpoint> checkpoint;  // null if its manifest cannot be used
  std::vector<std::string> damages;        // empty: sound
};

// Reads every byte of the checkpoint.
Row Inspect(const std::string& path) {
  Row row;
  row.path = path;
  absl::StatusOr<std::unique_ptr<Checkpoint>> opened = Checkpoint::Open(path);
  if (!opened.ok()) {
    row.damages.push_back(std::string(opened.status().message()));
    return row;
  }
  row.checkpoint = *std::move(opened);
  row.damages = row.checkpoint->Damages();
  return row;
}

// `folder`: that of a run, its `checkpoints`, or one checkpoint.
absl::StatusOr<std::vector<Row>> InspectAll(const std::string& folder) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) {
    return absl::NotFoundError(absl::StrCat("DIR: ", folder, " is not a folder"));
  }
  std::vector<Row> rows;
  const bool is_one = fs::exists(absl::StrCat(folder, "/", kManifestName), ignored);
  const std::string inner = folder + "/checkpoints";
  for (const ListedCheckpoint& each : ListCheckpoints(fs::is_directory(inner, ignored) ? inner : folder)) {
    rows.push_back(Inspect(each.path));
  }
  if (is_one) rows.push_back(Inspect(folder));
  if (rows.empty()) return absl::NotFoundError(absl::StrCat("DIR: ", folder, " has no checkpoint"));
  return rows;
}

// As "5 min": the largest unit that gives at least 2, rounded down.
std::string FormatAge(double seconds) {
  if (seconds < 120) return absl::StrFormat("%.0f s", std::max(0.0, seconds));
  if (seconds < 120 * 60) return absl::StrFormat("%d min", static_cast<int64_t>(seconds / 60));
  if (seconds < 48 * 3600) return absl::StrFormat("%d h", static_cast<int64_t>(seconds / 3600));
  return absl::StrFormat("%d days", static_cast<int64_t>(seconds / 86400));
}

void PrintTable(const std::vector<Row>& rows) {
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  TextTable table({"checkpoint", "step", "age", "size", "loss", "state"}, {false, true, true, true, true, false});
  for (const Row& row : rows) {
    std::vector<std::string> cells = {row.path, "-", "-", "-", "-"};
    if (row.checkpoint != nullptr) {
      const proto::CheckpointManifest& manifest = row.checkpoint->manifest();
      cells = {row.path, absl::StrCat(manifest.step()), FormatAge(now - manifest.saved_at()),
               FormatBytes(row.checkpoint->bytes()), absl::StrFormat("%.4f", manifest.loss())};
    }
    const std::string more = row.damages.size() > 1 ? absl::StrCat(", and ", row.damages.size() - 1, " more") : "";
    cells.push_back(row.damages.empty() ? "sound" : absl::StrCat("damaged: ", row.damages.front(), more));
    table.AddRow(std::move(cells));
  }
  std::cout << table.ToString();
}

void PrintJson(const std::vector<Row>& rows) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Row& row : rows) {
    nlohmann::ordered_json object = {{"path", row.path}, {"sound", row.damages.empty()}};
    if (row.checkpoint != nullptr) {
      const proto::CheckpointManifest& manifest = row.checkpoint->manifest();
      object["step"] = manifest.step();
      object["saved_at"] = manifest.saved_at();
      object["bytes"] = row.checkpoint->bytes();
      object["loss"] = manifest.loss();
    }
    object["damages"] = row.damages;
    list.push_back(std::move(object));
  }
  std::cout << list.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
}

absl::Status RunTable(const CheckpointFlags& flags) {
  BATON_ASSIGN_OR_RETURN(const std::vector<Row> rows, InspectAll(flags.folder));
  flags.format == "json" ? PrintJson(rows) : PrintTable(rows);
  return absl::OkStatus();
}

absl::Status RunVerify(const CheckpointFlags& flags) {
  BATON_ASSIGN_OR_RETURN(const std::vector<Row> rows, InspectAll(flags.folder));
  size_t damaged = 0;
  for (const Row& row : rows) {
    if (row.damages.empty()) std::cout << row.path << ": sound\n";
    for (const std::string& damage : row.damages) std::cout << damage << "\n";
    damaged += row.damages.empty() ? 0 : 1;
  }
  if (damaged == 0) return absl::OkStatus();
  std::cout << std::flush;
  return absl::DataLossError(absl::StrCat(damaged, " of ", rows.size(), " checkpoints damaged"));
}

}  // namespace

void AddCheckpointCommand(CLI::App& app, CommandAction& action) {
  CLI::App* command = app.add_subcommand("checkpoint", "List the checkpoints of a run, or verify them");
  auto flags = std::make_shared<CheckpointFlags>();
  constexpr char kFolder[] = "The folder of a run, its folder checkpoints, or one checkpoint";
  CLI::Option* const folder = command->add_option("DIR", flags->folder, kFolder);
  command->add_option("--format", flags->format, "text or json (text)")->check(CLI::IsMember({"text", "json"}));
  command->footer(
      R"(Both read every byte and compare it with its hash. A folder named verify is ./verify. Exit status of
`baton checkpoint verify`: 0 all are sound, 1 some are damaged, 2 there is none. See docs/checkpoints.md.

Examples:
  baton checkpoint runs/gpt
  baton checkpoint verify runs/gpt/checkpoints/step-000400)");
  CLI::App* verify = command->add_subcommand("verify", "Print each damage; exit with status 1 if there is one");
  verify->add_option("DIR", flags->folder, kFolder)->required();
  command->callback([flags, folder, verify, &action] {
    if (verify->parsed()) {
      action = [flags] { return RunVerify(*flags); };
      return;
    }
    if (folder->empty()) throw CLI::RequiredError("DIR");
    action = [flags] { return RunTable(*flags); };
  });
}

}  // namespace baton
