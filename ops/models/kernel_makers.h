// Makes the kernels of products and of passes over memory, with the names that measured tables have. Used by kernels.cc
// and attention_kernels.cc.
#ifndef BATON_OPS_MODELS_KERNEL_MAKERS_H_
#define BATON_OPS_MODELS_KERNEL_MAKERS_H_

#include <cstdint>
#include <string>

#include "ops/models/kernels.h"
#include "ops/tensor/shape.h"

namespace baton {

// As "bf16".
std::string NameOfType(DataType type);

// A pass without a shape.
Kernel Pass(const std::string& name, const std::string& function, double flops, Bytes bytes);

// A pass whose function is `kind`, in lower case, with the shape of `tensor`. `pass`: "forward", "backward" or another.
Kernel PassOver(const std::string& name, const std::string& kind, const std::string& pass, const Shape& tensor,
                double flops, Bytes bytes);

// [m, k] · [k, n] of elements of `type`; the result has them too, or is added to one in f32.
Kernel Product(const std::string& name, double flops, int64_t m, int64_t n, int64_t k, DataType type, bool accumulates);

}  // namespace baton

#endif  // BATON_OPS_MODELS_KERNEL_MAKERS_H_
