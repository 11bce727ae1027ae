// Shared by the options of all subcommands: checks of ranges, and clearer words for CLI11's complaints. Used by main.cc
// and the commands.
#ifndef BATON_TOOLS_BATON_COMMAND_LINE_H_
#define BATON_TOOLS_BATON_COMMAND_LINE_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace baton {

// Accepts whole numbers from `least` to `most`.
CLI::Validator Between(int64_t least, int64_t most);

// Declares --format: text, which is the default, or json.
void AddFormatFlag(CLI::App& command, std::string& format);

// Refuses arguments that CLI11 would misread: no command, an unknown command, and `--flag=` without a value, for which
// it would take the next argument, and standard input ("-") twice. Errors: InvalidArgument.
absl::Status CheckArguments(const std::vector<std::string>& arguments, const std::vector<std::string>& commands);

// `help COMMAND …` as `COMMAND --help …`, and `help` as `--help`; other arguments unchanged.
std::vector<std::string> WithHelpFirst(std::vector<std::string> arguments);

// CLI11's complaint as one sentence, with a suggestion for an unknown option. `arguments` are those of `app`, which the
// complaint is about.
std::string SayParseError(const std::string& message, const std::vector<std::string>& arguments, const CLI::App& app);

}  // namespace baton

#endif  // BATON_TOOLS_BATON_COMMAND_LINE_H_
