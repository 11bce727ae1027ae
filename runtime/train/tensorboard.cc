// Frames events as records and appends them to a file.
#include "runtime/train/tensorboard.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status.h"

namespace baton {
namespace {

std::array<uint32_t, 256> MakeCrcTable() {
  std::array<uint32_t, 256> table = {};
  for (uint32_t byte = 0; byte < table.size(); ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
    table[byte] = crc;
  }
  return table;
}

std::string LittleEndian(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

// A CRC over data that contains CRCs would be weak; TensorFlow's mask avoids it.
std::string MaskedCrc(absl::string_view data) {
  const uint32_t crc = Crc32c(data);
  return LittleEndian(((crc >> 15) | (crc << 17)) + 0xa282ead8u, 4);
}

double Now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

}  // namespace

uint32_t Crc32c(absl::string_view data, uint32_t before) {
  static const std::array<uint32_t, 256> kTable = MakeCrcTable();
  uint32_t crc = ~before;
  for (const char byte : data) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<uint8_t>(byte)) & 0xff];
  return ~crc;
}

std::string TfRecord(absl::string_view data) {
  const std::string length = LittleEndian(data.size(), 8);
  return absl::StrCat(length, MaskedCrc(length), data, MaskedCrc(data));
}

proto::TensorboardEvent EventOf(const StepMetrics& metrics, double wall_time) {
  proto::TensorboardEvent event;
  event.set_wall_time(wall_time);
  event.set_step(metrics.step);
  const auto add = [&](const char* tag, double value) {
    proto::TensorboardSummary::Value& curve = *event.mutable_summary()->add_value();
    curve.set_tag(tag);
    curve.set_simple_value(static_cast<float>(value));
  };
  add("loss", metrics.loss);
  add("grad_norm", metrics.grad_norm);
  add("learning_rate", metrics.learning_rate);
  if (metrics.held_out_loss.has_value()) add("held_out_loss", *metrics.held_out_loss);
  if (metrics.tokens_per_second.has_value()) add("speed/tokens_per_second", *metrics.tokens_per_second);
  add("speed/examples_per_second", metrics.examples_per_second);
  add("speed/step_ms", metrics.step_ms);
  add("speed/model_tflops", metrics.model_tflops);
  if (metrics.mfu.has_value()) add("speed/mfu", *metrics.mfu);
  add("speed/bubble_ratio", metrics.bubble_ratio);
  return event;
}

absl::StatusOr<std::unique_ptr<TensorboardWriter>> TensorboardWriter::Create(const std::string& folder,
                                                                             int64_t first_step) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return absl::ErrnoToStatus(error.value(), absl::StrCat("cannot make ", folder));
  // Readers take the files of a folder in the order of their names.
  const double now = Now();
  const std::string path =
      absl::StrFormat("%s/events.out.tfevents.%010d.%06d.%d.baton", folder, static_cast<int64_t>(now),
                      static_cast<int64_t>((now - std::floor(now)) * 1e6), getpid());
  std::FILE* const file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", path));
  std::unique_ptr<TensorboardWriter> writer(new TensorboardWriter(path, file));
  proto::TensorboardEvent event;
  event.set_wall_time(now);
  event.set_file_version("brain.Event:2");
  BATON_RETURN_IF_ERROR(writer->Append(event));
  if (first_step > 0) {
    event.set_step(first_step + 1);
    event.mutable_session_log()->set_status(proto::TensorboardSessionLog::START);
    BATON_RETURN_IF_ERROR(writer->Append(event));
  }
  return writer;
}

absl::Status TensorboardWriter::Write(const StepMetrics& metrics) { return Append(EventOf(metrics, Now())); }

absl::Status TensorboardWriter::Append(const proto::TensorboardEvent& event) {
  const std::string record = TfRecord(event.SerializeAsString());
  errno = 0;
  if (std::fwrite(record.data(), 1, record.size(), file_.get()) == record.size() && std::fflush(file_.get()) == 0) {
    return absl::OkStatus();
  }
  return absl::ErrnoToStatus(errno == 0 ? EIO : errno, absl::StrCat("cannot write ", path_));
}

}  // namespace baton
