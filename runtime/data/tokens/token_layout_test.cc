// Sound and malformed headers and indexes.
#include "runtime/data/tokens/token_layout.h"

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

namespace baton {
namespace {

absl::Span<const std::byte> BytesOf(const std::string& text) {
  return absl::MakeConstSpan(reinterpret_cast<const std::byte*>(text.data()), text.size());
}

template <typename T>
std::string Raw(T value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
}

std::string Llmc(int32_t magic, int32_t version, int32_t count, size_t body_bytes) {
  std::string file = Raw(magic) + Raw(version) + Raw(count);
  file.resize(1024 + body_bytes);
  return file;
}

// An index of 3 sequences of 16-bit tokens in a .bin of 20 bytes, whose parts a test may change.
struct Index {
  std::string magic = std::string("MMIDIDX\0\0", 9);
  uint64_t version = 1;
  uint8_t type = 8;
  std::vector<int32_t> lengths = {4, 1, 5};
  std::vector<int64_t> pointers = {0, 8, 10};
  std::vector<int64_t> bounds = {0, 1, 3};
  std::optional<uint64_t> sequences, documents;
  int64_t bin_bytes = 20;
  size_t cut = 0;      // bytes missing at the end
  std::string behind;  // bytes after the end

  absl::StatusOr<TokenLayout> Layout() const {
    std::string file = magic + Raw(version) + Raw(type) + Raw(sequences.value_or(lengths.size())) +
                       Raw(documents.value_or(bounds.size()));
    for (const int32_t each : lengths) file += Raw(each);
    for (const int64_t each : pointers) file += Raw(each);
    for (const int64_t each : bounds) file += Raw(each);
    file.resize(file.size() - cut);
    file += behind;
    return LayoutOfMegatron(BytesOf(file), bin_bytes);
  }
};

TEST_CASE("files without a header") {
  const auto layout = LayoutOfUint16(10);
  REQUIRE(layout.ok());
  CHECK(layout->count == 5);
  CHECK(LayoutOfUint16(0).status().message() == "the file is empty");
  CHECK(LayoutOfUint16(201).status().message() == "201 bytes are no whole number of 16-bit tokens");
}

TEST_CASE("llm.c's headers") {
  const auto narrow = LayoutOfLlmc(BytesOf(Llmc(20240520, 1, 3, 6)));
  REQUIRE(narrow.ok());
  CHECK(narrow->type == IdType::kUint16);
  CHECK(narrow->count == 3);
  REQUIRE(narrow->runs.size() == 1);
  CHECK(narrow->runs[0].offset == 1024);
  const auto wide = LayoutOfLlmc(BytesOf(Llmc(20240801, 7, 3, 12)));
  REQUIRE(wide.ok());
  CHECK(wide->type == IdType::kUint32);
  const auto message = [](const std::string& file) {
    return std::string(LayoutOfLlmc(BytesOf(file)).status().message());
  };
  CHECK(message("") == "llm.c's header has 1024 bytes, but the file has 0");
  CHECK(message(Llmc(20240520, 1, 3, 6).substr(0, 1000)) == "llm.c's header has 1024 bytes, but the file has 1000");
  CHECK(message(Llmc(20240521, 1, 3, 6)) == "magic number 20240521 is neither 20240520 nor 20240801, those of llm.c");
  CHECK(message(Llmc(20240520, 2, 3, 6)) == "version 2 must be 1 for the magic number 20240520");
  CHECK(message(Llmc(20240520, 7, 3, 6)) == "version 7 must be 1 for the magic number 20240520");
  CHECK(message(Llmc(20240801, 1, 3, 12)) == "version 1 must be 7 for the magic number 20240801");
  for (const int32_t count : {0, -1}) {
    CHECK(message(Llmc(20240520, 1, count, 0)) ==
          "the header's " + std::to_string(count) + " tokens must be at least 1");
  }
  for (const int32_t count : {2, 4, 1000, 2147483647}) {
    CHECK(message(Llmc(20240520, 1, count, 6)) ==
          "the header's " + std::to_string(count) + " tokens of 2 bytes must be all that follows it, which is 6 bytes");
  }
  CHECK_FALSE(LayoutOfLlmc(BytesOf(Llmc(20240520, 1, 3, 5))).ok());
  CHECK_FALSE(LayoutOfLlmc(BytesOf(Llmc(20240801, 7, 3, 6))).ok());
}

TEST_CASE("an index gives the runs of its sequences") {
  const auto layout = Index().Layout();
  REQUIRE(layout.ok());
  CHECK(layout->type == IdType::kUint16);
  CHECK(layout->count == 10);
  CHECK(layout->runs.size() == 1);
  Index turned;
  turned.pointers = {10, 18, 0};  // 4 tokens, 1 and 5
  turned.bin_bytes = 20;
  const auto runs = turned.Layout();
  REQUIRE(runs.ok());
  REQUIRE(runs->runs.size() == 2);
  CHECK(runs->runs[0].offset == 10);
  CHECK(runs->runs[0].count == 5);
  CHECK(runs->runs[1].offset == 0);
  CHECK(runs->runs[1].first == 5);
  Index empty;
  empty.lengths = {10, 0, 0};
  empty.pointers = {0, 20, 20};
  CHECK(empty.Layout().ok());
}

TEST_CASE("types of an index") {
  struct Case {
    int code;
    IdType type;
    int64_t bytes;
  };
  for (const Case& each : {Case{1, IdType::kUint8, 1}, Case{2, IdType::kInt8, 1}, Case{3, IdType::kInt16, 2},
                           Case{4, IdType::kInt32, 4}, Case{5, IdType::kInt64, 8}, Case{8, IdType::kUint16, 2}}) {
    Index index;
    index.type = static_cast<uint8_t>(each.code);
    index.pointers = {0, 4 * each.bytes, 5 * each.bytes};
    index.bin_bytes = 10 * each.bytes;
    const auto layout = index.Layout();
    REQUIRE(layout.ok());
    CHECK(layout->type == each.type);
  }
  for (const int code : {0, 9, 99}) {
    Index index;
    index.type = static_cast<uint8_t>(code);
    CHECK(index.Layout().status().message() ==
          "type code " + std::to_string(code) + " is none of 1 to 5 and 8, those of whole numbers");
  }
  for (const int code : {6, 7}) {
    Index index;
    index.type = static_cast<uint8_t>(code);
    CHECK(index.Layout().status().message() ==
          "type code " + std::to_string(code) + " is of floating-point numbers, which are no tokens");
  }
}

std::string MessageOf(void (*change)(Index&)) {
  Index index;
  change(index);
  return std::string(index.Layout().status().message());
}

TEST_CASE("malformed headers of an index") {
  CHECK(MessageOf([](Index& i) { i.magic = std::string("TNTIDX\0\0", 8); }) ==
        "the index is of Megatron's older form (TNTIDX), not of MMIDIDX");
  CHECK(MessageOf([](Index& i) { i.magic[0] = 'X'; }) == "the index does not begin with MMIDIDX and two zero bytes");
  CHECK(MessageOf([](Index& i) { i.version = 2; }) == "version 2 of the index must be 1");
  CHECK(MessageOf([](Index& i) { i.sequences = uint64_t{1} << 63; }) ==
        "9223372036854775808 sequences of 12 bytes and 3 document bounds of 8 must be all that follows the header, "
        "which is 60 bytes");
  CHECK(MessageOf([](Index& i) {
          i.sequences = i.documents = 0;
          i.lengths = {};
          i.pointers = i.bounds = {};
        }) == "the index has no sequences");
  const std::string rest = "must be all that follows the header";
  for (const auto change :
       {+[](Index& i) { i.sequences = uint64_t{1} << 62; }, +[](Index& i) { i.sequences = 4; },
        +[](Index& i) { i.documents = uint64_t{1} << 63; }, +[](Index& i) { i.cut = 1; }, +[](Index& i) { i.cut = 25; },
        +[](Index& i) { i.cut = 60; }, +[](Index& i) { i.behind = "12345678"; }}) {
    CHECK_THAT(MessageOf(change), Catch::Contains(rest));
  }
  CHECK(MessageOf([](Index& i) { i.cut = 61; }) == "the index ends inside its header: 33 of 34 bytes");
  CHECK_FALSE(LayoutOfMegatron(BytesOf(""), 20).ok());
  CHECK_FALSE(LayoutOfMegatron(BytesOf("MMID"), 20).ok());
}

TEST_CASE("malformed sequences and documents of an index") {
  CHECK(MessageOf([](Index& i) { i.lengths[1] = -1; }) == "sequence 1: length -1 must be at least 0");
  CHECK(MessageOf([](Index& i) { i.lengths[2] = 6; }) ==
        "sequence 2: 6 tokens of 2 bytes from byte 10 on reach beyond the .bin's 20 bytes");
  CHECK(MessageOf([](Index& i) { i.lengths[0] = 2147483647; }) ==
        "sequence 0: 2147483647 tokens of 2 bytes from byte 0 on reach beyond the .bin's 20 bytes");
  CHECK(MessageOf([](Index& i) { i.pointers[1] = -2; }) ==
        "sequence 1: pointer -2 must be a multiple of a token's 2 bytes, at least 0");
  CHECK(MessageOf([](Index& i) { i.pointers[1] = 7; }) ==
        "sequence 1: pointer 7 must be a multiple of a token's 2 bytes, at least 0");
  for (const auto change : {+[](Index& i) { i.pointers[2] = int64_t{1} << 40; },
                            +[](Index& i) { i.pointers[2] = INT64_MAX - 1; }}) {
    CHECK_THAT(MessageOf(change), Catch::Contains("reach beyond the .bin's 20 bytes"));
  }
  CHECK(MessageOf([](Index& i) { i.lengths = {4, 2, 5}; }) == "sequence 2: overlaps another one");
  CHECK(MessageOf([](Index& i) { i.bin_bytes = 22; }) ==
        "the index has 10 tokens of 2 bytes, but the .bin has 22 bytes");
  CHECK_FALSE(MessageOf([](Index& i) { i.bin_bytes = 19; }).empty());
  CHECK_FALSE(MessageOf([](Index& i) { i.bin_bytes = 0; }).empty());
  const std::string bounds = ", but bounds rise from 0 to the number of sequences, 3";
  CHECK(MessageOf([](Index& i) { i.bounds[2] = 4; }) == "document bound 2 is 4" + bounds);
  CHECK(MessageOf([](Index& i) { i.bounds[1] = -1; }) == "document bound 1 is -1" + bounds);
  CHECK(MessageOf([](Index& i) { i.bounds[0] = 1; }) == "document bound 0 is 1" + bounds);
  CHECK(MessageOf([](Index& i) { i.bounds = {0, 2, 1, 3}; }) == "document bound 2 is 1" + bounds);
}

}  // namespace
}  // namespace baton
