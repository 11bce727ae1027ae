#include "schedules/costs/link_table.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/csv_rows.h"
#include "base/status.h"

namespace baton {
namespace {

constexpr char kHeader[] = "from,to,from_host,to_host,latency_us,bandwidth_gbps";
constexpr absl::string_view kColumns[] = {"from", "to", "from_host", "to_host", "latency_us", "bandwidth_gbps"};
constexpr int kNumColumns = 6;
constexpr int kMostRank = 1 << 20;
constexpr double kMostMicros = 3600e6;

// A number from `least` to `most`; false if the text is something else.
bool ParseReal(absl::string_view text, double least, double most, double& value) {
  // SimpleAtod also reads hexadecimal, which is a mistake here.
  const bool is_number =
      !absl::StrContains(text, 'x') && !absl::StrContains(text, 'X') && absl::SimpleAtod(text, &value);
  return is_number && value >= least && value <= most;
}

bool ParseRank(absl::string_view text, int& rank) {
  return !text.empty() && absl::ascii_isdigit(text[0]) && absl::SimpleAtoi(text, &rank) && rank <= kMostRank;
}

// Sets the field of a column; returns what is allowed, or null if the cell is good.
const char* ParseCell(int column, const CsvCell& cell, MeasuredLink& link) {
  double micros = 0;
  switch (column) {
    case 0:
    case 1:
      if (ParseRank(cell.text, column == 0 ? link.from : link.to)) return nullptr;
      return "a rank from 0 to 1048576";
    case 2:
    case 3: {
      const bool is_name = !cell.text.empty() && cell.text.find_first_of("\"'") == absl::string_view::npos;
      if (!is_name) return "the name of a host";
      (column == 2 ? link.from_host : link.to_host) = std::string(cell.text);
      return nullptr;
    }
    case 4:
      if (!ParseReal(cell.text, 0, kMostMicros, micros)) return "a time from 0 to 3600000000 microseconds";
      link.costs.latency_ns = std::llround(micros * 1000);
      return nullptr;
    default:
      if (ParseReal(cell.text, 1e-6, 1e6, link.costs.bytes_per_ns)) return nullptr;
      return "a number of GB/s from 0.000001 to 1000000";
  }
}

class Reader {
 public:
  explicit Reader(absl::string_view file) : file_(file) {}

  absl::StatusOr<LinkTable> Read(absl::string_view text) {
    if (text.size() > kMaxLinkTableBytes) {
      return absl::InvalidArgumentError(absl::StrCat(file_, ": more than ", kMaxLinkTableBytes, " bytes"));
    }
    CsvRows rows(text);
    while (rows.NextRow()) BATON_RETURN_IF_ERROR(columns_.empty() ? ReadHeader(rows) : ReadRow(rows));
    if (columns_.empty()) {
      return absl::InvalidArgumentError(absl::StrCat(file_, ": empty; the first line must be ", kHeader));
    }
    if (table_.links.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(file_, ": no row; one for each measured link must follow the header"));
    }
    return std::move(table_);
  }

 private:
  absl::Status ReadHeader(CsvRows& rows) {
    CsvCell cell;
    while (rows.NextCell(cell)) {
      const auto* const found = std::find(std::begin(kColumns), std::end(kColumns), cell.text);
      if (found == std::end(kColumns)) {
        return CsvError(file_, cell,
                        absl::StrCat(QuotedCell(cell), " is no known column; the first line must be ", kHeader));
      }
      const int column = static_cast<int>(found - std::begin(kColumns));
      if (std::find(columns_.begin(), columns_.end(), column) != columns_.end()) {
        return CsvError(file_, cell, absl::StrCat(cell.text, ": named twice"));
      }
      columns_.push_back(column);
    }
    if (columns_.size() == kNumColumns) return absl::OkStatus();
    return RowError(cell, absl::StrCat(columns_.size(), " columns; the first line must be ", kHeader));
  }

