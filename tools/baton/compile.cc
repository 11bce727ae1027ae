// `baton compile`: prints the program of each device, as text, proto, JSON or PyTorch's CSV.
#include <google/protobuf/text_format.h>

#include <iostream>
#include <memory>

#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "schedules/analyze/report_proto.h"
#include "schedules/draw/memory_table.h"
#include "schedules/draw/timeline.h"
#include "schedules/program/form/csv.h"
#include "schedules/program/form/proto_form.h"
#include "schedules/program/form/text.h"
#include "tools/baton/commands.h"
#include "tools/baton/problem.h"
#include "tools/baton/transport_flags.h"

namespace baton {
namespace {

struct CompileFlags {
  ProblemFlags problem;
  TransportFlags transport;
  std::string format = "text";
  bool transfers = false;
};

absl::Status RunCompile(const CompileFlags& flags) {
  if (flags.transfers && flags.format != "csv") {
    return absl::InvalidArgumentError("--transfers: needs --format=csv; the other formats always show transfers");
  }
  BATON_ASSIGN_OR_RETURN(const Problem problem, Problem::Create(flags.problem));
  BATON_ASSIGN_OR_RETURN(CompileRequest request, problem.RequestFor(problem.schedule()));
  BATON_ASSIGN_OR_RETURN(request.transport, ParseTransport(flags.transport));
  BATON_ASSIGN_OR_RETURN(const Program program, problem.CompileProgram(request));
  if (flags.format == "text") {
    std::cout << PrintProgram(program);
    // A comment, which readers of the form skip.
    const std::string memory = MemoryTable(program, ChooseDevices(program.num_devices(), program.num_devices()));
    if (!memory.empty()) {
      std::cout << "\n# " << absl::StrReplaceAll(absl::StripSuffix(memory, "\n"), {{"\n", "\n# "}}) << "\n";
    }
  } else if (flags.format == "csv") {
    std::cout << WriteCsv(program, flags.transfers);
  } else if (flags.format == "json") {
    std::cout << ToJson(ProgramToProto(program));
  } else {
    std::string text;
    google::protobuf::TextFormat::PrintToString(ProgramToProto(program), &text);
    std::cout << text;
  }
  return absl::OkStatus();
}

}  // namespace

void AddCompileCommand(CLI::App& app, CommandAction& action) {
  CLI::App* command = app.add_subcommand("compile", "Print the instruction stream of each device");
  auto flags = std::make_shared<CompileFlags>();
  AddProblemFlags(*command, flags->problem, /*with_schedule=*/true);
  AddTransportFlags(*command, flags->transport);
  command
      ->add_option("--format", flags->format,
                   "text, proto (in text form), json (the proto as JSON), or csv (PyTorch's compute\norder, a row per "
                   "device) (text)")
      ->check(CLI::IsMember({"text", "proto", "json", "csv"}));
  command->add_flag("--transfers", flags->transfers, "With --format=csv: also the sends and receives");
  command->footer(R"(Examples:
  baton compile examples/gpt_host.textproto
  baton compile --stages=4 --micro-batches=8 --schedule=1f1b --format=csv)");
  command->callback([flags, &action] { action = [flags] { return RunCompile(*flags); }; });
}

}  // namespace baton
