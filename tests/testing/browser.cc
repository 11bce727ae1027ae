#include "tests/testing/browser.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "absl/strings/str_cat.h"

namespace baton {
namespace {

constexpr const char* kPrograms[] = {"/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"};
constexpr int kPatienceMilliseconds = 60'000;
constexpr int kTries = 600;

std::string FindChromium() {
  for (const char* program : kPrograms) {
    if (access(program, X_OK) == 0) return program;
  }
  return "";
}

// Makes `descriptor` the child's `number`. If it has that number already, it is kept open on exec.
void Become(int descriptor, int number) {
  if (descriptor == number) {
    fcntl(descriptor, F_SETFD, 0);
  } else {
    dup2(descriptor, number);
  }
}

}  // namespace

std::unique_ptr<Browser> Browser::Start(int width, int height) {
  const std::string program = FindChromium();
  if (program.empty()) return nullptr;
  signal(SIGPIPE, SIG_IGN);  // writing to a browser that has ended fails instead
  const std::string folder = absl::StrCat(std::getenv("TEST_TMPDIR"), "/browser-", getpid());
  const std::vector<std::string> arguments = {program,
                                              "--headless",
                                              "--no-sandbox",
                                              "--disable-gpu",
                                              "--disable-dev-shm-usage",
                                              "--no-first-run",
                                              "--hide-scrollbars",
                                              "--remote-debugging-pipe",
                                              absl::StrCat("--user-data-dir=", folder),
                                              absl::StrCat("--window-size=", width, ",", height),
                                              "about:blank"};
  int to[2], from[2];
  // Above 4: the browser needs 3 and 4 in the child.
  if (pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) throw std::runtime_error("no pipes");
  for (int* end : {&to[0], &to[1], &from[0], &from[1]}) {
    const int high = fcntl(*end, F_DUPFD_CLOEXEC, 10);
    close(*end);
    *end = high;
  }
  std::unique_ptr<Browser> browser(new Browser);
  browser->process_ = fork();
  if (browser->process_ == 0) {
    setenv("HOME", folder.c_str(), 1);
    Become(to[0], 3);
    Become(from[1], 4);
    const int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    std::vector<char*> pointers;
    for (const std::string& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);
    execv(program.c_str(), pointers.data());
    _exit(127);
  }
  close(to[0]);
  close(from[1]);
  browser->to_browser_ = to[1];
  browser->from_browser_ = from[0];
  const auto target = browser->Call("Target.createTarget", {{"url", "about:blank"}});
  const auto session = browser->Call("Target.attachToTarget", {{"targetId", target.at("targetId")}, {"flatten", true}});
  browser->session_ = session.at("sessionId");
  browser->Call("Page.enable", nlohmann::json::object());
  browser->Call("Emulation.setDeviceMetricsOverride",
                {{"width", width}, {"height", height}, {"deviceScaleFactor", 1}, {"mobile", false}});
  return browser;
}

Browser::~Browser() {
  // The browser and its helpers end when its pipes are closed.
  close(to_browser_);
  close(from_browser_);
  for (int i = 0; i < kTries / 10; ++i) {
    if (waitpid(process_, nullptr, WNOHANG) == process_) return;
    usleep(50'000);
  }
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
}

nlohmann::json Browser::Receive() {
  for (;;) {
    const size_t end = received_.find('\0');
    if (end != std::string::npos) {
      const nlohmann::json message = nlohmann::json::parse(received_.substr(0, end));
      received_.erase(0, end + 1);
      return message;
    }
    pollfd waiting = {from_browser_, POLLIN, 0};
    if (poll(&waiting, 1, kPatienceMilliseconds) <= 0) throw std::runtime_error("the browser does not answer");
    char buffer[1 << 16];
    const ssize_t count = read(from_browser_, buffer, sizeof(buffer));
    if (count <= 0) throw std::runtime_error("the browser has gone");
    received_.append(buffer, static_cast<size_t>(count));
  }
}

nlohmann::json Browser::Call(const std::string& method, nlohmann::json parameters) {
  nlohmann::json message = {{"id", ++last_id_}, {"method", method}, {"params", std::move(parameters)}};
  if (!session_.empty()) message["sessionId"] = session_;
  const std::string text = message.dump() + '\0';
  for (size_t sent = 0; sent < text.size();) {
    const ssize_t count = write(to_browser_, text.data() + sent, text.size() - sent);
    if (count <= 0) throw std::runtime_error("the browser has gone");
    sent += static_cast<size_t>(count);
  }
  for (;;) {
    nlohmann::json answer = Receive();
    if (answer.value("id", 0) != last_id_) continue;  // an event
    if (answer.contains("error")) throw std::runtime_error(absl::StrCat(method, ": ", answer["error"].dump()));
    return answer.at("result");
  }
}

void Browser::Open(const std::string& path) {
  char* real = realpath(path.c_str(), nullptr);
  if (real == nullptr) throw std::runtime_error(absl::StrCat("there is no ", path));
  Call("Page.navigate", {{"url", absl::StrCat("file://", real)}});
  std::free(real);
  Await("document.readyState === 'complete'");
}

nlohmann::json Browser::Evaluate(const std::string& expression) {
  const auto result =
      Call("Runtime.evaluate", {{"expression", expression}, {"returnByValue", true}, {"awaitPromise", true}});
  if (result.contains("exceptionDetails")) {
    throw std::runtime_error(absl::StrCat(expression, ": ", result["exceptionDetails"].dump()));
  }
  return result.at("result").value("value", nlohmann::json());
}

void Browser::Await(const std::string& expression) {
  for (int i = 0; i < kTries; ++i) {
    if (Evaluate(expression) == true) return;
    usleep(50'000);
  }
  throw std::runtime_error(absl::StrCat("never true: ", expression));
}

void Browser::Mouse(const char* type, double x, double y, const char* button, nlohmann::json more) {
  more["type"] = type;
  more["x"] = x;
  more["y"] = y;
  more["button"] = button;
  Call("Input.dispatchMouseEvent", std::move(more));
}

void Browser::Click(double x, double y) {
  Mouse("mousePressed", x, y, "left", {{"clickCount", 1}});
  Mouse("mouseReleased", x, y, "left", {{"clickCount", 1}});
}

void Browser::MoveTo(double x, double y) { Mouse("mouseMoved", x, y, "none"); }

void Browser::Drag(double from_x, double from_y, double to_x, double to_y) {
  Mouse("mouseMoved", from_x, from_y, "none");
  Mouse("mousePressed", from_x, from_y, "left", {{"clickCount", 1}});
  Mouse("mouseMoved", to_x, to_y, "left", {{"buttons", 1}});
  Mouse("mouseReleased", to_x, to_y, "left", {{"clickCount", 1}});
}

void Browser::Wheel(double x, double y, double delta) {
  Mouse("mouseWheel", x, y, "none", {{"deltaX", 0}, {"deltaY", delta}});
}

void Browser::Press(const std::string& key) {
  nlohmann::json event = {{"type", "keyDown"}, {"key", key}};
  if (key.size() == 1) event["text"] = key;
  Call("Input.dispatchKeyEvent", event);
  event["type"] = "keyUp";
  Call("Input.dispatchKeyEvent", event);
}

void Browser::PreferDark(bool dark) {
  Call("Emulation.setEmulatedMedia",
       {{"features", {{{"name", "prefers-color-scheme"}, {"value", dark ? "dark" : "light"}}}}});
}

}  // namespace baton
