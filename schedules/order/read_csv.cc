// The reader of a whole file; see read_csv.h.
#include "schedules/order/read_csv.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/csv_rows.h"
#include "base/status.h"
#include "schedules/order/csv_cell.h"
#include "schedules/order/python_lists.h"

namespace baton {
namespace {

constexpr absl::string_view kOverlap = "OVERLAP_F_B";
constexpr absl::string_view kAllowed =
    "expected <stage><F|I|W|B|R><micro-batch>, <stage><SEND_F|RECV_F|SEND_B|RECV_B><micro-batch>, "
    "(<action>;<action>)OVERLAP_F_B or nothing";

// Places each chunk on the device of its first action. False if other actions of it are elsewhere.
bool InferDevices(ComputeOrder& order) {
  std::vector<int32_t> device_of_chunk(order.num_chunks, -1);
  bool is_agreed = true;
  for (int device = 0; device < order.num_devices(); ++device) {
    for (const Action& action : order.devices[device]) {
      int32_t& inferred = device_of_chunk[action.chunk];
      if (inferred < 0) inferred = device;
      is_agreed = is_agreed && inferred == device;
    }
  }
  order.placement = ChunkPlacement::Of(device_of_chunk);
  return is_agreed;
}

// Recognizes two replicas of the parameters by the forwards: some micro-batches visit the devices in the order of
// micro-batch 0, all others in the reverse order. Anything else stays an order of one replica with actions on wrong
// devices.
void InferReplicas(ComputeOrder& order) {
  const size_t num_chunks = order.num_chunks;
  std::vector<int32_t> ways(num_chunks * order.num_micro_batches, -1);  // [micro-batch × num_chunks + chunk]
  for (int device = 0; device < order.num_devices(); ++device) {
    for (const Action& action : order.devices[device]) {
      int32_t& inferred = ways[action.micro_batch * num_chunks + action.chunk];
      if (action.kind == ActionKind::kForward && inferred < 0) inferred = device;
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
  Reader(absl::string_view text, absl::string_view name, OrderLetters letters)
      : text_(text), name_(name), letters_(letters) {}

  absl::StatusOr<CsvOrder> Run() {
    if (text_.size() > kMaxCsvBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat(name_, ":1:1: the file has ", text_.size(), " bytes; at most ", kMaxCsvBytes, " are read"));
    }
    CsvRows rows(text_);
    while (rows.NextRow()) BATON_RETURN_IF_ERROR(Row(rows));
    if (num_actions_ == 0) {
      return absl::InvalidArgumentError(absl::StrCat(name_, ":1:1: the file has no compute cell"));
    }
    return Finish();
  }

 private:
  absl::Status Mistake(const CsvCell& cell, const char* mistake) const {
    return CsvError(name_, cell, absl::StrCat(QuotedCell(cell), ": ", mistake, "; ", kAllowed));
  }

  // Reads a row. The blank lines before it are devices without work.
  absl::Status Row(CsvRows& rows) {
    CsvCell cell;
    while (rows.NextCell(cell)) {
      if (cell.number == 1) {
        if (cell.line > kMaxCsvRows) return CsvError(name_, cell, absl::StrCat("more than ", kMaxCsvRows, " rows"));
        while (csv_.rows.size() < static_cast<size_t>(cell.line)) {
          csv_.rows.push_back(static_cast<int32_t>(csv_.rows.size()) + 1);
        }
        csv_.order.devices.resize(cell.line);
        csv_.transfers.resize(cell.line);
        csv_.cells.resize(cell.line);
      }
      BATON_RETURN_IF_ERROR(Cell(cell));
    }
    return absl::OkStatus();
  }

  absl::Status Cell(const CsvCell& cell) {
    if (cell.has_open_quote) return Mistake(cell, "a quote is not closed");
    if (cell.text.empty()) return absl::OkStatus();
    if (cell.text.front() == '(') return Overlapped(cell);
    OrderCell parsed;
    if (const char* mistake = ParseOrderCell(cell.text, letters_, parsed)) return Mistake(cell, mistake);
    Add(cell, parsed);
    return absl::OkStatus();
  }

  absl::Status Overlapped(const CsvCell& cell) {
    absl::string_view inner = cell.text.substr(1);
    if (!absl::ConsumeSuffix(&inner, kOverlap)) return Mistake(cell, "parentheses come with OVERLAP_F_B");
    inner = absl::StripAsciiWhitespace(inner);
    if (!absl::ConsumeSuffix(&inner, ")")) return Mistake(cell, "a parenthesis is not closed");
    const size_t semicolon = inner.find(';');
    if (semicolon == absl::string_view::npos) return Mistake(cell, "two actions are needed, with a semicolon between");
    OrderCell forward;
    OrderCell backward;
    const absl::string_view first = absl::StripAsciiWhitespace(inner.substr(0, semicolon));
    const absl::string_view second = absl::StripAsciiWhitespace(inner.substr(semicolon + 1));
    if (const char* mistake = ParseOrderCell(first, letters_, forward)) return Mistake(cell, mistake);
    if (const char* mistake = ParseOrderCell(second, letters_, backward)) return Mistake(cell, mistake);
    if (forward.is_backward()) std::swap(forward, backward);
    if (forward.word != CellWord::kForward || !backward.is_backward()) {
      return Mistake(cell, "only a forward and a backward can run together");
    }
    Add(cell, forward);
    Add(cell, backward);
    return absl::OkStatus();
  }

  void Add(const CsvCell& cell, const OrderCell& parsed) {
    if (parsed.word == CellWord::kSkipped) return;
    std::vector<Action>& actions = csv_.order.devices.back();
    if (parsed.is_compute()) {
      if (parsed.chunk > largest_chunk_) {
        largest_chunk_ = parsed.chunk;
        chunk_cell_ = cell;
      }
      if (parsed.micro_batch > largest_micro_batch_) {
        largest_micro_batch_ = parsed.micro_batch;
        micro_batch_cell_ = cell;
      }
      actions.push_back(parsed.ToAction());
      csv_.cells.back().push_back(cell.number);
      ++num_actions_;
      return;
    }
    csv_.has_transfers = true;
    csv_.transfers.back().push_back({parsed.word == CellWord::kSendF || parsed.word == CellWord::kSendB,
                                     parsed.word == CellWord::kSendB || parsed.word == CellWord::kRecvB, parsed.chunk,
                                     parsed.micro_batch, static_cast<int32_t>(actions.size()), cell.number});
  }

  // A complete order has an action for each chunk and micro-batch, and a damaged one nearly. Larger numbers are
  // mistyped, and must not determine the size of tables.
  absl::StatusOr<CsvOrder> Finish() {
    const int64_t num_chunks = int64_t{largest_chunk_} + 1;
    const int64_t num_micro_batches = int64_t{largest_micro_batch_} + 1;
    const int64_t limit = std::min(kMaxForwards, (int64_t{1} << 16) + 4 * num_actions_);
    if (num_chunks * num_micro_batches > limit) {
      return CsvError(
          name_, num_chunks > num_micro_batches ? chunk_cell_ : micro_batch_cell_,
          absl::StrCat(num_chunks, " stages and ", num_micro_batches, " micro-batches are named, but there are only ",
                       num_actions_, " compute cells; at most ", limit,
                       " pairs of a stage and a micro-batch are allowed"));
    }
    ComputeOrder& order = csv_.order;
    order.num_chunks = static_cast<int>(num_chunks);
    order.num_micro_batches = static_cast<int>(num_micro_batches);
    if (!InferDevices(order)) InferReplicas(order);
    return std::move(csv_);
  }

  const absl::string_view text_;
  const std::string name_;
  const OrderLetters letters_;
  CsvOrder csv_;
  int64_t num_actions_ = 0;
  // The largest numbers of compute cells, and the first cell with each.
  int32_t largest_chunk_ = -1;
  int32_t largest_micro_batch_ = -1;
  CsvCell chunk_cell_;
  CsvCell micro_batch_cell_;
};

}  // namespace

absl::StatusOr<CsvOrder> ReadCsv(absl::string_view text, absl::string_view name, OrderLetters letters) {
  if (absl::StrContains(text, "BW")) letters = OrderLetters::kOld;
  if (text.size() > kMaxCsvBytes || !IsPythonLists(text)) return Reader(text, name, letters).Run();
  const std::string rows = RowsOfPythonLists(text);
  return Reader(rows, name, letters).Run();
}

}  // namespace baton
