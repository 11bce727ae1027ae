// The file of choices: written, read again, kept for other places, refused.
#include "runtime/machine/product_choice_file.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "base/read_file.h"
#include "base/write_file.h"

namespace baton {
namespace {

const ProductPlace kHere = {"GPU A, 132 multiprocessors", "cuBLASLt 1", "m=1 n=2 k=3"};

std::string FreshFile() {
  const std::string path = std::string(getenv("TEST_TMPDIR")) + "/choices";
  std::filesystem::remove(path);
  return path;
}

ProductChoices::Measure Measured(uint64_t word, int* calls) {
  return [=] {
    ++*calls;
    return ProductChoice{"bias", {word, 0, 0, 0, 0, 0, 0, ~uint64_t{0}}, 12.5};
  };
}

}  // namespace

TEST_CASE("a product is measured once, and an object that reads the file measures nothing") {
  const std::string path = FreshFile();
  int calls = 0;
  ProductChoiceFile first(path);
  CHECK(first.Choose(kHere, Measured(7, &calls)).value().algorithm[0] == 7);
  CHECK(first.Choose(kHere, Measured(8, &calls)).value().algorithm[0] == 7);
  CHECK(calls == 1);
  ProductChoiceFile second(path);
  const ProductChoice choice = second.Choose(kHere, Measured(9, &calls)).value();
  CHECK(calls == 1);
  CHECK(choice.algorithm == std::array<uint64_t, 8>{7, 0, 0, 0, 0, 0, 0, ~uint64_t{0}});
  CHECK(choice.epilogue == "bias");
  CHECK(choice.micros == 12.5);
}

TEST_CASE("another GPU, library or product is measured anew, beside what the file has") {
  const std::string path = FreshFile();
  int calls = 0;
  REQUIRE(ProductChoiceFile(path).Choose(kHere, Measured(7, &calls)).ok());
  ProductPlace other = kHere;
  SECTION("GPU") { other.gpu = "GPU B, 108 multiprocessors"; }
  SECTION("library") { other.library = "cuBLASLt 2"; }
  SECTION("product") { other.product = "m=4 n=2 k=3"; }
  CHECK(ProductChoiceFile(path).Choose(other, Measured(8, &calls)).value().algorithm[0] == 8);
  CHECK(calls == 2);
  ProductChoiceFile both(path);
  CHECK(both.Choose(kHere, Measured(9, &calls)).value().algorithm[0] == 7);
  CHECK(both.Choose(other, Measured(9, &calls)).value().algorithm[0] == 8);
  CHECK(calls == 2);
}

TEST_CASE("a product that cannot be measured leaves no choice") {
  const std::string path = FreshFile();
  ProductChoiceFile choices(path);
  const auto fails = []() -> absl::StatusOr<ProductChoice> { return absl::InternalError("no algorithm"); };
  CHECK(choices.Choose(kHere, fails).status().message() == "no algorithm");
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a file that is none of choices is refused by its line") {
  const auto refusal = [](const std::string& text) {
    const std::string path = FreshFile();
    CHECK(WriteFile(path, text).ok());
    int calls = 0;
    ProductChoiceFile choices(path);
    const absl::Status status = choices.Choose(kHere, Measured(7, &calls)).status();
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    CHECK(ReadFile("file", path, 1000).value() == text);
    return std::string(status.message());
  };
  const std::string first = "baton product choices 1\n";
  CHECK_THAT(refusal("model {}\n"), Catch::Contains("line 1: it must be \"baton product choices 1\""));
  CHECK_THAT(refusal(first + "a\tb\n"), Catch::Contains("line 2: 2 fields that are separated by tabs; it must have 6"));
  CHECK_THAT(refusal(first + "a\tb\tc\td\t00\t1\n"), Catch::Contains("line 2: the algorithm must have 128"));
  CHECK_THAT(refusal(first + "a\tb\tc\td\t" + std::string(128, '0') + "\tfast\n"),
             Catch::Contains("line 2: the time must be a number of microseconds"));
}

}  // namespace baton
