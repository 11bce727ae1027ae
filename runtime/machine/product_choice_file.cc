// Reads and writes lines of fields that are separated by tabs.
#include "runtime/machine/product_choice_file.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/read_file.h"
#include "base/status.h"
#include "base/write_file.h"

namespace baton {
namespace {

constexpr char kFirstLine[] = "baton product choices 1";
constexpr size_t kMostBytes = size_t{16} << 20;
constexpr size_t kFields = 6;
constexpr size_t kHexDigits = 16;  // of a word

// False if `text` is not eight words in hexadecimal.
bool ParseAlgorithm(absl::string_view text, std::array<uint64_t, 8>& algorithm) {
  if (text.size() != kHexDigits * algorithm.size()) return false;
  for (size_t i = 0; i < algorithm.size(); ++i) {
    if (!absl::SimpleHexAtoi(text.substr(i * kHexDigits, kHexDigits), &algorithm[i])) return false;
  }
  return true;
}

}  // namespace

absl::Status ProductChoiceFile::Read() {
  if (is_read_) return absl::OkStatus();
  std::string text;
  if (std::error_code error; std::filesystem::exists(path_, error)) {
    BATON_ASSIGN_OR_RETURN(text, ReadFile("product_choices", path_, kMostBytes));
  }
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const auto wrong = [&](absl::string_view what) {
      return absl::InvalidArgumentError(
          absl::StrCat("devices.product_choices: ", path_, ", line ", number, ": ", what));
    };
    if (++number == 1) {
      if (line != kFirstLine) return wrong(absl::StrCat("it must be \"", kFirstLine, "\""));
      continue;
    }
    const std::vector<std::string> fields = absl::StrSplit(line, '\t');
    if (fields.size() != kFields) {
      return wrong(absl::StrCat(fields.size(), " fields that are separated by tabs; it must have ", kFields));
    }
    ProductChoice choice;
    choice.epilogue = fields[3];
    if (!ParseAlgorithm(fields[4], choice.algorithm)) return wrong("the algorithm must have 128 hexadecimal digits");
    if (!absl::SimpleAtod(fields[5], &choice.micros)) return wrong("the time must be a number of microseconds");
    choices_[{fields[0], fields[1], fields[2]}] = std::move(choice);
  }
  is_read_ = true;
  return absl::OkStatus();
}

absl::Status ProductChoiceFile::Write() const {
  std::string text = absl::StrCat(kFirstLine, "\n");
  for (const auto& [key, choice] : choices_) {
    const auto& [gpu, library, product] = key;
    absl::StrAppend(&text, gpu, "\t", library, "\t", product, "\t", choice.epilogue, "\t");
    for (const uint64_t word : choice.algorithm) absl::StrAppendFormat(&text, "%016x", word);
    absl::StrAppendFormat(&text, "\t%.3f\n", choice.micros);
  }
  return WriteFile(path_, text);
}

void ProductChoiceFile::NoteOtherPlaces(const ProductPlace& place) {
  if (has_noted_ || choices_.empty()) return;
  has_noted_ = true;
  const auto is_here = [&](const auto& entry) {
    return std::get<0>(entry.first) == place.gpu && std::get<1>(entry.first) == place.library;
  };
  if (std::any_of(choices_.begin(), choices_.end(), is_here)) return;
  const auto& [gpu, library, product] = choices_.begin()->first;
  std::fprintf(stderr, "devices.product_choices: %s is of %s with %s; products are measured again for %s with %s\n",
               path_.c_str(), gpu.c_str(), library.c_str(), place.gpu.c_str(), place.library.c_str());
}

absl::StatusOr<ProductChoice> ProductChoiceFile::Choose(const ProductPlace& place, const Measure& measure) {
  const MutexLock lock(&mutex_);
  BATON_RETURN_IF_ERROR(Read());
  NoteOtherPlaces(place);
  const Key key(place.gpu, place.library, place.product);
  if (const auto found = choices_.find(key); found != choices_.end()) return found->second;
  BATON_ASSIGN_OR_RETURN(ProductChoice choice, measure());
  choices_[key] = choice;
  BATON_RETURN_IF_ERROR(Write());
  return choice;
}

}  // namespace baton
