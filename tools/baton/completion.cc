// `baton completion`: a script that completes commands, options and their values, made from the table of options that
// also parses them. Options whose values have fixed choices complete to these, a schedule to the known ones, everything
// else to files.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "schedules/search/searched_schedules.h"
#include "tools/baton/commands.h"

namespace baton {
namespace {

struct CompletedOption {
  std::vector<std::string> names;  // "--output", "-o"
  std::string help;                // one line
  bool takes_value = false;
  std::vector<std::string> choices;  // of the value; empty: a file or anything
};

struct CompletedCommand {
  std::string name;
  std::string help;
  std::vector<CompletedOption> options;
  std::vector<std::string> choices;  // of its first word that is no option
};

std::vector<std::string> Schedules() {
  std::vector<std::string> names;
  for (const ScheduleInfo* schedule : AllSchedules()) names.emplace_back(schedule->name);
  return names;
}

// The values of a check like {text,json}, which CLI11 shows behind the type; the known schedules.
std::vector<std::string> ChoicesOf(const CLI::Option& option) {
  if (option.check_lname("schedule") || option.check_lname("schedules")) return Schedules();
  const std::string type = option.get_type_name();
  const size_t open = type.find('{'), close = type.find('}');
  if (open == std::string::npos || close == std::string::npos) return {};
  return absl::StrSplit(type.substr(open + 1, close - open - 1), ',');
}

// The first line of a help text, without characters that shells treat.
std::string Plain(const std::string& help) {
  return absl::StrReplaceAll(help.substr(0, help.find('\n')),
                             {{"'", ""}, {"\"", ""}, {"`", ""}, {"[", "("}, {"]", ")"}, {":", ","}, {"\\", ""}});
}

CompletedCommand Complete(const CLI::App& command) {
  CompletedCommand completed;
  completed.name = command.get_name();
  completed.help = Plain(command.get_description());
  if (completed.name == "schedules") completed.choices = Schedules();
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional() && option->get_lnames().empty()) {
      if (const auto choices = ChoicesOf(*option); !choices.empty()) completed.choices = choices;
      continue;
    }
    CompletedOption row;
    for (const std::string& name : option->get_lnames()) row.names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) row.names.push_back("-" + name);
    row.help = Plain(option->get_description());
    row.takes_value = option->get_expected_max() > 0 && option->get_type_size() != 0;
    row.choices = ChoicesOf(*option);
    completed.options.push_back(std::move(row));
  }
  return completed;
}

std::vector<std::string> NamesOf(const CompletedCommand& command) {
  std::vector<std::string> names;
  for (const CompletedOption& option : command.options) {
    names.insert(names.end(), option.names.begin(), option.names.end());
  }
  return names;
}

std::vector<std::string> NamesOf(const std::vector<CompletedCommand>& commands) {
  std::vector<std::string> names;
  for (const CompletedCommand& command : commands) names.push_back(command.name);
  return names;
}

