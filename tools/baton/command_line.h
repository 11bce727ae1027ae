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

// Refuses arguments that CLI11 would misread: no command, an unknown command, and `--flag=` without a value, for which
// it would take the next argument. Errors: InvalidArgument.
absl::Status CheckArguments(const std::vector<std::string>& arguments, const std::vector<std::string>& commands);

// CLI11's complaint as one sentence.
std::string SayParseError(const std::string& message, const std::string& command);

}  // namespace baton

#endif  // BATON_TOOLS_BATON_COMMAND_LINE_H_
