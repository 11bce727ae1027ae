// The columns as a table: a new one takes one line here; see costs_csv.h.
#include "schedules/costs/costs_csv.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "base/csv_rows.h"
#include "base/status.h"

namespace baton {
namespace {

enum Column {
  kChunk,
  kForward,
  kBackwardInput,
  kBackwardWeight,
  kTransfer,
  kActivation,
  kWeightActivation,
  kRecompute,
  kUpdate,
  kRepeated,
  kNumColumns
};
enum class Unit { kIndex, kMicros, kBytes };

struct ColumnInfo {
  absl::string_view name;
  Unit unit;
  bool is_required;
};

constexpr ColumnInfo kColumns[kNumColumns] = {
    {"chunk", Unit::kIndex, true},
    {"forward_us", Unit::kMicros, true},
    {"backward_input_us", Unit::kMicros, true},
    {"backward_weight_us", Unit::kMicros, true},
    {"transfer_us", Unit::kMicros, true},
    {"activation_bytes", Unit::kBytes, false},
    {"weight_activation_bytes", Unit::kBytes, false},
    {"recompute_us", Unit::kMicros, false},
    {"step_us", Unit::kMicros, false},
    {"repeated_us", Unit::kMicros, false},
};

constexpr double kMostMicros = 3600e6;
constexpr int64_t kMostBytes = int64_t{1} << 46;

std::string ColumnNames(int num_columns = kNumColumns) {
  return absl::StrJoin(absl::MakeConstSpan(kColumns, num_columns), ",",
                       [](std::string* out, const ColumnInfo& column) { absl::StrAppend(out, column.name); });
}

// Reads a cell as nanoseconds, bytes or an index; false if it is out of range or something else.
bool ParseCell(absl::string_view text, Unit unit, int64_t& value) {
  if (unit != Unit::kMicros) {
    const int64_t most = unit == Unit::kBytes ? kMostBytes : kMaxCostsCsvRows;
    return !text.empty() && absl::ascii_isdigit(text[0]) && absl::SimpleAtoi(text, &value) && value <= most;
  }
  double micros = 0;
  // SimpleAtod also reads hexadecimal, which is a mistake here.
  if (absl::StrContains(text, 'x') || absl::StrContains(text, 'X') || !absl::SimpleAtod(text, &micros)) return false;
  if (!(micros >= 0 && micros <= kMostMicros)) return false;
  value = static_cast<int64_t>(std::llround(micros * 1000));
  return true;
}

// Nanoseconds as microseconds, without trailing zeros.
std::string Micros(Nanos nanos) {
  std::string text = absl::StrCat(nanos / 1000);
  if (nanos % 1000 == 0) return text;
  absl::StrAppend(&text, absl::StrFormat(".%03d", nanos % 1000));
  return text.substr(0, text.find_last_not_of('0') + 1);
}

class Reader {
 public:
  explicit Reader(absl::string_view file) : file_(file) {}

  absl::StatusOr<CostModel> Read(absl::string_view text) {
    if (text.size() > kMaxCostsCsvBytes) {
      return absl::InvalidArgumentError(absl::StrCat(file_, ": more than ", kMaxCostsCsvBytes, " bytes"));
    }
    CsvRows rows(text);
    while (rows.NextRow()) BATON_RETURN_IF_ERROR(columns_.empty() ? ReadHeader(rows) : ReadRow(rows));
    if (columns_.empty()) return absl::InvalidArgumentError(absl::StrCat(file_, ": empty; ", Header()));
    if (costs_.chunks.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(file_, ": no row; one for each chunk must follow the header"));
    }
    return std::move(costs_);
  }

 private:
  static std::string Header() {
    return absl::StrCat("the first line must be ", ColumnNames(), ", the last five optional");
  }

  static std::string Allowed(Column column, int64_t row) {
    switch (kColumns[column].unit) {
      case Unit::kIndex:
        return absl::StrCat(row, ", the number of chunks in the rows before");
      case Unit::kMicros:
        return "a time from 0 to 3600000000 microseconds";
      default:
        return "a whole number of bytes from 0 to 70368744177664";
    }
  }

  absl::Status ReadHeader(CsvRows& rows) {
    bool is_there[kNumColumns] = {};
    CsvCell cell;
    while (rows.NextCell(cell)) {
      int column = 0;
      while (column < kNumColumns && kColumns[column].name != cell.text) ++column;
      if (column == kNumColumns) {
        return CsvError(file_, cell, absl::StrCat(QuotedCell(cell), " is no known column; ", Header()));
      }
      if (is_there[column]) return CsvError(file_, cell, absl::StrCat(cell.text, ": named twice"));
      is_there[column] = true;
      columns_.push_back(static_cast<Column>(column));
    }
    for (int column = 0; column < kNumColumns; ++column) {
      if (kColumns[column].is_required && !is_there[column]) {
        return RowError(cell, absl::StrCat("column ", kColumns[column].name, " is missing; ", Header()));
      }
    }
    has_weight_activation_ = is_there[kWeightActivation];
    if (!has_weight_activation_ || is_there[kActivation]) return absl::OkStatus();
    return RowError(cell, "column weight_activation_bytes needs column activation_bytes, of which it is a part");
  }

