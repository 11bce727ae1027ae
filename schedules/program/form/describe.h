// An operation as words, for messages, reports and traces. Used wherever an instruction is named to a person.
#ifndef BATON_SCHEDULES_PROGRAM_FORM_DESCRIBE_H_
#define BATON_SCHEDULES_PROGRAM_FORM_DESCRIBE_H_

#include <string>

#include "schedules/program/instruction.h"

namespace baton {

// The chunk that the operation works for; -1 for AllReduce, which works for a group of them.
int ChunkOf(const Operation& operation);

// The micro-batch that the operation works for; -1 for AllReduce and Update, which come once a step.
int MicroBatchOf(const Operation& operation);

// As `Forward chunk 2 micro-batch 5`, `Recv activation chunk 2 micro-batch 5 from device 1`, `AllReduce group 0`,
// `Update chunk 2`. Numbers are printed as they are, also out of range ones.
std::string Describe(const Operation& operation);

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_FORM_DESCRIBE_H_
