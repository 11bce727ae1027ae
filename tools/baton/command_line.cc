#include "tools/baton/command_line.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/suggest.h"
#include "runtime/job/field_names.h"

namespace baton {
namespace {

// Another option, or a field of the job, that the user probably meant by an option that `command` does not have.
std::string SuggestOption(const std::vector<std::string>& arguments, const CLI::App& command) {
  for (size_t i = 1; i < arguments.size(); ++i) {
    const std::string name = arguments[i].substr(0, arguments[i].find('='));
    if (!absl::StartsWith(name, "--") || name == "--") continue;
    if (command.get_option_no_throw(name) != nullptr) continue;
    std::vector<std::string> known;
    for (const CLI::Option* option : command.get_options()) {
      for (const std::string& each : option->get_lnames()) known.push_back("--" + each);
    }
    const bool is_beginning =
        std::any_of(known.begin(), known.end(), [&](const std::string& each) { return absl::StartsWith(each, name); });
    const std::vector<std::string> paths = PathsOfField(absl::StrReplaceAll(name.substr(2), {{"-", "_"}}));
    if (is_beginning || paths.empty() || command.get_option_no_throw("--set") == nullptr) {
      return DidYouMean(name, known);
    }
    std::string value = "…";
    if (name.size() < arguments[i].size()) {
      value = arguments[i].substr(name.size() + 1);
    } else if (i + 1 < arguments.size() && !absl::StartsWith(arguments[i + 1], "-")) {
      value = arguments[i + 1];
    }
    return absl::StrCat("; did you mean --set ", paths.front(), "=", value, "?");
  }
  return "";
}

}  // namespace

CLI::Validator Between(int64_t least, int64_t most) {
  return CLI::Validator(
      [least, most](std::string& text) {
        int64_t value = 0;
        const bool is_number = !text.empty() && absl::SimpleAtoi(text, &value);
        if (is_number && value >= least && value <= most) return std::string();
        return absl::StrCat("\"", text, "\" is not a whole number from ", least, " to ", most);
      },
      absl::StrCat(least, "-", most));
}

void AddFormatFlag(CLI::App& command, std::string& format) {
  command.add_option("--format", format, "text, or json with the fields of proto/report.proto (text)")
      ->check(CLI::IsMember({"text", "json"}));
}

absl::Status CheckArguments(const std::vector<std::string>& arguments, const std::vector<std::string>& commands) {
  const std::string known = absl::StrJoin(commands, ", ");
  if (arguments.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("a command is missing; the commands are ", known));
  }
  if (!absl::StartsWith(arguments[0], "-") &&
      std::find(commands.begin(), commands.end(), arguments[0]) == commands.end()) {
    const std::string suggestion = DidYouMean(arguments[0], commands);
    return absl::InvalidArgumentError(absl::StrCat("\"", arguments[0], "\" is not a command", suggestion,
                                                   suggestion.empty() ? "; the" : " The", " commands are ", known));
  }
  int num_standard_inputs = 0;
  for (const std::string& argument : arguments) {
    if (argument == "--") break;
    if (absl::StartsWith(argument, "--") && argument.find('=') + 1 == argument.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat(argument.substr(0, argument.size() - 1), ": the value after = is missing"));
    }
    if (argument == "-" || (absl::StartsWith(argument, "--") && absl::EndsWith(argument, "=-"))) ++num_standard_inputs;
  }
  if (num_standard_inputs > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"-\" is given ", num_standard_inputs, " times; standard input can be read once"));
  }
  return absl::OkStatus();
}

std::vector<std::string> WithHelpFirst(std::vector<std::string> arguments) {
  if (arguments.empty() || arguments[0] != "help") return arguments;
  arguments.erase(arguments.begin());
  arguments.insert(arguments.size() < 2 ? arguments.end() : arguments.begin() + 1, "--help");
  return arguments;
}

std::string SayParseError(const std::string& message, const std::vector<std::string>& arguments, const CLI::App& app) {
  std::string said = message;
  const CLI::App* command = nullptr;
  for (const CLI::App* each : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!arguments.empty() && each->get_name() == arguments[0]) command = each;
  }
  const std::string name = command == nullptr ? "" : absl::StrCat(command->get_name(), " ");
  constexpr char kTwice[] = ": At Most 1 required but received ";
  constexpr char kExtra[] = "The following argument was not expected: ";
  constexpr char kExtras[] = "The following arguments were not expected: ";
  if (const size_t found = said.find(kTwice); found != std::string::npos) {
    said = absl::StrCat(said.substr(0, found), ": given ", said.substr(found + sizeof(kTwice) - 1),
                        " times; once is allowed");
  } else if (absl::EndsWith(said, " missing") && absl::StrContains(said, ": 1 required ")) {
    said = absl::StrCat(said.substr(0, said.find(':')), ": its value is missing");
  } else if (absl::StartsWith(said, kExtra) || absl::StartsWith(said, kExtras)) {
    const bool is_one = absl::StartsWith(said, kExtra);
    // CLI11 lists them from the last to the first.
    std::vector<std::string> extras =
        absl::StrSplit(said.substr(is_one ? sizeof(kExtra) - 1 : sizeof(kExtras) - 1), ' ');
    std::reverse(extras.begin(), extras.end());
    said =
        absl::StrCat("\"", absl::StrJoin(extras, " "), is_one ? "\" is not expected here" : "\" are not expected here",
                     command == nullptr ? "" : SuggestOption(arguments, *command));
  }
  return absl::StrCat(said, absl::EndsWith(said, "?") ? " See baton " : "; see baton ", name, "--help");
}

}  // namespace baton