// COMP_WORDS splits --option=value at the equals sign.
std::string Bash(const std::vector<CompletedCommand>& commands) {
  std::string script =
      R"(# bash completion of baton: baton completion bash > ~/.local/share/bash-completion/completions/baton
_baton() {
  local cur=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD-1]} values=
  COMPREPLY=()
  if [ "$cur" = = ]; then
    cur=
  elif [ "$option" = = ]; then
    option=${COMP_WORDS[COMP_CWORD-2]}
  fi
  if [ "$COMP_CWORD" = 1 ]; then
    COMPREPLY=($(compgen -W ")";
  absl::StrAppend(&script, absl::StrJoin(NamesOf(commands), " "),
                  " help --help --version\" -- \"$cur\"))\n    return\n  fi\n",
                  "  case \"${COMP_WORDS[1]} $option\" in\n");
  for (const CompletedCommand& command : commands) {
    for (const CompletedOption& option : command.options) {
      if (option.choices.empty()) continue;
      for (const std::string& name : option.names) {
        absl::StrAppend(&script, "    \"", command.name, " ", name, "\") values=\"", absl::StrJoin(option.choices, " "),
                        "\" ;;\n");
      }
    }
  }
  absl::StrAppend(&script, "  esac\n  if [ -z \"$values\" ]; then\n    case \"${COMP_WORDS[1]}\" in\n");
  for (const CompletedCommand& command : commands) {
    if (!command.choices.empty()) {
      absl::StrAppend(&script, "      ", command.name, ") [[ $cur == -* ]] || values=\"",
                      absl::StrJoin(command.choices, " "), "\" ;;\n");
    }
  }
  absl::StrAppend(&script, "      help) values=\"", absl::StrJoin(NamesOf(commands), " "), "\" ;;\n    esac\n  fi\n",
                  "  if [ -z \"$values\" ] && [[ $cur == -* ]]; then\n    case \"${COMP_WORDS[1]}\" in\n");
  for (const CompletedCommand& command : commands) {
    absl::StrAppend(&script, "      ", command.name, ") values=\"", absl::StrJoin(NamesOf(command), " "), "\" ;;\n");
  }
  return absl::StrCat(script, "    esac\n  fi\n  if [ -n \"$values\" ]; then\n",
                      "    COMPREPLY=($(compgen -W \"$values\" -- \"$cur\"))\n  else\n",
                      "    COMPREPLY=($(compgen -f -- \"$cur\"))\n  fi\n}\ncomplete -o filenames -F _baton baton\n");
}

std::string Zsh(const std::vector<CompletedCommand>& commands) {
  std::string script = R"(#compdef baton
# zsh completion of baton: baton completion zsh > "${fpath[1]}/_baton"
_baton() {
  local -a commands
  commands=(
)";
  for (const CompletedCommand& command : commands) {
    absl::StrAppend(&script, "    '", command.name, ":", command.help, "'\n");
  }
  absl::StrAppend(&script, "  )\n  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n",
                  "  local command=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $command in\n",
                  "    help) _describe command commands ;;\n");
  for (const CompletedCommand& command : commands) {
    absl::StrAppend(&script, "    ", command.name, ")\n      _arguments \\\n");
    for (const CompletedOption& option : command.options) {
      for (const std::string& name : option.names) {
        const char* equals = absl::StartsWith(name, "--") ? "=" : "";
        const std::string values =
            option.choices.empty() ? ":_files" : absl::StrCat(":(", absl::StrJoin(option.choices, " "), ")");
        absl::StrAppend(&script, "        '*", name, option.takes_value ? equals : "", "[", option.help, "]",
                        option.takes_value ? ":value" : "", option.takes_value ? values : "", "' \\\n");
      }
    }
    const std::string values =
        command.choices.empty() ? "_files" : absl::StrCat("(", absl::StrJoin(command.choices, " "), ")");
    absl::StrAppend(&script, "        '*:argument:", values, "'\n      ;;\n");
  }
  return absl::StrCat(script,
                      "  esac\n}\nif [ \"$funcstack[1]\" = _baton ]; then _baton; else compdef _baton baton; fi\n");
}

std::string Fish(const std::vector<CompletedCommand>& commands) {
  std::string script = "# fish completion of baton: baton completion fish > ~/.config/fish/completions/baton.fish\n";
  for (const CompletedCommand& command : commands) {
    absl::StrAppend(&script, "complete -c baton -n __fish_use_subcommand -f -a ", command.name, " -d '", command.help,
                    "'\n");
  }
  absl::StrAppend(&script, "complete -c baton -n '__fish_seen_subcommand_from help' -f -a '",
                  absl::StrJoin(NamesOf(commands), " "), "'\n");
  for (const CompletedCommand& command : commands) {
    const std::string start = absl::StrCat("complete -c baton -n '__fish_seen_subcommand_from ", command.name, "'");
    if (!command.choices.empty()) {
      absl::StrAppend(&script, start, " -f -a '", absl::StrJoin(command.choices, " "), "'\n");
    }
    for (const CompletedOption& option : command.options) {
      absl::StrAppend(&script, start);
      for (const std::string& name : option.names) {
        absl::StrAppend(&script, absl::StartsWith(name, "--") ? " -l " : " -s ",
                        name.substr(name.find_first_not_of('-')));
      }
      if (option.takes_value) absl::StrAppend(&script, option.choices.empty() ? " -r" : " -x");
      if (!option.choices.empty()) absl::StrAppend(&script, " -a '", absl::StrJoin(option.choices, " "), "'");
      absl::StrAppend(&script, " -d '", option.help, "'\n");
    }
  }
  return script;
}

std::string CompletionScript(const CLI::App& app, const std::string& shell) {
  std::vector<CompletedCommand> commands;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    commands.push_back(Complete(*command));
  }
  if (shell == "bash") return Bash(commands);
  return shell == "zsh" ? Zsh(commands) : Fish(commands);
}

}  // namespace

void AddCompletionCommand(CLI::App& app, CommandAction& action) {
  CLI::App* command = app.add_subcommand("completion", "Print a script with which a shell completes baton's arguments");
  auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer(R"(Examples:
  baton completion bash > ~/.local/share/bash-completion/completions/baton
  baton completion zsh > "${fpath[1]}/_baton"
  baton completion fish > ~/.config/fish/completions/baton.fish)");
  command->callback([shell, &app, &action] {
    action = [shell, &app] {
      std::cout << CompletionScript(app, *shell);
      return absl::OkStatus();
    };
  });
}

}  // namespace baton
