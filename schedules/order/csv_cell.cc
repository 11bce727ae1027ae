// A number, a word, a number; see csv_cell.h.
#include "schedules/order/csv_cell.h"

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"

namespace baton {
namespace {

struct NamedWord {
  absl::string_view name;
  CellWord word;
};
// If two names begin alike, the longer one comes first.
constexpr NamedWord kWords[] = {{"SEND_F", CellWord::kSendF},        {"SEND_B", CellWord::kSendB},
                                {"RECV_F", CellWord::kRecvF},        {"RECV_B", CellWord::kRecvB},
                                {"UNSHARD", CellWord::kSkipped},     {"RESHARD", CellWord::kSkipped},
                                {"REDUCE_GRAD", CellWord::kSkipped}, {"WAIT_SEND_F", CellWord::kSkipped},
                                {"WAIT_SEND_B", CellWord::kSkipped}, {"WAIT_REDUCE_GRAD", CellWord::kSkipped},
                                {"F", CellWord::kForward},           {"B", CellWord::kBackward},
                                {"I", CellWord::kBackwardInput},     {"W", CellWord::kBackwardWeight},
                                {"R", CellWord::kRecompute}};

// Removes a number from the front of `text`. Returns null, or what is wrong.
const char* TakeNumber(absl::string_view& text, int32_t& number) {
  int digits = 0;
  number = 0;
  while (!text.empty() && absl::ascii_isdigit(static_cast<unsigned char>(text.front()))) {
    if (++digits > kMaxCsvDigits) return "a number has more than 7 digits";
    number = 10 * number + (text.front() - '0');
    text.remove_prefix(1);
  }
  return digits == 0 ? "a number is missing" : nullptr;
}

}  // namespace

Action OrderCell::ToAction() const {
  static constexpr ActionKind kKinds[] = {ActionKind::kForward, ActionKind::kBackward, ActionKind::kBackwardInput,
                                          ActionKind::kBackwardWeight, ActionKind::kRecompute};
  return {kKinds[static_cast<int>(word)], chunk, micro_batch};
}

const char* ParseOrderCell(absl::string_view text, OrderLetters letters, OrderCell& cell) {
  if (const char* mistake = TakeNumber(text, cell.chunk)) return mistake;
  for (const NamedWord& word : kWords) {
    if (!absl::ConsumePrefix(&text, word.name)) continue;
    cell.word = word.word;
    if (letters == OrderLetters::kOld && word.word == CellWord::kBackward) {
      cell.word = absl::ConsumePrefix(&text, "W") ? CellWord::kBackward : CellWord::kBackwardInput;
    }
    // Skipped words need no micro-batch.
    if (cell.word == CellWord::kSkipped && text.empty()) return nullptr;
    if (const char* mistake = TakeNumber(text, cell.micro_batch)) return mistake;
    return text.empty() ? nullptr : "unexpected text after the cell";
  }
  return "the stage is followed by no known letter";
}

}  // namespace baton
