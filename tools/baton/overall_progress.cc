// See overall_progress.h.
#include "tools/baton/overall_progress.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/format.h"

namespace baton {

std::string DescribeProgress(const SearchProgress& progress) {
  const double above = static_cast<double>(progress.objective_ns - progress.lower_bound_ns) /
                       std::max(1.0, static_cast<double>(progress.lower_bound_ns));
  return absl::StrCat(FormatDuration(progress.objective_ns), ", at most ", FormatPercent(above), " above the shortest");
}

OverallProgress::OverallProgress(std::string title, std::string kind, std::vector<Task> tasks,
                                 ProgressLine::Options options)
    : kind_(std::move(kind)), tasks_(std::move(tasks)), line_(std::move(title), std::move(options)) {
  for (const Task& task : tasks_) total_ += task.weight;
}

void OverallProgress::Begin(int task) {
  task_ = task;
  before_ = 0;
  for (int earlier = 0; earlier < task; ++earlier) before_ += tasks_[earlier].weight;
  Show(0, "");
}

std::function<void(const SearchProgress&)> OverallProgress::OfSearch(int search, int searches) {
  return [this, search, searches](const SearchProgress& progress) {
    Show((search + progress.share) / searches, DescribeProgress(progress));
  };
}

void OverallProgress::Show(double share, const std::string& more) {
  line_.Show((before_ + share * tasks_[task_].weight) / total_,
             absl::StrCat(kind_, " ", task_ + 1, " of ", tasks_.size(), ": ", tasks_[task_].name), more);
}

}  // namespace baton
