// LayoutOfMegatron.
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/data/tokens/token_layout.h"

namespace baton {
namespace {

constexpr char kMagic[] = "MMIDIDX\0";  // with the zero that ends the literal: 9 bytes
constexpr size_t kMagicBytes = 9;
constexpr size_t kHeaderBytes = kMagicBytes + 8 + 1 + 8 + 8;

absl::Status Wrong(const std::string& what) { return absl::InvalidArgumentError(what); }

absl::StatusOr<IdType> TypeOfCode(int code) {
  switch (code) {
    case 1:
      return IdType::kUint8;
    case 2:
      return IdType::kInt8;
    case 3:
      return IdType::kInt16;
    case 4:
      return IdType::kInt32;
    case 5:
      return IdType::kInt64;
    case 8:
      return IdType::kUint16;
    case 6:
    case 7:
      return Wrong(absl::StrCat("type code ", code, " is of floating-point numbers, which are no tokens"));
    default:
      return Wrong(absl::StrCat("type code ", code, " is none of 1 to 5 and 8, those of whole numbers"));
  }
}

// The parts of an index whose sizes are checked.
struct Index {
  IdType type = IdType::kUint16;
  int64_t sequences = 0;
  int64_t documents = 0;
  const std::byte* lengths = nullptr;
  const std::byte* pointers = nullptr;
  const std::byte* bounds = nullptr;
};

absl::StatusOr<Index> ReadHeader(absl::Span<const std::byte> bytes) {
  const absl::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (absl::StartsWith(text, "TNTIDX")) return Wrong("the index is of Megatron's older form (TNTIDX), not of MMIDIDX");
  if (text.substr(0, kMagicBytes) != absl::string_view(kMagic, kMagicBytes).substr(0, text.size())) {
    return Wrong("the index does not begin with MMIDIDX and two zero bytes");
  }
  if (bytes.size() < kHeaderBytes) {
    return Wrong(absl::StrCat("the index ends inside its header: ", bytes.size(), " of ", kHeaderBytes, " bytes"));
  }
  const std::byte* next = bytes.data() + kMagicBytes;
  const uint64_t version = Load<uint64_t>(next);
  if (version != 1) return Wrong(absl::StrCat("version ", version, " of the index must be 1"));
  Index index;
  BATON_ASSIGN_OR_RETURN(index.type, TypeOfCode(Load<uint8_t>(next + 8)));
  const uint64_t sequences = Load<uint64_t>(next + 9), documents = Load<uint64_t>(next + 17);
  // Each is compared with the file before it is multiplied.
  const uint64_t rest = bytes.size() - kHeaderBytes;
  if (sequences > rest / 12 || documents > rest / 8 || sequences * 12 + documents * 8 != rest) {
    return Wrong(absl::StrCat(sequences, " sequences of 12 bytes and ", documents,
                              " document bounds of 8 must be all that follows the header, which is ", rest, " bytes"));
  }
  if (sequences == 0) return Wrong("the index has no sequences");
  index.sequences = static_cast<int64_t>(sequences);
  index.documents = static_cast<int64_t>(documents);
  index.lengths = bytes.data() + kHeaderBytes;
  index.pointers = index.lengths + sequences * 4;
  index.bounds = index.pointers + sequences * 8;
  return index;
}

absl::Status CheckDocuments(const Index& index) {
  int64_t last = 0;
  for (int64_t i = 0; i < index.documents; ++i) {
    const int64_t bound = Load<int64_t>(index.bounds + i * 8);
    if (bound < last || bound > index.sequences || (i == 0 && bound != 0)) {
      return Wrong(absl::StrCat("document bound ", i, " is ", bound, ", but bounds rise from 0 to the number of ",
                                "sequences, ", index.sequences));
    }
    last = bound;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TokenLayout> LayoutOfMegatron(absl::Span<const std::byte> bytes, int64_t bin_bytes) {
  BATON_ASSIGN_OR_RETURN(const Index index, ReadHeader(bytes));
  BATON_RETURN_IF_ERROR(CheckDocuments(index));
  TokenLayout layout;
  layout.type = index.type;
  const int64_t size = BytesOf(index.type);
  const int64_t most = bin_bytes / size;
  for (int64_t i = 0; i < index.sequences; ++i) {
    const int64_t length = Load<int32_t>(index.lengths + i * 4);
    const int64_t pointer = Load<int64_t>(index.pointers + i * 8);
    const auto wrong = [&](const std::string& what) { return Wrong(absl::StrCat("sequence ", i, ": ", what)); };
    if (length < 0) return wrong(absl::StrCat("length ", length, " must be at least 0"));
    if (pointer < 0 || pointer % size != 0) {
      return wrong(absl::StrCat("pointer ", pointer, " must be a multiple of a token's ", size, " bytes, at least 0"));
    }
    if (length > most || pointer > bin_bytes - length * size) {
      return wrong(absl::StrCat(length, " tokens of ", size, " bytes from byte ", pointer,
                                " on reach beyond the .bin's ", bin_bytes, " bytes"));
    }
    if (length == 0) continue;
    if (length > most - layout.count) return wrong("overlaps another one");
    const bool goes_on = !layout.runs.empty() && layout.runs.back().offset + layout.runs.back().count * size == pointer;
    if (goes_on) {
      layout.runs.back().count += length;
    } else {
      layout.runs.push_back({pointer, layout.count, length});
    }
    layout.count += length;
  }
  if (layout.count * size != bin_bytes) {
    return Wrong(absl::StrCat("the index has ", layout.count, " tokens of ", size, " bytes, but the .bin has ",
                              bin_bytes, " bytes"));
  }
  if (layout.count == 0) return Wrong("the index has no tokens");
  return layout;
}

}  // namespace baton
