// `baton check-cluster`: the links, clocks and machines of a cluster, before a run depends on them.
#include "runtime/cluster/check_cluster.h"

#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/format.h"
#include "base/printable.h"
#include "base/progress_line.h"
#include "base/status.h"
#include "base/text_table.h"
#include "base/write_file.h"
#include "runtime/machine/machine_facts.h"
#include "runtime/process/agreed.h"
#include "runtime/process/environment.h"
#include "runtime/process/run_member.h"
#include "runtime/process/world.h"
#include "schedules/analyze/report_proto.h"
#include "schedules/costs/link_table.h"
#include "tools/baton/command_line.h"
#include "tools/baton/commands.h"
#include "tools/baton/pictures.h"

namespace baton {
namespace {

using proto::ClusterReport;

struct CheckClusterFlags {
  int repeats = 3;
  std::string link_table;
  std::string format = "text";
};

// More pairs than this are not listed one by one, only the slowest of them.
constexpr int kMostRows = 28;

Nanos NanosOf(double micros) { return static_cast<Nanos>(micros * 1000); }

std::string FormatBandwidth(const ClusterReport::Link& link) {
  return link.error().empty() ? absl::StrFormat("%.3g GB/s", link.bandwidth_gbps()) : "-";
}

// The measured links as a table that other commands read.
LinkTable TableOf(const ClusterReport& report) {
  LinkTable table;
  for (const ClusterReport::Link& link : report.links()) {
    if (!link.error().empty()) continue;
    table.links.push_back({link.from(), link.to(), report.processes(link.from()).host(),
                           report.processes(link.to()).host(),
                           LinkCosts{NanosOf(link.latency_us()), std::clamp(link.bandwidth_gbps(), 1e-6, 1e6)}});
  }
  return table;
}

void PrintProcesses(const ClusterReport& report) {
  TextTable table({"rank", "host", "pid", "cores", "clock"}, {true, false, true, true, true});
  for (const ClusterReport::Process& process : report.processes()) {
    std::string cores;
    for (const auto& fact : process.facts()) {
      if (fact.name() == "cores") cores = fact.value();
    }
    std::string clock = "-";
    if (process.has_clock_offset_us()) {
      clock = absl::StrCat(FormatSignedDuration(NanosOf(process.clock_offset_us())), " ± ",
                           FormatDuration(NanosOf(process.clock_bound_us())));
    }
    table.AddRow({absl::StrCat(process.rank()), process.host(), absl::StrCat(process.pid()), cores,
                  process.rank() == 0 ? "rank 0's" : clock});
  }
  std::cout << table.ToString();
}

// Prints the facts that all machines have in common, then those that differ.
void PrintFacts(const ClusterReport& report) {
  std::set<std::string> different;
  for (const auto& difference : report.differences()) different.insert(difference.name());
  std::vector<std::string> equal;
  for (const auto& fact : report.processes(0).facts()) {
    if (different.count(fact.name()) == 0 && !fact.value().empty() && fact.name() != "cores") {
      equal.push_back(fact.value());
    }
  }
  if (!equal.empty()) {
    std::cout << "\n" << (report.processes_size() > 1 ? "all: " : "") << Printable(absl::StrJoin(equal, "; ")) << "\n";
  }
  for (const auto& difference : report.differences()) {
    std::cout << "\n"
              << difference.name() << " differ"
              << (difference.changes_bits() ? ", and weights may then have other bits:" : ":") << "\n";
    for (const auto& group : difference.groups()) {
      std::cout << (group.ranks_size() == 1 ? "  rank " : "  ranks ") << absl::StrJoin(group.ranks(), ", ") << ": "
                << (group.value().empty() ? "none" : Printable(group.value())) << "\n";
    }
  }
}

// A pair with its links there and back.
struct Pair {
  ClusterReport::Link there, back;

