#include "tools/baton/command_line.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace baton {

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

absl::Status CheckArguments(const std::vector<std::string>& arguments, const std::vector<std::string>& commands) {
  const std::string known = absl::StrCat("the commands are ", absl::StrJoin(commands, ", "));
  if (arguments.empty()) return absl::InvalidArgumentError(absl::StrCat("a command is missing; ", known));
  if (!absl::StartsWith(arguments[0], "-") &&
      std::find(commands.begin(), commands.end(), arguments[0]) == commands.end()) {
    return absl::InvalidArgumentError(absl::StrCat("\"", arguments[0], "\" is not a command; ", known));
  }
  for (const std::string& argument : arguments) {
    if (argument == "--") break;
    if (absl::StartsWith(argument, "--") && argument.find('=') + 1 == argument.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat(argument.substr(0, argument.size() - 1), ": the value after = is missing"));
    }
  }
  return absl::OkStatus();
}

std::string SayParseError(const std::string& message, const std::string& command) {
  std::string said = message;
  constexpr char kTwice[] = ": At Most 1 required but received ";
  if (const size_t found = said.find(kTwice); found != std::string::npos) {
    said = absl::StrCat(said.substr(0, found), ": given ", said.substr(found + sizeof(kTwice) - 1),
                        " times; once is allowed");
  } else if (absl::EndsWith(said, " missing") && absl::StrContains(said, ": 1 required ")) {
    said = absl::StrCat(said.substr(0, said.find(':')), ": its value is missing");
  } else if (constexpr char kExtra[] = "The following argument was not expected: "; absl::StartsWith(said, kExtra)) {
    said = absl::StrCat("\"", said.substr(sizeof(kExtra) - 1), "\" is not expected here");
  } else if (constexpr char kExtras[] = "The following arguments were not expected: ";
             absl::StartsWith(said, kExtras)) {
    said = absl::StrCat("\"", said.substr(sizeof(kExtras) - 1), "\" are not expected here");
  }
  return absl::StrCat(said, "; see baton ", command, command.empty() ? "" : " ", "--help");
}

}  // namespace baton
