// The types of numbers in files of tokens. Used by the readers of token files.
#ifndef BATON_RUNTIME_DATA_TOKENS_ID_TYPE_H_
#define BATON_RUNTIME_DATA_TOKENS_ID_TYPE_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace baton {

enum class IdType { kUint8, kInt8, kUint16, kInt16, kUint32, kInt32, kInt64 };

// Calls `f` with a number of the type.
template <typename F>
auto WithIdType(IdType type, F&& f) {
  switch (type) {
    case IdType::kUint8:
      return f(uint8_t{});
    case IdType::kInt8:
      return f(int8_t{});
    case IdType::kUint16:
      return f(uint16_t{});
    case IdType::kInt16:
      return f(int16_t{});
    case IdType::kUint32:
      return f(uint32_t{});
    case IdType::kInt32:
      return f(int32_t{});
    case IdType::kInt64:
      break;
  }
  return f(int64_t{});
}

inline int64_t BytesOf(IdType type) {
  return WithIdType(type, [](auto zero) { return static_cast<int64_t>(sizeof(zero)); });
}

// The little-endian number at `data`, which need not be aligned.
template <typename T>
T Load(const std::byte* data) {
  T value;
  std::memcpy(&value, data, sizeof(value));
  return value;
}

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_TOKENS_ID_TYPE_H_
