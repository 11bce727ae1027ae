// The names that safetensors gives to Baton's data types. Used by the reader and the writer of safetensors.h.
#ifndef BATON_RUNTIME_CHECKPOINT_DTYPE_H_
#define BATON_RUNTIME_CHECKPOINT_DTYPE_H_

#include "ops/tensor/shape.h"

namespace baton {

inline const char* DtypeOf(DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return "F32";
    case DataType::kFloat64:
      return "F64";
    case DataType::kInt32:
      return "I32";
    case DataType::kBFloat16:
      return "BF16";
  }
  return "";
}

}  // namespace baton

#endif  // BATON_RUNTIME_CHECKPOINT_DTYPE_H_
