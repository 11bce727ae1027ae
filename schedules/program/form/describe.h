// Names operations in words, for messages, reports and traces.
#ifndef BATON_SCHEDULES_PROGRAM_FORM_DESCRIBE_H_
#define BATON_SCHEDULES_PROGRAM_FORM_DESCRIBE_H_

#include <string>

#include "schedules/program/instruction.h"

namespace baton {

// The chunk that the operation works for; -1 for AllReduce, which works for a group of them.
int ChunkOf(const Operation& operation);

// The micro-batch that the operation works for; -1 for AllReduce and Update, which run once a step.
int MicroBatchOf(const Operation& operation);

// Names such as `Forward chunk 2 micro-batch 5`, `Recv activation chunk 2 micro-batch 5 from device 1`,
// `AllReduce group 0` and `Update chunk 2`. Accepts numbers out of range.
std::string Describe(const Operation& operation);

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_FORM_DESCRIBE_H_
