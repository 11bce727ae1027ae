// Prints a program for people. Used by `baton compile`, goldens and messages. proto_form.h has the text form that can
// be read back.
//
//   program "1f1b": 2 chunks, 2 devices, 4 micro-batches
//     chunks on devices 0 1
//     reduce gradient_norm "": members 0 1, 64 bytes
//
//   device 0: 23 instructions, 9 slots, arena 1258304 bytes (1.2 MiB), workspace 4096 bytes at 12288
//     chunk 0: parameters 64 bytes at 0, gradients at 64, optimizer 128 bytes at 128
//     slot %0: input, 65536 bytes at 1024
//     …
//        0  load inputs      c0 m0  → %0
//        1  forward          c0 m0  input %0 → output %3 saved %4 saved_weight %5
//        2  send activation  c0 m0  %3  device 1  after 1
//     …
//
// cN is a chunk, mN a micro-batch, %N a slot. Slots before the arrow are read, slots after it are written; kNoSlot is
// not listed. `after` lists the instructions of the same device that the instruction waits for. With several replicas,
// `chunks on devices` describes replica 0. Each other replica has a line for the chunks that it does not share, such as
// `replica 1: chunk 0 on device 2, chunk 2 on device 0`.
#ifndef BATON_SCHEDULES_PROGRAM_FORM_TEXT_H_
#define BATON_SCHEDULES_PROGRAM_FORM_TEXT_H_

#include <string>

#include "schedules/program/program.h"

namespace baton {

// Prints one instruction of `device` without its index, such as "send activation  c0 m0  %3  device 1  after 1".
std::string PrintInstruction(const DeviceProgram& device, const Instruction& instruction);

// Prints the whole program. Expects a program that passes CheckStructure.
std::string PrintProgram(const Program& program);

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_FORM_TEXT_H_
