// Arrays of plain values as bytes, for messages between processes of one build on machines of one kind. Used by
// runtime/train and tools/baton.
#ifndef BATON_BASE_RAW_BYTES_H_
#define BATON_BASE_RAW_BYTES_H_

#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

namespace baton {

template <typename T>
std::string ToRawBytes(const std::vector<T>& values) {
  static_assert(std::is_trivially_copyable_v<T>);
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

// The whole values in `bytes`; a rest that is shorter than a value is left out.
template <typename T>
std::vector<T> FromRawBytes(const std::string& bytes) {
  static_assert(std::is_trivially_copyable_v<T>);
  std::vector<T> values(bytes.size() / sizeof(T));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
  return values;
}

}  // namespace baton

#endif  // BATON_BASE_RAW_BYTES_H_
