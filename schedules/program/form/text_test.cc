// To text and back, and text that is no program.
#include "schedules/program/form/text.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "absl/strings/str_replace.h"
#include "schedules/program/structure.h"
#include "schedules/program/testing/example_program.h"

namespace baton {
namespace {

constexpr char kExample[] = R"(program "1f1b": 2 chunks, 2 devices, 2 micro-batches
  chunks on devices 0 1
  reduce tied_gradient "tokens.weight": members 0 1, 4096 bytes
  reduce gradient_norm "": members 0 1, 64 bytes

device 0: 9 instructions, 6 slots, arena 1572864 bytes (1.5 MiB), workspace 64 bytes at 1856
  chunk 0: parameters 256 bytes at 0, gradients at 256, optimizer 512 bytes at 512
  slot %0: input, 64 bytes at 1024
  slot %1: output, 128 bytes at 1088
  slot %2: saved, 192 bytes at 1216
  slot %3: stash, 256 bytes at 1408
  slot %4: grad_output, 128 bytes at 1664
  slot %5: saved_weight, 64 bytes at 1792
     0  load inputs      c0 m0  → %0
     1  forward          c0 m0  input %0 → output %1 saved %2 saved_weight %5
     2  send activation  c0 m0  %1  device 1  after 1
     3  recv gradient    c0 m0  → %4  device 1
     4  backward_input   c0 m0  input %0 saved %2 saved_weight %5 grad_output %4 → stash %3  after 3
     5  backward_weight  c0 m0  input %0 saved_weight %5 grad_output %4 stash %3  after 2 3
     6  all_reduce       group 0
     7  all_reduce       group 1
     8  update           c0

device 1: 8 instructions, 3 slots, arena 512 bytes (0.0 MiB), workspace 0 bytes at 0
  chunk 1: parameters 64 bytes at 320, gradients at 384, optimizer 64 bytes at 448
  slot %0: input, 128 bytes at 0
  slot %1: targets, 64 bytes at 128
  slot %2: grad_input, 128 bytes at 192
     0  recv activation  c1 m0  → %0  device 0
     1  load targets     c1 m0  → %1
     2  forward          c1 m0  input %0 targets %1  after 0
     3  backward         c1 m0  input %0 targets %1 → grad_input %2
     4  send gradient    c1 m0  %2  device 0  after 3
     5  all_reduce       group 0
     6  all_reduce       group 1
     7  update           c1
)";

TEST_CASE("a program as text") { CHECK(PrintProgram(ExampleProgram()) == kExample); }

TEST_CASE("what was printed is parsed back") {
  const auto example = ParseProgramText(kExample);
  INFO(example.status());
  REQUIRE(example.ok());
  CHECK(SameProgram(*example, ExampleProgram()));
  for (uint32_t seed = 0; seed < 300; ++seed) {
    const Program program = RandomProgram(seed);
    const std::string text = PrintProgram(program);
    const auto parsed = ParseProgramText(text);
    INFO(text << parsed.status());
    REQUIRE(parsed.ok());
    REQUIRE(SameProgram(*parsed, program));
    REQUIRE(PrintProgram(*parsed) == text);
  }
}

TEST_CASE("comments, blank lines and punctuation mean nothing") {
  const std::string text =
      "# a program\n\n" +
      absl::StrReplaceAll(kExample,
                          {{"→", ""}, {",", ""}, {"(1.5 MiB)", "(whatever, 3)"}, {"\n", "  # note \"open (\r\n"}});
  const auto parsed = ParseProgramText(text);
  INFO(parsed.status());
  REQUIRE(parsed.ok());
  CHECK(SameProgram(*parsed, ExampleProgram()));
}

struct Mistake {
  std::string from;
  std::string to;
  std::string message;
};

TEST_CASE("a mistake is told with its line") {
  const Mistake mistake = GENERATE(
      Mistake{kExample, "", "line 1: expected \"program\""},
      Mistake{"program \"1f1b\"", "programme", "line 1: expected \"program\", not \"programme\""},
      Mistake{"\"1f1b\"", "1f1b", "line 1: expected a quoted name, not \"1f1b\""},
      Mistake{"\"1f1b\"", "\"1f1b", "line 1: a quote is not closed"},
      Mistake{"\"1f1b\"", "\"\\q\"", "line 1: an escape is wrong"},
      Mistake{"2 devices", "3 devices", "line 1: 3 devices, but 2 follow"},
      Mistake{"2 micro-batches", "2 micro-batches 3", "line 1: \"3\" does not belong here"},
      Mistake{"2 micro-batches", "99999999999 micro-batches", "line 1: expected a number, not \"99999999999\""},
      Mistake{"chunks on", "stages on", "line 2: \"stages\" does not belong here"},
      Mistake{"tied_gradient", "tied", "line 3: \"tied\" is no kind of reduce"},
      Mistake{"members 0 1, 4096", "members 0 7, 4096", "reduce group 0: member 7 must be from 0 to 1"},
      Mistake{"0 1, 4096 bytes", "bytes", "line 3: expected a number before \"bytes\""},
      Mistake{"device 0: 9", "device 1: 9", "line 6: device 1 where device 0 is due"},
      Mistake{"(1.5 MiB)", "(1.5 MiB", "line 6: a parenthesis is not closed"},
      Mistake{"9 instructions", "10 instructions",
              "line 24: the device of line 6 has 9 instructions and 6 slots, not 10 and 6"},
      Mistake{"slot %1: output", "slot %2: output", "line 9: slot %2 where %1 is due"},
      Mistake{"slot %1: output", "slot %1: result", "line 9: \"result\" is no kind of slot"},
      Mistake{"slot %1: output", "slot 1: output", "line 9: expected % and a number, not \"1\""},
      Mistake{"   1  forward", "   2  forward", "line 15: instruction 2 where 1 is due"},
      Mistake{"   1  forward", "   1  frward", "line 15: \"frward\" is no operation"},
      Mistake{"load inputs", "load input", "line 14: \"input\" is no data"},
      Mistake{"send activation", "send", "line 16: \"c0\" is no payload"},
      Mistake{"forward          c0 m0", "forward m0", "line 15: forward without chunk"},
      Mistake{"forward          c0 m0", "forward c0 m0 m1", "line 15: micro_batch is given twice"},
      Mistake{"input %0 → output %1", "input %0 → stash %1", "line 15: forward has no stash"},
      Mistake{"input %0 → output %1", "input 0 → output %1", "line 15: expected % and a number, not \"0\""},
      Mistake{"%1  device 1  after 1", "%1  after 1", "line 16: send without peer"},
      Mistake{"device 1  after 1", "device 1  after", "line 16: expected a number, not \"\""},
      Mistake{"device 1  after 1", "device 1  after x", "line 16: expected a number, not \"x\""},
      Mistake{"→ output %1", "→ output %6", "device 0, instruction 1: output 6 must be from -1 to 5"},
      Mistake{"device 1  after 1", "device 1  after 9",
              "device 0, instruction 2: waits for instruction 9, which is not an earlier one"});
  INFO(mistake.to);
  std::string text = kExample;
  const size_t at = text.find(mistake.from);
  REQUIRE(at != std::string::npos);
  const auto parsed = ParseProgramText(text.replace(at, mistake.from.size(), mistake.to));
  CHECK(parsed.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(parsed.status().message() == mistake.message);
}

TEST_CASE("damaged text is refused or gives a sound program") {
  const std::string whole = kExample;
  for (size_t size = 0; size < whole.size(); ++size) {
    const auto parsed = ParseProgramText(whole.substr(0, size));
    if (parsed.ok()) CHECK(CheckStructure(*parsed) == absl::OkStatus());
  }
  std::mt19937 random(1);
  int refused = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string text = whole;
    for (int j = 0; j < 3; ++j)
      text[random() % text.size()] = static_cast<char>(random() % 4 == 0 ? random() : '0' + random() % 10);
    const auto parsed = ParseProgramText(text);
    if (parsed.ok()) {
      CHECK(CheckStructure(*parsed) == absl::OkStatus());
    } else {
      ++refused;
    }
  }
  CHECK(refused > 1000);
}

}  // namespace
}  // namespace baton
