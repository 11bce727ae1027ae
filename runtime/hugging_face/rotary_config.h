// Rotary positions in config.json. Used by llama.cc.
#ifndef BATON_RUNTIME_HUGGING_FACE_ROTARY_CONFIG_H_
#define BATON_RUNTIME_HUGGING_FACE_ROTARY_CONFIG_H_

#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "proto/job.pb.h"
#include "runtime/hugging_face/config_fields.h"

namespace baton {

// Reads rope_theta and rope_scaling, or rope_parameters: the types default, linear, llama3 and yarn. `positions`:
// max_position_embeddings. Errors: InvalidArgument with the field, its value and what is allowed.
absl::Status ReadRotary(const ConfigFields& fields, double positions, proto::Rotary& rotary);

// Sets what rope_scaling says of resolved rotary positions; null stays if nothing is stretched.
void WriteStretch(const proto::Rotary& rotary, nlohmann::json& scaling);

}  // namespace baton

#endif  // BATON_RUNTIME_HUGGING_FACE_ROTARY_CONFIG_H_
