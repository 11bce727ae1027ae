// Tokenizer::Load: finds and reads the files.
#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "base/content_hash.h"
#include "base/read_file.h"
#include "base/status.h"
#include "runtime/data/tokenizer/rule_tokenizer.h"

namespace baton {
namespace {

constexpr size_t kMaxFileBytes = size_t{1} << 28;

bool IsFolder(const std::string& path) {
  struct stat about;
  return stat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode);
}

bool IsFile(const std::string& path) {
  struct stat about;
  return stat(path.c_str(), &about) == 0 && S_ISREG(about.st_mode);
}

absl::StatusOr<std::string> ReadWhole(absl::string_view field, const std::string& path) {
  absl::StatusOr<std::string> text = ReadFile("tokenizer", path, kMaxFileBytes + 1);
  if (!text.ok()) return absl::InvalidArgumentError(absl::StrCat(field, ": ", text.status().message()));
  if (text->size() <= kMaxFileBytes) return text;
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", path, " has more than ", kMaxFileBytes, " bytes"));
}

absl::StatusOr<std::unique_ptr<Tokenizer>> Make(absl::StatusOr<TokenizerRules> rules, const std::string& contents,
                                                absl::string_view field, const std::string& path) {
  absl::Status status = rules.status();
  if (rules.ok()) {
    absl::StatusOr<std::unique_ptr<RuleTokenizer>> tokenizer =
        RuleTokenizer::Create(*std::move(rules), HashOf(contents));
    if (tokenizer.ok()) return *std::move(tokenizer);
    status = tokenizer.status();
  }
  return absl::Status(status.code(), absl::StrCat(field, ": ", path, ": ", status.message()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Tokenizer>> Tokenizer::Load(absl::string_view field, const std::string& path) {
  std::string file = path;
  if (IsFolder(path)) {
    file = absl::StrCat(path, "/tokenizer.json");
    if (!IsFile(file)) {
      const std::string vocab_file = absl::StrCat(path, "/vocab.json"), merges_file = absl::StrCat(path, "/merges.txt");
      if (!IsFile(vocab_file) || !IsFile(merges_file)) {
        return absl::InvalidArgumentError(
            absl::StrCat(field, ": ", path, " has neither tokenizer.json nor vocab.json and merges.txt"));
      }
      BATON_ASSIGN_OR_RETURN(const std::string vocab, ReadWhole(field, vocab_file));
      BATON_ASSIGN_OR_RETURN(const std::string merges, ReadWhole(field, merges_file));
      return Make(ReadVocabAndMerges(vocab, merges), absl::StrCat(vocab, "\n", merges), field, path);
    }
  }
  BATON_ASSIGN_OR_RETURN(const std::string text, ReadWhole(field, file));
  return Make(ReadTokenizerJson(text), text, field, file);
}

}  // namespace baton
