// Reads the file and turns parser errors into sentences.
#include "runtime/job/job_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/read_file.h"
#include "base/status.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "runtime/job/field_names.h"

namespace baton {
namespace {

constexpr std::streamoff kMaxFileBytes = 16 << 20;

// A job nests six messages deep. The limit protects the stack from hostile text.
constexpr int kMaxNesting = 32;

// Keeps the first error as `name:line:column: text`, rewritten by PlainWords.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  FirstError(absl::string_view text, absl::string_view name) : text_(text), name_(name) {}

  void AddError(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override {
    if (!message_.empty()) return;
    std::string unknown;
    const std::string words = PlainWords(message, &unknown);
    if (line < 0) {
      message_ = absl::StrCat(name_, ": ", words);
      return;
    }
    const std::vector<absl::string_view> lines = absl::StrSplit(text_, '\n');
    line = std::min(line, static_cast<int>(lines.size()) - 1);
    size_t offset = OffsetOfColumn(lines[line], column);
    // protobuf's position is behind the unknown word.
    if (!unknown.empty()) {
      for (int previous = line; previous >= 0; --previous) {
        const size_t found = lines[previous].rfind(unknown, previous == line ? offset : absl::string_view::npos);
        if (found == absl::string_view::npos) continue;
        line = previous;
        offset = found;
        break;
      }
    }
    message_ = absl::StrCat(name_, ":", line + 1, ":", offset + 1, ": ", words);
  }

  const std::string& message() const { return message_; }

 private:
  // The tokenizer advances a tab to the next multiple of eight; editors count it as one column.
  static size_t OffsetOfColumn(absl::string_view line, int column) {
    int reached = 0;
    size_t offset = 0;
    while (offset < line.size() && reached < column) {
      reached += line[offset] == '\t' ? 8 - reached % 8 : 1;
      ++offset;
    }
    return offset;
  }

  const absl::string_view text_;
  const std::string name_;
  std::string message_;
};

}  // namespace

absl::StatusOr<proto::Job> ParseJob(absl::string_view text, absl::string_view name) {
  FirstError error(text, name);
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  parser.SetRecursionLimit(kMaxNesting);
  proto::Job job;
  if (!parser.ParseFromString(std::string(text), &job)) {
    return absl::InvalidArgumentError(error.message().empty() ? absl::StrCat(name, ": not a job in text format")
                                                              : error.message());
  }
  return job;
}

absl::StatusOr<proto::Job> ReadJob(const std::string& path) {
  if (path.empty()) return absl::InvalidArgumentError("the name of the job file is empty");
  if (struct stat about; stat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat("job file ", path, " is a folder"));
  }
  errno = 0;
  const std::string name = NameOfFile(path);
  std::ifstream file(path == kStandardInput ? "/dev/stdin" : path, std::ios::binary);
  if (!file) return absl::ErrnoToStatus(errno == 0 ? EIO : errno, absl::StrCat("cannot read job file ", name));
  std::string text;
  char block[1 << 16];
  while (file.read(block, sizeof(block)) || file.gcount() > 0) {
    text.append(block, static_cast<size_t>(file.gcount()));
    if (static_cast<std::streamoff>(text.size()) > kMaxFileBytes) {
      return absl::InvalidArgumentError(absl::StrCat("job file ", name, " is larger than 16 MiB"));
    }
  }
  if (file.bad()) return absl::ErrnoToStatus(errno == 0 ? EIO : errno, absl::StrCat("cannot read job file ", name));
  if (text.empty()) return absl::InvalidArgumentError(absl::StrCat("job file ", name, " is empty"));
  return ParseJob(text, name);
}

}  // namespace baton
