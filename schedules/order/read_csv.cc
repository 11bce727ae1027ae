// A reader by hand, since errors name line and column; see read_csv.h.
#include "schedules/order/read_csv.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status.h"

namespace baton {
namespace {

constexpr absl::string_view kOverlap = "OVERLAP_F_B";
constexpr absl::string_view kAllowed =
    "expected <stage><F|I|W|B|R><micro-batch>, <stage><SEND_F|RECV_F|SEND_B|RECV_B><micro-batch>, "
    "(<action>;<action>)OVERLAP_F_B or nothing";

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

absl::string_view StripBlanks(absl::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

// What may stand between the two numbers of a cell. Of two that begin alike the longer one comes first.
enum class Word : int8_t {
  kForward,
  kBackward,
  kBackwardInput,
  kBackwardWeight,
  kRecompute,
  kSendF,
  kSendB,
  kRecvF,
  kRecvB
};
struct NamedWord {
  absl::string_view name;
  Word word;
};
constexpr NamedWord kWords[] = {{"SEND_F", Word::kSendF},    {"SEND_B", Word::kSendB},     {"RECV_F", Word::kRecvF},
                                {"RECV_B", Word::kRecvB},    {"F", Word::kForward},        {"B", Word::kBackward},
                                {"I", Word::kBackwardInput}, {"W", Word::kBackwardWeight}, {"R", Word::kRecompute}};
constexpr absl::string_view kSkippedWords[] = {"UNSHARD", "RESHARD", "REDUCE_GRAD"};

struct Cell {
  bool is_skipped = false;
  Word word = Word::kForward;
  int32_t chunk = 0;
  int32_t micro_batch = 0;

  bool is_compute() const { return word <= Word::kRecompute; }
  bool is_backward() const { return word == Word::kBackward || word == Word::kBackwardInput; }
  Action ToAction() const {
    static constexpr ActionKind kKinds[] = {ActionKind::kForward, ActionKind::kBackward, ActionKind::kBackwardInput,
                                            ActionKind::kBackwardWeight, ActionKind::kRecompute};
    return {kKinds[static_cast<int>(word)], chunk, micro_batch};
  }
};

// Takes digits from the front; a message if there are none or too many.
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

// Reads one cell without parentheses and blanks; a message if it is none.
const char* ParseCell(absl::string_view text, Cell& cell) {
  if (const char* mistake = TakeNumber(text, cell.chunk)) return mistake;
  for (absl::string_view word : kSkippedWords) {
    absl::string_view rest = text;
    if (!absl::ConsumePrefix(&rest, word)) continue;
    cell.is_skipped = true;
    if (rest.empty()) return nullptr;
    if (const char* mistake = TakeNumber(rest, cell.micro_batch)) return mistake;
    return rest.empty() ? nullptr : "something follows behind the cell";
  }
  for (const NamedWord& word : kWords) {
    if (!absl::ConsumePrefix(&text, word.name)) continue;
    cell.word = word.word;
    if (const char* mistake = TakeNumber(text, cell.micro_batch)) return mistake;
    return text.empty() ? nullptr : "something follows behind the cell";
  }
  return "the stage is followed by no known letter";
}

// Each chunk is where its first action is. False if other actions of it are elsewhere.
bool InferPlaces(ComputeOrder& order) {
  std::vector<int32_t> device_of_chunk(order.num_chunks, -1);
  bool is_agreed = true;
  for (int device = 0; device < order.num_devices(); ++device) {
    for (const Action& action : order.devices[device]) {
      int32_t& place = device_of_chunk[action.chunk];
      if (place < 0) place = device;
      is_agreed = is_agreed && place == device;
    }
  }
  order.placement = ChunkPlacement::Of(device_of_chunk);
  return is_agreed;
}

// Two replicas of the parameters show by their forwards: some micro-batches go the way of micro-batch 0, all others
// that way in reverse. Anything else stays an order of one replica with actions on wrong devices.
void InferReplicas(ComputeOrder& order) {
  const size_t num_chunks = order.num_chunks;
  std::vector<int32_t> ways(num_chunks * order.num_micro_batches, -1);  // [micro-batch × num_chunks + chunk]
  for (int device = 0; device < order.num_devices(); ++device) {
    for (const Action& action : order.devices[device]) {
      int32_t& place = ways[action.micro_batch * num_chunks + action.chunk];
      if (action.kind == ActionKind::kForward && place < 0) place = device;
    }
  }
  const std::vector<int32_t> down(ways.begin(), ways.begin() + num_chunks);
  if (std::find(down.begin(), down.end(), -1) != down.end()) return;
  const std::vector<int32_t> up(down.rbegin(), down.rend());
  const auto goes = [&](const int32_t* way, const std::vector<int32_t>& devices) {
    for (size_t chunk = 0; chunk < num_chunks; ++chunk) {
      if (way[chunk] >= 0 && way[chunk] != devices[chunk]) return false;
    }
    return true;
  };
  std::vector<int32_t> replicas;
  for (int micro_batch = 0; micro_batch < order.num_micro_batches; ++micro_batch) {
    const int32_t* way = &ways[micro_batch * num_chunks];
    const bool is_first = goes(way, down);
    if (!is_first && !goes(way, up)) return;
    replicas.push_back(is_first ? 0 : 1);
  }
  if (std::find(replicas.begin(), replicas.end(), 1) == replicas.end()) return;
  order.placement = ChunkPlacement::OfReplicas({down, up}, std::move(replicas));
}

class Reader {
 public:
  Reader(absl::string_view text, absl::string_view name) : text_(text), name_(name) {}

  absl::StatusOr<CsvOrder> Run() {
    if (text_.size() > kMaxCsvBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat(name_, ":1:1: the file has ", text_.size(), " bytes; at most ", kMaxCsvBytes, " are read"));
    }
    absl::string_view rest = text_;
    absl::ConsumePrefix(&rest, "\xEF\xBB\xBF");
    for (line_ = 1; !rest.empty(); ++line_) {
      const size_t end = rest.find('\n');
      absl::string_view line = rest.substr(0, end);
      rest.remove_prefix(end == absl::string_view::npos ? rest.size() : end + 1);
      if (StripBlanks(line).empty()) continue;  // counted when a row follows
      BATON_RETURN_IF_ERROR(Row(line));
    }
    if (num_actions_ == 0) {
      return absl::InvalidArgumentError(absl::StrCat(name_, ":1:1: the file has no compute cell"));
    }
    return Finish();
  }

 private:
  absl::Status Error(const char* at, const std::string& what) const {
    // The column counts from the line's begin, which the last newline before `at` tells.
    const size_t offset = static_cast<size_t>(at - text_.data());
    const size_t newline = offset == 0 ? absl::string_view::npos : text_.rfind('\n', offset - 1);
    const size_t column = newline == absl::string_view::npos ? offset + 1 : offset - newline;
    return absl::InvalidArgumentError(absl::StrCat(name_, ":", line_, ":", column, ": ", what));
  }

  absl::Status NoCell(absl::string_view cell, const char* mistake) const {
    constexpr size_t kMostShown = 40;
    return Error(cell.data(), absl::StrCat("\"", absl::CHexEscape(cell.substr(0, kMostShown)),
                                           cell.size() > kMostShown ? "…" : "", "\": ", mistake, "; ", kAllowed));
  }

  absl::Status Row(absl::string_view line) {
    if (line_ > kMaxCsvRows) return Error(line.data(), absl::StrCat("more than ", kMaxCsvRows, " rows"));
    while (csv_.rows.size() < static_cast<size_t>(line_)) {
      csv_.rows.push_back(static_cast<int32_t>(csv_.rows.size()) + 1);
    }
    csv_.order.devices.resize(line_);
    csv_.transfers.resize(line_);
    csv_.cells.resize(line_);
    for (int32_t number = 1;; ++number) {
      const size_t comma = line.find(',');
      BATON_RETURN_IF_ERROR(Field(line.substr(0, comma), number));
      if (comma == absl::string_view::npos) return absl::OkStatus();
      line.remove_prefix(comma + 1);
    }
  }

  absl::Status Field(absl::string_view field, int32_t number) {
    absl::string_view cell = StripBlanks(field);
    if (!cell.empty() && (cell.front() == '"' || cell.front() == '\'')) {
      if (cell.size() < 2 || cell.back() != cell.front()) return NoCell(cell, "a quote is not closed");
      cell = StripBlanks(cell.substr(1, cell.size() - 2));
    }
    if (cell.empty()) return absl::OkStatus();
    if (cell.front() == '(') return Overlapped(cell, number);
    Cell parsed;
    if (const char* mistake = ParseCell(cell, parsed)) return NoCell(cell, mistake);
    return Add(cell, parsed, number);
  }

  absl::Status Overlapped(absl::string_view cell, int32_t number) {
    absl::string_view inner = cell.substr(1);
    if (!absl::ConsumeSuffix(&inner, kOverlap)) return NoCell(cell, "parentheses come with OVERLAP_F_B");
    inner = StripBlanks(inner);
    if (!absl::ConsumeSuffix(&inner, ")")) return NoCell(cell, "a parenthesis is not closed");
    const size_t semicolon = inner.find(';');
    if (semicolon == absl::string_view::npos) return NoCell(cell, "two actions are needed, with a semicolon between");
    Cell forward;
    Cell backward;
    if (const char* mistake = ParseCell(StripBlanks(inner.substr(0, semicolon)), forward)) return NoCell(cell, mistake);
    if (const char* mistake = ParseCell(StripBlanks(inner.substr(semicolon + 1)), backward)) {
      return NoCell(cell, mistake);
    }
    if (forward.is_backward()) std::swap(forward, backward);
    if (forward.is_skipped || backward.is_skipped || forward.word != Word::kForward || !backward.is_backward()) {
      return NoCell(cell, "a forward and a backward run together, nothing else");
    }
    BATON_RETURN_IF_ERROR(Add(cell, forward, number));
    return Add(cell, backward, number);
  }

  absl::Status Add(absl::string_view text, const Cell& cell, int32_t number) {
    if (cell.is_skipped) return absl::OkStatus();
    std::vector<Action>& actions = csv_.order.devices.back();
    if (cell.is_compute()) {
      if (cell.chunk > largest_chunk_) {
        largest_chunk_ = cell.chunk;
        chunk_at_ = text.data();
        chunk_line_ = line_;
      }
      if (cell.micro_batch > largest_micro_batch_) {
        largest_micro_batch_ = cell.micro_batch;
        micro_batch_at_ = text.data();
        micro_batch_line_ = line_;
      }
      actions.push_back(cell.ToAction());
      csv_.cells.back().push_back(number);
      ++num_actions_;
      return absl::OkStatus();
    }
    csv_.has_transfers = true;
    csv_.transfers.back().push_back({cell.word == Word::kSendF || cell.word == Word::kSendB,
                                     cell.word == Word::kSendB || cell.word == Word::kRecvB, cell.chunk,
                                     cell.micro_batch, static_cast<int32_t>(actions.size()), number});
    return absl::OkStatus();
  }

  // A whole order has an action for each chunk and micro-batch. A damaged one is near to that, or near to small;
  // beyond, tables would be made for a mistyped number.
  absl::StatusOr<CsvOrder> Finish() {
    const int64_t num_chunks = int64_t{largest_chunk_} + 1;
    const int64_t num_micro_batches = int64_t{largest_micro_batch_} + 1;
    const int64_t limit = std::min(kMaxForwards, (int64_t{1} << 16) + 4 * num_actions_);
    if (num_chunks * num_micro_batches > limit) {
      const bool is_chunk = num_chunks > num_micro_batches;
      line_ = is_chunk ? chunk_line_ : micro_batch_line_;
      return Error(is_chunk ? chunk_at_ : micro_batch_at_,
                   absl::StrCat(num_chunks, " stages and ", num_micro_batches, " micro-batches are named, but only ",
                                num_actions_, " compute cells are there; at most ", limit,
                                " pairs of a stage and a micro-batch are taken"));
    }
    ComputeOrder& order = csv_.order;
    order.num_chunks = static_cast<int>(num_chunks);
    order.num_micro_batches = static_cast<int>(num_micro_batches);
    if (!InferPlaces(order)) InferReplicas(order);
    return std::move(csv_);
  }

  const absl::string_view text_;
  const std::string name_;
  int line_ = 1;
  CsvOrder csv_;
  int64_t num_actions_ = 0;
  // The largest numbers and where they stand first.
  int32_t largest_chunk_ = -1;
  int32_t largest_micro_batch_ = -1;
  const char* chunk_at_ = nullptr;
  const char* micro_batch_at_ = nullptr;
  int chunk_line_ = 1;
  int micro_batch_line_ = 1;
};

}  // namespace

absl::StatusOr<CsvOrder> ReadCsv(absl::string_view text, absl::string_view name) { return Reader(text, name).Run(); }

}  // namespace baton
