// BATON_FAIL is parsed once, at the first call.
#include "base/failpoint.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace baton {
namespace {

enum class Action { kNone, kKill, kStop, kExit, kNoSpace, kInputOutput };

struct Injected {
  std::string name;
  int64_t nth = 0;
  Action action = Action::kNone;
};

[[noreturn]] void Refuse(const std::string& value, const std::string& why) {
  std::fprintf(stderr, "BATON_FAIL=%s: %s\n", value.c_str(), why.c_str());
  _exit(2);
}

Action ActionOf(absl::string_view word) {
  if (word == "kill") return Action::kKill;
  if (word == "stop") return Action::kStop;
  if (word == "exit") return Action::kExit;
  if (word == "enospc") return Action::kNoSpace;
  if (word == "eio") return Action::kInputOutput;
  return Action::kNone;
}

Injected ParseEnvironment() {
  const char* variable = std::getenv("BATON_FAIL");
  if (variable == nullptr || *variable == '\0') return {};
  const std::string value = variable;
  std::vector<std::string> parts = absl::StrSplit(value, ':');
  bool here = true;
  if (int rank = 0; parts.size() == 4 && absl::SimpleAtoi(parts[0], &rank)) {
    const char* const own = std::getenv("BATON_RANK");
    here = own != nullptr && parts[0] == own;
    parts.erase(parts.begin());
  }
  if (parts.size() != 3) Refuse(value, "must be NAME:NTH:ACTION or RANK:NAME:NTH:ACTION");
  Injected injected;
  injected.name = parts[0];
  const auto& names = FailpointNames();
  if (std::find(names.begin(), names.end(), injected.name) == names.end()) {
    Refuse(value, absl::StrCat("no failpoint has this name; there are ", absl::StrJoin(names, ", ")));
  }
  if (!absl::SimpleAtoi(parts[1], &injected.nth) || injected.nth < 1) Refuse(value, "NTH must be a number from 1");
  injected.action = ActionOf(parts[2]);
  if (injected.action == Action::kNone) Refuse(value, "ACTION must be kill, stop, exit, enospc or eio");
  return here ? injected : Injected();
}

absl::Status Fail(Action action, absl::string_view name) {
  switch (action) {
    case Action::kKill:
      std::raise(SIGKILL);
      break;
    case Action::kStop:
      std::raise(SIGSTOP);
      break;
    case Action::kExit:
      _exit(70);
    case Action::kNoSpace:
      return absl::ErrnoToStatus(ENOSPC, absl::StrCat("injected at ", name));
    case Action::kInputOutput:
      return absl::ErrnoToStatus(EIO, absl::StrCat("injected at ", name));
    case Action::kNone:
      break;
  }
  return absl::OkStatus();
}

}  // namespace

const std::vector<absl::string_view>& FailpointNames() {
  static const auto& names = *new std::vector<absl::string_view>{
      "metrics.write", "checkpoint.mkdir", "file.open",         "file.write",        "file.fsync",
      "file.rename",   "folder.fsync",     "checkpoint.rename", "checkpoint.remove", "resume.move",
      "metrics.cut",   "control.resolve",  "control.join",      "control.welcome",   "control.collective",
      "control.leave", "data.connect",     "data.transfer",     "train.step",
  };
  return names;
}

absl::Status Failpoint(absl::string_view name) {
  static const Injected& injected = *new Injected(ParseEnvironment());
  if (injected.action == Action::kNone || injected.name != name) return absl::OkStatus();
  static std::atomic<int64_t> calls{0};
  const int64_t call = ++calls;
  const bool stays = injected.action == Action::kNoSpace || injected.action == Action::kInputOutput;
  if (call < injected.nth || (call > injected.nth && !stays)) return absl::OkStatus();
  return Fail(injected.action, name);
}

}  // namespace baton
