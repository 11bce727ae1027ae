// One thread and one poll loop: signals come through a signalfd, output through pipes.
#include "runtime/process/launcher.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "runtime/process/child_end.h"
#include "runtime/process/child_process.h"
#include "runtime/process/line_prefixer.h"
#include "runtime/process/output_stream.h"

namespace baton {
namespace {

struct Child {
  Child(const SpawnedChild& spawned, int rank, const std::string& prefix)
      : out(spawned.out), err(spawned.err), out_lines(prefix), err_lines(prefix) {
    end.rank = rank;
    end.pid = spawned.pid;
  }

  ChildEnd end;
  bool running = true;
  int out;  // -1: closed
  int err;
  LinePrefixer out_lines;
  LinePrefixer err_lines;
};

// The children of one generation.
class Generation {
 public:
  Generation(const LaunchOptions& options, int signals) : options_(options), signals_(signals) {}
  ~Generation();

  absl::Status Start(const Environment& environment, const HostPort& leader, int number, const std::string& token);
  // Until all children have ended and their output is written.
  void Run();

  const std::vector<ChildEnd>& ends() const { return ends_; }
  bool signalled() const { return signalled_; }

 private:
  void PassOnSignals();
  void Reap();
  void NoteEnd(Child& child, int wait_status);
  // Reads what is there; closes the pipe at its end, or if the child has ended and nothing is left.
  void Read(int& descriptor, LinePrefixer& lines, OutputStream& to, bool running);
  void Tell(int signal);
  // Sends SIGTERM, then SIGKILL, when it is time.
  void EndOthers();
  bool Done() const;

  const LaunchOptions& options_;
  const int signals_;
  std::vector<std::unique_ptr<Child>> children_;
  std::vector<ChildEnd> ends_;
  OutputStream out_{STDOUT_FILENO};
  OutputStream err_{STDERR_FILENO};
  bool signalled_ = false;
  // When the children that still run get SIGTERM and SIGKILL; never while no child has failed.
  absl::Time terminate_at_ = absl::InfiniteFuture();
  absl::Time kill_at_ = absl::InfiniteFuture();
  bool terminated_ = false;
};

Generation::~Generation() {
  for (const auto& child : children_) {
    if (child->running) {
      kill(-child->end.pid, SIGKILL);
      waitpid(child->end.pid, nullptr, 0);
    }
    for (const int descriptor : {child->out, child->err}) {
      if (descriptor >= 0) close(descriptor);
    }
  }
}

absl::Status Generation::Start(const Environment& environment, const HostPort& leader, int number,
                               const std::string& token) {
  for (int local_rank = 0; local_rank < options_.processes; ++local_rank) {
    BATON_ASSIGN_OR_RETURN(const SpawnedChild spawned,
                           SpawnThisProgram(options_.command, EnvironmentOfChild(options_, environment, local_rank,
                                                                                 leader, number, token)));
    children_.push_back(std::make_unique<Child>(spawned, options_.node_rank * options_.processes + local_rank,
                                                PrefixOf(options_, local_rank)));
  }
  return absl::OkStatus();
}

void Generation::Run() {
  while (!Done()) {
    std::vector<pollfd> wanted = {{signals_, POLLIN, 0}};
    for (const OutputStream* const stream : {&out_, &err_}) {
      if (!stream->empty()) wanted.push_back({stream->descriptor(), POLLOUT, 0});
    }
    for (const auto& child : children_) {
      if (child->out >= 0 && !out_.full()) wanted.push_back({child->out, POLLIN, 0});
      if (child->err >= 0 && !err_.full()) wanted.push_back({child->err, POLLIN, 0});
    }
    const absl::Time next = terminated_ ? kill_at_ : std::min(terminate_at_, kill_at_);
    const int64_t wait_ms =
        next == absl::InfiniteFuture() ? -1 : std::max<int64_t>(0, absl::ToInt64Milliseconds(next - absl::Now()) + 1);
    poll(wanted.data(), wanted.size(), static_cast<int>(wait_ms));
    PassOnSignals();
    Reap();
    EndOthers();
    for (const auto& child : children_) {
      if (!out_.full()) Read(child->out, child->out_lines, out_, child->running);
      if (!err_.full()) Read(child->err, child->err_lines, err_, child->running);
    }
    out_.WriteSome();
    err_.WriteSome();
  }
  out_.WriteAll();
  err_.WriteAll();
}

bool Generation::Done() const {
  return std::all_of(children_.begin(), children_.end(), [](const std::unique_ptr<Child>& child) {
    return !child->running && child->out < 0 && child->err < 0;
  });
}

void Generation::PassOnSignals() {
  signalfd_siginfo info;
  while (read(signals_, &info, sizeof(info)) == sizeof(info)) {
    if (info.ssi_signo == SIGCHLD) continue;
    signalled_ = true;
    Tell(static_cast<int>(info.ssi_signo));
  }
}

void Generation::Tell(int signal) {
  for (const auto& child : children_) {
    if (child->running) kill(-child->end.pid, signal);
  }
}

void Generation::Reap() {
  for (const auto& child : children_) {
    int wait_status = 0;
    if (child->running && waitpid(child->end.pid, &wait_status, WNOHANG) == child->end.pid)
      NoteEnd(*child, wait_status);
  }
}

void Generation::NoteEnd(Child& child, int wait_status) {
  child.running = false;
  child.end.wait_status = wait_status;
  ends_.push_back(child.end);
  if (!HasFailed(child.end)) return;
  const absl::Time now = absl::Now();
  const bool told = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == kExitPeerFailed;
  terminate_at_ = std::min(terminate_at_, told ? now + options_.time_to_speak : now);
  kill_at_ = std::min(kill_at_, now + (told ? options_.patience_when_told : options_.patience));
}

void Generation::EndOthers() {
  const absl::Time now = absl::Now();
  if (!terminated_ && now >= terminate_at_) {
    terminated_ = true;
    for (const auto& child : children_) child->end.told_to_end = child->running;
    // Children that were signalled already are ending; a second signal would end them without saving.
    if (!signalled_) Tell(SIGTERM);
  }
  if (now < kill_at_) return;
  for (const auto& child : children_) {
    if (child->running) child->end.killed = true;
  }
  Tell(SIGKILL);
  kill_at_ = now + options_.patience;
}

void Generation::Read(int& descriptor, LinePrefixer& lines, OutputStream& to, bool running) {
  char bytes[16 << 10];
  while (descriptor >= 0 && !to.full()) {
    const ssize_t count = read(descriptor, bytes, sizeof(bytes));
    if (count > 0) {
      to.Add(lines.Add(absl::string_view(bytes, count)));
      continue;
    }
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN && running) return;
    // The end of the stream. A child of the child may still have the pipe open; nobody waits for it.
    to.Add(lines.Finish());
    close(descriptor);
    descriptor = -1;
  }
}

// Blocks the signals that the loop handles and returns a descriptor from which they are read.
absl::StatusOr<int> SignalDescriptor() {
  signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&signals, signal);
  struct sigaction hang_up = {};
  sigaction(SIGHUP, nullptr, &hang_up);
  // nohup has seen to it that a terminal that closes ends nothing.
  if (hang_up.sa_handler != SIG_IGN) sigaddset(&signals, SIGHUP);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  const int descriptor = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
  if (descriptor < 0) return absl::UnavailableError("signals cannot be read");
  return descriptor;
}

