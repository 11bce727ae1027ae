// A headless Chromium that a test drives by clicks, keys and the wheel. Used by tests of pages.
//
// Speaks the DevTools protocol over two pipes (--remote-debugging-pipe): JSON messages that end with a zero byte.
#ifndef BATON_TESTS_TESTING_BROWSER_H_
#define BATON_TESTS_TESTING_BROWSER_H_

#include <sys/types.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

namespace baton {

// Thread contract: one thread. Owns the process: destruction ends it. Throws std::runtime_error, which fails the test,
// if the browser does not answer within a minute or a script fails.
class Browser {
 public:
  // Starts with a window of width × height pixels. Null without Chromium, which `tools/setup --browser` installs.
  static std::unique_ptr<Browser> Start(int width, int height);
  ~Browser();
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;

  void Open(const std::string& path);
  // The value of a JavaScript expression.
  nlohmann::json Evaluate(const std::string& expression);
  // Evaluates until the expression is true.
  void Await(const std::string& expression);

  void Click(double x, double y);
  void MoveTo(double x, double y);
  void Drag(double from_x, double from_y, double to_x, double to_y);
  void Wheel(double x, double y, double delta);
  void Press(const std::string& key);  // a KeyboardEvent.key
  void PreferDark(bool dark);

 private:
  Browser() = default;
  nlohmann::json Call(const std::string& method, nlohmann::json parameters);
  nlohmann::json Receive();
  void Mouse(const char* type, double x, double y, const char* button, nlohmann::json more = nlohmann::json::object());

  pid_t process_ = -1;
  int to_browser_ = -1;
  int from_browser_ = -1;
  int last_id_ = 0;
  std::string session_;
  std::string received_;
};

}  // namespace baton

#endif  // BATON_TESTS_TESTING_BROWSER_H_
