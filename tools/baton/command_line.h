// What every subcommand's options share: how a number's range is checked and told, and what CLI11 leaves to be said
// better. Used by main.cc and the commands.
#ifndef BATON_TOOLS_BATON_COMMAND_LINE_H_
#define BATON_TOOLS_BATON_COMMAND_LINE_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace baton {

// Takes whole numbers from `least` to `most`; refuses others in words.
CLI::Validator Between(int64_t least, int64_t most);

// What CLI11 would take for something else: no command at all, an unknown one, and `--flag=` without a value, which
// would take the next argument for its value. Errors: InvalidArgument.
absl::Status CheckArguments(const std::vector<std::string>& arguments, const std::vector<std::string>& commands);

// CLI11's complaint as one sentence.
std::string SayParseError(const std::string& message, const std::string& command);

}  // namespace baton

#endif  // BATON_TOOLS_BATON_COMMAND_LINE_H_
