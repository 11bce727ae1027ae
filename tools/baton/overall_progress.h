// One progress line over several tasks, some of which are searches: the schedules of `baton compare`, the limits of
// `baton frontier`.
//
//     OverallProgress progress("comparing", "schedule", {{"gpipe", 1}, {"zb-auto", 50}}, ProgressLine::OnStderr());
//     progress.Begin(1);
//     options.progress = progress.OfSearch(/*search=*/0, /*searches=*/2);
//
//     comparing  schedule 2 of 2: zb-auto  1.19 s, at most 1.2 % above the shortest  [########........]  0:03 left
#ifndef BATON_TOOLS_BATON_OVERALL_PROGRESS_H_
#define BATON_TOOLS_BATON_OVERALL_PROGRESS_H_

#include <functional>
#include <string>
#include <vector>

#include "base/progress_line.h"
#include "schedules/search/search.h"

namespace baton {

// As "1.19 s, at most 1.2 % above the shortest".
std::string DescribeProgress(const SearchProgress& progress);

// Thread contract: one thread at a time.
class OverallProgress {
 public:
  struct Task {
    std::string name;
    double weight = 1;  // its share of the time, beside the other tasks'; above 0
  };

  // `kind`: the word for a task, as "schedule".
  OverallProgress(std::string title, std::string kind, std::vector<Task> tasks, ProgressLine::Options options);

  // The task with this index begins.
  void Begin(int task);

  // The progress of a search of the current task, which has `searches` of them; this is the one with index `search`.
  // Valid as long as this object.
  std::function<void(const SearchProgress&)> OfSearch(int search, int searches);

 private:
  void Show(double share, const std::string& more);

  const std::string kind_;
  const std::vector<Task> tasks_;
  double total_ = 0;   // of the weights
  double before_ = 0;  // weights of the tasks before the current one
  int task_ = 0;
  ProgressLine line_;
};

}  // namespace baton

#endif  // BATON_TOOLS_BATON_OVERALL_PROGRESS_H_
