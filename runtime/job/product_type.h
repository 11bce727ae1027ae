// The type of a job's matrix products, by which a known device has rates. Used by predictions and by the metrics of
// training.
#ifndef BATON_RUNTIME_JOB_PRODUCT_TYPE_H_
#define BATON_RUNTIME_JOB_PRODUCT_TYPE_H_

#include "proto/job.pb.h"
#include "schedules/costs/known_devices.h"

namespace baton {

// Attention in f32 multiplies in f32 by either of the two precisions that have it.
inline ProductType ProductTypeOf(proto::Devices::Precision precision) {
  if (precision == proto::Devices::FLOAT32) return ProductType::kFloat32;
  return precision == proto::Devices::TF32 ? ProductType::kTensorFloat32 : ProductType::kBFloat16;
}

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_PRODUCT_TYPE_H_
