// See repeated_word.h.
#include "schedules/search/repeated_word.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "schedules/search/move_random.h"
#include "schedules/search/timing.h"

namespace baton {
namespace {

using Letters = std::vector<RepeatedWord::Letter>;

// A word is kept if it is longer than the best one by at most this part of it. After so many moves without a better
// word the next part is in force, from the best word on.
constexpr double kSlack[] = {0.002, 0.01, 0.03};
constexpr int64_t kPatience = 1500;

// Moves a letter one place back in time: before the one in front of it, or to the end of the round before. Returns its
// new index.
size_t MoveBack(Letters& letters, size_t index) {
  if (index > 0) {
    std::swap(letters[index - 1], letters[index]);
    return index - 1;
  }
  std::rotate(letters.begin(), letters.begin() + 1, letters.end());
  --letters.back().lag;
  return letters.size() - 1;
}

size_t MoveOn(Letters& letters, size_t index) {
  if (index + 1 < letters.size()) {
    std::swap(letters[index], letters[index + 1]);
    return index + 1;
  }
  std::rotate(letters.begin(), letters.end() - 1, letters.end());
  ++letters.front().lag;
  return 0;
}

void UnrollInto(const SearchProblem& problem, const RepeatedWord& repeated, Word& word) {
  word.clear();
  for (const Letters& letters : repeated.devices) {
    const auto has_less = [](const RepeatedWord::Letter& a, const RepeatedWord::Letter& b) { return a.lag < b.lag; };
    const auto [least, most] = std::minmax_element(letters.begin(), letters.end(), has_less);
    for (int32_t round = least->lag; round < problem.num_micro_batches + most->lag; ++round) {
      for (const RepeatedWord::Letter& letter : letters) {
        const int32_t n = round - letter.lag;
        if (n >= 0 && n < problem.num_micro_batches) word.push_back(letter.pass);
      }
    }
  }
}

}  // namespace

RepeatedWord RepeatedWordOf(const SearchProblem& problem, const Word& word, int32_t middle) {
  RepeatedWord repeated;
  std::vector<int32_t> count(problem.num_chunks * kNumPassKinds);
  for (int device = 0; device < problem.num_devices; ++device) {
    const int32_t first = PassOf(problem.chunks_of_device[device].front(), kForwardPass);
    const auto begin = word.begin() + problem.first_pass[device], end = word.begin() + problem.first_pass[device + 1];
    std::vector<double> rounds;  // where they begin
    for (auto each = begin; each != end; ++each) {
      if (*each == first) rounds.push_back(static_cast<double>(each - begin));
    }
    rounds.push_back(static_cast<double>(end - begin));
    std::vector<std::pair<double, RepeatedWord::Letter>> placed;  // by the part of its round that is over
    for (auto each = begin; each != end; ++each) {
      if (count[*each]++ != middle) continue;
      const auto position = static_cast<double>(each - begin);
      const auto after = std::upper_bound(rounds.begin(), rounds.end() - 1, position);
      const int32_t round = static_cast<int32_t>(after - rounds.begin()) - 1;
      placed.push_back({(position - rounds[round]) / (*after - rounds[round]), {*each, round - middle}});
    }
    std::stable_sort(placed.begin(), placed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    Letters& letters = repeated.devices.emplace_back();
    for (const auto& [part, letter] : placed) letters.push_back(letter);
  }
  return repeated;
}

Word Unroll(const SearchProblem& problem, const RepeatedWord& repeated) {
  Word word;
  UnrollInto(problem, repeated, word);
  return word;
}

Word ImproveRepeated(const SearchProblem& problem, const RepeatedWord& start, int64_t moves, uint64_t seed) {
  Timing timing(problem);
  Word word;
  const auto time = [&](const RepeatedWord& repeated) {
    UnrollInto(problem, repeated, word);
    return IsWithinLimits(problem, word) ? timing.Time(word) : kNever;
  };
  RepeatedWord current = start, best = start;
  Nanos best_ns = time(start);
  MoveRandom random(seed);
  int64_t last_better = 0;
  size_t slack = 0;
  for (int64_t move = 0; move < moves; ++move) {
    random.BeginMove(move);
    if (move - last_better > kPatience) {
      last_better = move;
      slack = (slack + 1) % std::size(kSlack);
      current = best;
    }
    Letters& letters = current.devices[random.Below(static_cast<uint32_t>(problem.num_devices))];
    const Letters before = letters;
    const auto length = static_cast<uint32_t>(letters.size());
    size_t index = random.Below(length);
    const bool back = random.Below(2) == 0;
    for (uint32_t left = 1 + random.Below(1 + random.Below(2 * length)); left > 0; --left) {
      index = back ? MoveBack(letters, index) : MoveOn(letters, index);
    }
    const Nanos objective = time(current);
    const Nanos most =
        best_ns == kNever ? kNever - 1 : best_ns + static_cast<Nanos>(kSlack[slack] * static_cast<double>(best_ns));
    if (objective > most) {
      letters = before;
    } else if (objective < best_ns) {
      best = current;
      best_ns = objective;
      last_better = move;
    }
  }
  return best_ns == kNever ? Word() : Unroll(problem, best);
}

}  // namespace baton
