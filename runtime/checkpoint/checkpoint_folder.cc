// Names, renames and removals.
#include "runtime/checkpoint/checkpoint_folder.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "base/durable_file.h"
#include "base/failpoint.h"
#include "base/status.h"

namespace baton {
namespace fs = std::filesystem;
namespace {

constexpr char kUnfinished[] = ".partial";

absl::Status PathError(const std::error_code& error, const std::string& path, const char* what) {
  return absl::ErrnoToStatus(error.value(), absl::StrCat(path, ": cannot be ", what));
}

// N of "step-N", or -1.
int64_t StepOf(absl::string_view name) {
  int64_t step = -1;
  if (!absl::ConsumePrefix(&name, "step-") || name.empty() || name.size() > 18) return -1;
  const bool digits = std::all_of(name.begin(), name.end(), [](char c) { return absl::ascii_isdigit(c); });
  return digits && absl::SimpleAtoi(name, &step) ? step : -1;
}

absl::Status RemoveTree(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  return error ? PathError(error, path, "removed") : absl::OkStatus();
}

absl::Status Rename(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::rename(from, to, error);
  return error ? PathError(error, from, "renamed") : absl::OkStatus();
}

}  // namespace

std::string StepName(int64_t step) { return absl::StrFormat("step-%06d", step); }

std::vector<ListedCheckpoint> ListCheckpoints(const std::string& folder) {
  std::vector<ListedCheckpoint> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const int64_t step = StepOf(name);
    std::error_code ignored;
    if (step >= 0 && entry->is_directory(ignored)) found.push_back({step, absl::StrCat(folder, "/", name)});
  }
  std::sort(found.begin(), found.end(), [](const ListedCheckpoint& a, const ListedCheckpoint& b) {
    return std::tie(a.step, a.path) < std::tie(b.step, b.path);
  });
  return found;
}

absl::Status RemoveCheckpoint(const std::string& path) {
  BATON_RETURN_IF_ERROR(Failpoint("checkpoint.remove"));
  BATON_RETURN_IF_ERROR(RemoveTree(path + kUnfinished));
  BATON_RETURN_IF_ERROR(Rename(path, path + kUnfinished));
  BATON_RETURN_IF_ERROR(Failpoint("checkpoint.remove"));
  return RemoveTree(path + kUnfinished);
}

absl::Status PruneCheckpoints(const std::string& folder, int64_t keep, int64_t keep_every) {
  if (keep == 0) return absl::OkStatus();
  const std::vector<ListedCheckpoint> all = ListCheckpoints(folder);
  for (size_t i = 0; i + static_cast<size_t>(keep) < all.size(); ++i) {
    if (keep_every > 0 && all[i].step % keep_every == 0) continue;
    BATON_RETURN_IF_ERROR(RemoveCheckpoint(all[i].path));
  }
  return absl::OkStatus();
}

absl::Status RemoveUnfinished(const std::string& folder) {
  std::vector<std::string> unfinished;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    absl::string_view stem = name;
    if (absl::ConsumeSuffix(&stem, kUnfinished) && StepOf(stem) >= 0) unfinished.push_back(entry->path().string());
  }
  for (const std::string& path : unfinished) BATON_RETURN_IF_ERROR(RemoveTree(path));
  return absl::OkStatus();
}

absl::Status MoveLaterCheckpoints(const std::string& folder, int64_t step, const std::string& to, int64_t* moved) {
  *moved = 0;
  for (const ListedCheckpoint& checkpoint : ListCheckpoints(folder)) {
    if (checkpoint.step <= step) continue;
    std::error_code error;
    fs::create_directories(to, error);
    if (error) return PathError(error, to, "created");
    const std::string name = absl::StrCat(to, "/", fs::path(checkpoint.path).filename().string());
    std::string target = name;
    for (int n = 2; fs::exists(target, error); ++n) target = absl::StrCat(name, "-", n);
    BATON_RETURN_IF_ERROR(Failpoint("resume.move"));
    BATON_RETURN_IF_ERROR(Rename(checkpoint.path, target));
    ++*moved;
  }
  return *moved == 0 ? absl::OkStatus() : SyncFolder(folder);
}

}  // namespace baton