void Say(const std::string& text) {
  OutputStream err(STDERR_FILENO);
  err.Add(absl::StrCat("baton: ", text, "\n"));
  err.WriteAll();
}

}  // namespace

absl::StatusOr<int> Launch(const LaunchOptions& options, const Environment& environment) {
  BATON_RETURN_IF_ERROR(CheckLaunchOptions(options, environment));
  std::string token;
  if (!environment.FirstSet({"BATON_TOKEN", "BATON_TOKEN_FILE"}).has_value()) {
    BATON_ASSIGN_OR_RETURN(token, RandomToken());
  }
  BATON_ASSIGN_OR_RETURN(const int signals, SignalDescriptor());
  for (int number = 0;; ++number) {
    HostPort leader;
    if (options.rendezvous.has_value()) {
      leader = *options.rendezvous;
    } else {
      leader.host = "127.0.0.1";
      BATON_ASSIGN_OR_RETURN(leader.port, FreeLoopbackPort());
    }
    Generation generation(options, signals);
    BATON_RETURN_IF_ERROR(generation.Start(environment, leader, number, token));
    generation.Run();
    const LaunchOutcome outcome = OutcomeOf(generation.ends());
    if (!outcome.report.empty()) Say(outcome.report);
    const bool restart = !outcome.report.empty() && outcome.exit_status != kExitInvalidInput &&
                         !generation.signalled() && number < options.max_restarts;
    if (!restart) {
      close(signals);
      return outcome.exit_status;
    }
    Say(absl::StrCat("restart ", number + 1, " of ", options.max_restarts, ": all ", options.processes,
                     " processes start again as generation ", number + 1));
  }
}

}  // namespace baton