  bool failed() const { return !there.error().empty() || !back.error().empty(); }
  double slower_gbps() const { return std::min(there.bandwidth_gbps(), back.bandwidth_gbps()); }
};

std::vector<Pair> PairsOf(const ClusterReport& report) {
  std::map<std::pair<int, int>, Pair> pairs;
  for (const ClusterReport::Link& link : report.links()) {
    Pair& pair = pairs[{std::min(link.from(), link.to()), std::max(link.from(), link.to())}];
    (link.from() < link.to() ? pair.there : pair.back) = link;
  }
  std::vector<Pair> list;
  for (auto& [ranks, pair] : pairs) list.push_back(std::move(pair));
  return list;
}

void PrintLinks(const ClusterReport& report) {
  std::vector<Pair> pairs = PairsOf(report);
  if (pairs.empty()) return;
  const bool is_cut = static_cast<int>(pairs.size()) > kMostRows;
  if (is_cut) {
    std::stable_sort(pairs.begin(), pairs.end(),
                     [](const Pair& a, const Pair& b) { return a.slower_gbps() < b.slower_gbps(); });
    pairs.resize(kMostRows);
  }
  TextTable table({"ranks", "hosts", "latency", "there", "back"}, {false, false, true, true, true});
  for (const Pair& pair : pairs) {
    const std::string& from = report.processes(pair.there.from()).host();
    const std::string& to = report.processes(pair.there.to()).host();
    table.AddRow({absl::StrCat(pair.there.from(), " – ", pair.there.to()),
                  from == to ? from : absl::StrCat(from, " – ", to),
                  pair.there.error().empty() ? FormatDuration(NanosOf(pair.there.latency_us())) : "-",
                  FormatBandwidth(pair.there), FormatBandwidth(pair.back)});
  }
  std::cout << "\n" << table.ToString();
  if (is_cut) std::cout << "the slowest " << kMostRows << " pairs; --format=json has all\n";
  std::cout << "latency: half of a round trip of 4 KiB; there, back: 16 MiB\n";
  for (const Pair& pair : pairs) {
    if (pair.failed()) {
      std::cout << Printable(pair.there.error().empty() ? pair.back.error() : pair.there.error()) << "\n";
    }
  }
  const LinkTable links = TableOf(report);
  const auto print = [](const char* where, const std::optional<LinkCosts>& link) {
    if (!link) return;
    std::cout << where << ": " << FormatDuration(link->latency_ns) << " and "
              << absl::StrFormat("%.3g GB/s", link->bytes_per_ns) << " in the median\n";
  };
  print("within a host", links.WithinHost());
  print("between hosts", links.BetweenHosts());
}

void PrintReport(const ClusterReport& report) {
  std::set<std::string> hosts;
  for (const auto& process : report.processes()) hosts.insert(process.host());
  const int size = report.processes_size();
  std::cout << size << (size == 1 ? " process on " : " processes on ") << FormatPlural(hosts.size(), "host") << "\n\n";
  PrintProcesses(report);
  PrintFacts(report);
  PrintLinks(report);
  if (size == 1) {
    std::cout << "\nOne process has no links to measure; start several, as by baton launch -n 2 -- check-cluster.\n";
  }
}

// The verdict, the same in all processes; OK for a sound cluster.
std::string FaultOf(const ClusterReport& report) {
  int broken = 0;
  for (const Pair& pair : PairsOf(report)) broken += pair.failed() ? 1 : 0;
  if (broken > 0) {
    return absl::StrCat(FormatPlural(broken, "pair"), " of processes could not be measured");
  }
  for (const auto& difference : report.differences()) {
    if (difference.changes_bits()) {
      return absl::StrCat("processes differ in their ", difference.name(), ", on which the bits of weights depend");
    }
  }
  return "";
}

absl::Status WriteLinkTable(const CheckClusterFlags& flags, const ClusterReport& report) {
  const LinkTable table = TableOf(report);
  if (table.links.empty()) return absl::InvalidArgumentError("--link-table: no link was measured");
  BATON_RETURN_IF_ERROR(WriteFile(flags.link_table, PrintLinkTable(table)));
  if (flags.format == "text") {
    std::cout << "written to " << Printable(flags.link_table)
              << "; other commands read it by --link-table=" << Printable(flags.link_table) << "\n";
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Report(const CheckClusterFlags& flags, const ClusterReport& report) {
  if (flags.format == "json") {
    std::cout << ToJson(report) << std::flush;
  } else {
    PrintReport(report);
  }
  if (!flags.link_table.empty()) BATON_RETURN_IF_ERROR(WriteLinkTable(flags, report));
  return FaultOf(report);
}

absl::Status CheckIn(Control& control, const std::string& cpu_features, const CheckClusterFlags& flags) {
  if (control.rank() == 0) BATON_RETURN_IF_ERROR(CheckWritable("--link-table", flags.link_table));
  ClusterOptions options;
  options.large_messages = flags.repeats;
  const auto add = [&](const std::string& name, const std::string& value, bool changes_bits) {
    ClusterReport::Fact fact;
    fact.set_name(name);
    fact.set_value(value);
    fact.set_changes_bits(changes_bits);
    options.facts.push_back(std::move(fact));
  };
  for (const MachineFact& fact : FactsOfMachine()) add(fact.name, fact.value, fact.changes_bits);
  add("instruction sets", cpu_features, true);
  ProgressLine line("measuring", control.rank() == 0 ? ProgressLine::OnStderr() : ProgressLine::Options());
  options.progress = [&line](int done, int pairs) {
    line.Show(static_cast<double>(done) / pairs, absl::StrCat(done, "/", pairs));
  };
  BATON_ASSIGN_OR_RETURN(const ClusterReport report, CheckCluster(control, options));
  line.Clear();
  std::string fault;
  if (control.rank() == 0) {
    BATON_ASSIGN_OR_RETURN(fault, Report(flags, report));
  }
  BATON_ASSIGN_OR_RETURN(fault, control.Broadcast(fault));
  return fault.empty() ? absl::OkStatus() : AgreedByAll(absl::FailedPreconditionError(fault));
}

absl::Status RunCheckCluster(const CheckClusterFlags& flags) {
  BATON_ASSIGN_OR_RETURN(const World world, FindWorld(Environment::OfProcess()));
  proto::Hello hello = HelloOf(world, kVersion);
  // Compared by the report, instead of refused at the first difference.
  const std::string cpu_features = hello.cpu_features();
  hello.clear_cpu_features();
  const auto log = [&flags](const std::string& line) {
    if (flags.format == "text") std::cout << line << std::endl;
  };
  const MemberEnd end =
      RunMember(world, hello, log, [&](Control& control) { return CheckIn(control, cpu_features, flags); });
  return end.is_silent ? ExitSilently(end.status) : end.status;
}

}  // namespace

void AddCheckClusterCommand(CLI::App& app, CommandAction& action) {
  CLI::App* command = app.add_subcommand(
      "check-cluster", "Measure the links between processes and their clocks; compare their machines");
  auto flags = std::make_shared<CheckClusterFlags>();
  command
      ->add_option("--link-table", flags->link_table, "Also write the links as CSV, for --link-table of other commands")
      ->type_name("FILE");
  command->add_option("--repeats", flags->repeats, "Messages of 16 MiB in each direction; the median counts (3)")
      ->check(Between(1, 1000));
  AddFormatFlag(*command, flags->format);
  command->footer(
      R"(Runs under every launcher, in the same processes as the run that it prepares. One pair of processes at a time is
measured, over the connections that training uses. Rank 0 prints the report: latency and bandwidth of each pair, the
offset of each clock to rank 0's with its bound, and what differs between the machines. The exit status is 1 if a pair
cannot connect, or if processors or libraries differ so that weights may have other bits.

Examples:
  baton launch -n 4 -- check-cluster
  srun --ntasks-per-node=1 baton check-cluster --link-table=links.csv
  baton compare examples/gpt_host.textproto --link-table=links.csv)");
  command->callback([flags, &action] { action = [flags] { return RunCheckCluster(*flags); }; });
}

}  // namespace baton