  absl::Status ReadRow(CsvRows& rows) {
    MeasuredLink link;
    CsvCell cell;
    int num_cells = 0;
    while (rows.NextCell(cell)) {
      if (num_cells++ >= kNumColumns) continue;
      const int column = columns_[num_cells - 1];
      const char* const allowed = ParseCell(column, cell, link);
      if (allowed == nullptr) continue;
      return CsvError(file_, cell, absl::StrCat(kColumns[column], ": ", QuotedCell(cell), " must be ", allowed));
    }
    if (num_cells != kNumColumns) {
      return RowError(cell, absl::StrCat(num_cells, num_cells == 1 ? " cell; " : " cells; ", "the header names ",
                                         kNumColumns, " columns"));
    }
    if (static_cast<int>(table_.links.size()) == kMaxLinkTableRows) {
      return RowError(cell, absl::StrCat("more than ", kMaxLinkTableRows, " links"));
    }
    BATON_RETURN_IF_ERROR(CheckLink(cell, link));
    table_.links.push_back(std::move(link));
    return absl::OkStatus();
  }

  absl::Status CheckLink(const CsvCell& cell, const MeasuredLink& link) {
    if (link.from == link.to) {
      return RowError(cell, absl::StrCat("from: ", link.from, " is also to; a link is between two processes"));
    }
    if (!pairs_.insert({link.from, link.to}).second) {
      return RowError(cell, absl::StrCat("the link from ", link.from, " to ", link.to, " is listed twice"));
    }
    for (const auto& [rank, host] : {std::make_pair(link.from, link.from_host), {link.to, link.to_host}}) {
      const auto [known, is_new] = host_of_rank_.insert({rank, host});
      if (is_new || known->second == host) continue;
      return RowError(cell,
                      absl::StrCat("rank ", rank, " is on ", host, " here, on ", known->second, " in a row before"));
    }
    return absl::OkStatus();
  }

  // An error of the whole row that `cell` is in.
  absl::Status RowError(CsvCell cell, absl::string_view what) const {
    cell.column = 1;
    return CsvError(file_, cell, what);
  }

  const absl::string_view file_;
  std::vector<int> columns_;  // in the file's order
  std::set<std::pair<int, int>> pairs_;
  std::map<int, std::string> host_of_rank_;
  LinkTable table_;
};

// The median latency and the median bandwidth of the links that are within a host, or that are not.
std::optional<LinkCosts> MedianLink(const std::vector<MeasuredLink>& links, bool within_host) {
  std::vector<Nanos> latencies;
  std::vector<double> bandwidths;
  for (const MeasuredLink& link : links) {
    if ((link.from_host == link.to_host) != within_host) continue;
    latencies.push_back(link.costs.latency_ns);
    bandwidths.push_back(link.costs.bytes_per_ns);
  }
  if (latencies.empty()) return std::nullopt;
  std::sort(latencies.begin(), latencies.end());
  std::sort(bandwidths.begin(), bandwidths.end());
  return LinkCosts{latencies[latencies.size() / 2], bandwidths[bandwidths.size() / 2]};
}

}  // namespace

int LinkTable::NumHosts() const {
  std::set<absl::string_view> hosts;
  for (const MeasuredLink& link : links) {
    hosts.insert(link.from_host);
    hosts.insert(link.to_host);
  }
  return static_cast<int>(hosts.size());
}

std::optional<LinkCosts> LinkTable::WithinHost() const { return MedianLink(links, /*within_host=*/true); }

std::optional<LinkCosts> LinkTable::BetweenHosts() const { return MedianLink(links, /*within_host=*/false); }

absl::StatusOr<LinkTable> ReadLinkTable(absl::string_view text, absl::string_view file) {
  return Reader(file).Read(text);
}

std::string PrintLinkTable(const LinkTable& table) {
  std::string text = absl::StrCat(kHeader, "\n");
  for (const MeasuredLink& link : table.links) {
    absl::StrAppend(&text, link.from, ",", link.to, ",", link.from_host, ",", link.to_host, ",",
                    static_cast<double>(link.costs.latency_ns) / 1000, ",", link.costs.bytes_per_ns, "\n");
  }
  return text;
}

void ApplyLinkTable(const LinkTable& table, const LinkedDevices& devices, CostModel& costs) {
  const int hosts = table.NumHosts();
  const std::optional<LinkCosts> within = table.WithinHost(), between = table.BetweenHosts();
  costs.link_ns.clear();
  if (within) {
    costs.transfer_ns = within->latency_ns;
    costs.bytes_per_ns = within->bytes_per_ns;
  }
  if (!between) return;
  const int all = devices.num_devices * devices.num_members;
  const int per_node = devices.per_node > 0 ? devices.per_node : (all + hosts - 1) / hosts;
  costs.devices_per_node = std::max(1, per_node / devices.num_members);
  costs.inter = *between;
  costs.inter.bytes_per_ns /= devices.num_members;
}

}  // namespace baton
