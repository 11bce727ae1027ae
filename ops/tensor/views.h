// Typed views of untyped buffers. Used by the backends.
#ifndef BATON_OPS_TENSOR_VIEWS_H_
#define BATON_OPS_TENSOR_VIEWS_H_

#include <cstddef>
#include <cstdint>

namespace baton {

// A buffer as f32. It must be aligned to 4 bytes.
inline float* Floats(std::byte* bytes) { return reinterpret_cast<float*>(bytes); }
inline const float* Floats(const std::byte* bytes) { return reinterpret_cast<const float*>(bytes); }

// A buffer as i32 ids of tokens or classes. It must be aligned to 4 bytes.
inline int32_t* Ids(std::byte* bytes) { return reinterpret_cast<int32_t*>(bytes); }
inline const int32_t* Ids(const std::byte* bytes) { return reinterpret_cast<const int32_t*>(bytes); }

}  // namespace baton

#endif  // BATON_OPS_TENSOR_VIEWS_H_