  absl::Status ReadRow(CsvRows& rows) {
    const int64_t row = static_cast<int64_t>(costs_.chunks.size());
    int64_t values[kNumColumns] = {};
    size_t num_cells = 0;
    CsvCell cell;
    CsvCell weight_activation;
    while (rows.NextCell(cell)) {
      if (row == kMaxCostsCsvRows) return RowError(cell, absl::StrCat("more than ", kMaxCostsCsvRows, " chunks"));
      if (num_cells++ >= columns_.size()) continue;
      const Column column = columns_[num_cells - 1];
      if (column == kWeightActivation) weight_activation = cell;
      if (ParseCell(cell.text, kColumns[column].unit, values[column]) && (column != kChunk || values[column] == row)) {
        continue;
      }
      return CsvError(file_, cell,
                      absl::StrCat(kColumns[column].name, ": ", QuotedCell(cell), " must be ", Allowed(column, row)));
    }
    if (num_cells != columns_.size()) {
      return RowError(cell, absl::StrCat(num_cells, num_cells == 1 ? " cell; " : " cells; ", "the header names ",
                                         columns_.size(), " columns"));
    }
    if (!has_weight_activation_) values[kWeightActivation] = values[kActivation];
    if (values[kWeightActivation] > values[kActivation]) {
      return CsvError(file_, weight_activation,
                      absl::StrCat("weight_activation_bytes: ", values[kWeightActivation],
                                   " must be at most activation_bytes: ", values[kActivation]));
    }
    const int64_t shorter = std::min(values[kBackwardInput], values[kBackwardWeight]);
    if (values[kRepeated] > shorter) {
      return RowError(cell, absl::StrCat("repeated_us: ", Micros(values[kRepeated]),
                                         " must be at most the shorter half of the backward pass: ", Micros(shorter)));
    }
    AddChunk(values);
    return absl::OkStatus();
  }

  void AddChunk(const int64_t (&values)[kNumColumns]) {
    ChunkCosts chunk;
    chunk.forward_ns = values[kForward];
    chunk.backward_input_ns = values[kBackwardInput];
    chunk.backward_weight_ns = values[kBackwardWeight];
    chunk.recompute_ns = values[kRecompute];
    chunk.can_recompute = chunk.recompute_ns > 0;
    chunk.update_ns = values[kUpdate];
    chunk.repeated_ns = values[kRepeated];
    (chunk.can_recompute ? chunk.recomputed_weight_bytes : chunk.saved_weight_bytes) = values[kWeightActivation];
    (chunk.can_recompute ? chunk.recomputed_bytes : chunk.saved_bytes) =
        values[kActivation] - values[kWeightActivation];
    costs_.chunks.push_back(chunk);
    costs_.link_ns.push_back(values[kTransfer]);
  }

  // An error of the whole row that `cell` is in, at the row's begin.
  absl::Status RowError(CsvCell cell, absl::string_view what) const {
    cell.column = 1;
    return CsvError(file_, cell, what);
  }

  const absl::string_view file_;
  std::vector<Column> columns_;  // in the file's order
  bool has_weight_activation_ = false;
  CostModel costs_;
};

}  // namespace

absl::StatusOr<CostModel> ReadCostsCsv(absl::string_view text, absl::string_view file) {
  return Reader(file).Read(text);
}

std::string PrintCostsCsv(const CostModel& costs) {
  const bool repeats = std::any_of(costs.chunks.begin(), costs.chunks.end(),
                                   [](const ChunkCosts& chunk) { return chunk.repeated_ns > 0; });
  std::string text = ColumnNames(repeats ? kNumColumns : kRepeated) + "\n";
  for (size_t i = 0; i < costs.chunks.size(); ++i) {
    const ChunkCosts& chunk = costs.chunks[i];
    const Bytes weight_bytes = chunk.saved_weight_bytes + chunk.recomputed_weight_bytes;
    absl::StrAppend(&text, i, ",", Micros(chunk.forward_ns), ",", Micros(chunk.backward_input_ns), ",",
                    Micros(chunk.backward_weight_ns), ",", Micros(costs.LinkNs(static_cast<int>(i))), ",",
                    chunk.saved_bytes + chunk.recomputed_bytes + weight_bytes, ",", weight_bytes, ",",
                    Micros(chunk.recompute_ns), ",", Micros(chunk.update_ns),
                    repeats ? "," + Micros(chunk.repeated_ns) : std::string(), "\n");
  }
  return text;
}

CostModel MergeChunks(const CostModel& costs, int num_chunks) {
  CostModel merged = costs;
  merged.chunks.assign(num_chunks, {});
  if (!costs.link_ns.empty()) merged.link_ns.assign(num_chunks, 0);
  const size_t each = costs.chunks.size() / num_chunks;
  for (size_t i = 0; i < costs.chunks.size(); ++i) {
    const ChunkCosts& part = costs.chunks[i];
    ChunkCosts& chunk = merged.chunks[i / each];
    if (i % each == 0) chunk.input_bytes = part.input_bytes;
    for (auto field :
         {&ChunkCosts::forward_ns, &ChunkCosts::backward_input_ns, &ChunkCosts::backward_weight_ns,
          &ChunkCosts::recompute_ns, &ChunkCosts::update_ns, &ChunkCosts::repeated_ns, &ChunkCosts::fold_ns}) {
      chunk.*field += part.*field;
    }
    for (auto field : {&ChunkCosts::parameter_bytes, &ChunkCosts::optimizer_bytes, &ChunkCosts::targets_bytes,
                       &ChunkCosts::saved_bytes, &ChunkCosts::saved_weight_bytes, &ChunkCosts::stash_bytes,
                       &ChunkCosts::recomputed_bytes, &ChunkCosts::recomputed_weight_bytes}) {
      chunk.*field += part.*field;
    }
    chunk.can_recompute = chunk.can_recompute || part.can_recompute;
    chunk.workspace_bytes = std::max(chunk.workspace_bytes, part.workspace_bytes);
    chunk.output_bytes = part.output_bytes;
    if (!merged.link_ns.empty()) merged.link_ns[i / each] = costs.link_ns[i];
  }
  return merged;
}

}  // namespace baton
