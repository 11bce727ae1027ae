// Patches of images, positions of rows, the first row of a sequence, and columns of rows. Used only by HostBackend.
#ifndef BATON_OPS_HOST_ROWS_H_
#define BATON_OPS_HOST_ROWS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "ops/layers/layer.h"
#include "ops/layers/spec.h"

namespace baton {

// Errors: PatchesInfo's, PositionsInfo's, FirstRowInfo's and ColumnsInfo's.
absl::StatusOr<std::unique_ptr<Layer>> CreateHostPatches(const PatchesSpec& spec, const Shape& input);
absl::StatusOr<std::unique_ptr<Layer>> CreateHostPositions(const PositionsSpec& spec, const Shape& input);
absl::StatusOr<std::unique_ptr<Layer>> CreateHostFirstRow(const FirstRowSpec& spec, const Shape& input);
absl::StatusOr<std::unique_ptr<Layer>> CreateHostColumns(const ColumnsSpec& spec, const Shape& input);

}  // namespace baton

#endif  // BATON_OPS_HOST_ROWS_H_
