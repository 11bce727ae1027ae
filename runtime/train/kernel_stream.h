// The stream of a device as kernels take it. Used by the stage modules of real layers.
#ifndef BATON_RUNTIME_TRAIN_KERNEL_STREAM_H_
#define BATON_RUNTIME_TRAIN_KERNEL_STREAM_H_

#include "ops/layers/layer.h"
#include "runtime/device/device.h"

namespace baton {

inline KernelStream ToKernelStream(Stream& stream) { return {stream.native_handle()}; }

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_KERNEL_STREAM_H_
