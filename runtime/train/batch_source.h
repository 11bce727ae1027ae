// Where a stage module's Load gets its data. Implemented by batches.h.
#ifndef BATON_RUNTIME_TRAIN_BATCH_SOURCE_H_
#define BATON_RUNTIME_TRAIN_BATCH_SOURCE_H_

#include <cstddef>

#include "base/units.h"
#include "schedules/program/instruction.h"

namespace baton {

// Thread contract: any thread, several at once.
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  // Writes BytesOf(kind) bytes to `slot`.
  virtual void Fill(DataKind kind, int micro_batch, std::byte* slot) const = 0;
  // The bytes of one micro-batch.
  virtual Bytes BytesOf(DataKind kind) const = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_BATCH_SOURCE_H_
