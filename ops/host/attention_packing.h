// Copies of one head's rows in the order in which products read them. Used only by attention.cc.
//
// Rows of a head are `width` channels, `stride` elements apart. Packed rows have PackedWidth(width) channels and follow
// one another; the channels beyond `width` are zeros.
#ifndef BATON_OPS_HOST_ATTENTION_PACKING_H_
#define BATON_OPS_HOST_ATTENTION_PACKING_H_

#include "ops/host/attention_blocks.h"

namespace baton {

constexpr int64_t PackedWidth(int64_t width) { return RoundUpToVector(width); }
// Elements of PackPanels' result.
constexpr int64_t PanelElements(int64_t keys, int64_t width) { return RoundUp(keys, kKeysPerPanel) * width; }

// packed ← scale · rows. rows: [count, width]; packed: [count, PackedWidth(width)].
void PackRows(int64_t count, int64_t width, int64_t stride, float scale, const float* rows, float* packed);

// Transposes keys in panels: panels[key / kKeysPerPanel][channel][key % kKeysPerPanel]. Keys beyond `keys` are zeros.
void PackPanels(int64_t keys, int64_t width, int64_t stride, const float* rows, float* panels);

// rows[i] ← factors[i] · packed[i], or packed[i] if `factors` is null.
void UnpackRows(int64_t count, int64_t width, int64_t stride, const float* factors, const float* packed, float* rows);

}  // namespace baton

#endif  // BATON_OPS_HOST_ATTENTION_PACKING_H_
