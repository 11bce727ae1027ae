// The rules "ranges", "completeness", "transfers" and "deadlock": for each kind of violation a small bad program.
#include "schedules/validate/testing/bad_program.h"

namespace baton {
namespace {

TEST_CASE("rule ranges") {
  const BadProgram bads[] = {
      {"ranges", "2 chunks are on devices; there are 0 chunks", Whole, [](Patient& p) { p.program.num_chunks = 0; }},
      {"ranges", "micro-batches -1 must be from 1 to 1048576", Whole,
       [](Patient& p) { p.program.num_micro_batches = -1; }},
      {"ranges", "1 chunks are on devices; there are 2", Whole,
       [](Patient& p) { p.program.placement = ChunkPlacement::Of({0}); }},
      {"ranges", "chunk 1 is on device 2; there are 2", Whole,
       [](Patient& p) {
         p.program.placement = ChunkPlacement::Of({0, 2});
       }},
      {"ranges", "micro-batches 2147483647 must be from 1", Whole,
       [](Patient& p) { p.program.num_micro_batches = 2147483647; }},
      {"ranges", "instructions cannot pass 1000000 micro-batches", Whole,
       [](Patient& p) { p.program.num_micro_batches = 1000000; }},
      {"ranges", "reduce group 0: member 7 must be from 0 to 1", Whole,
       [](Patient& p) { p.program.reduce_groups[0].members[1] = 7; }},
      {"ranges", "reduce group 0: member 0 must be from 1 to 1", Whole,
       [](Patient& p) {
         p.program.reduce_groups[0].members = {1, 0};
       }},
      {"ranges", "reduce group 1: members: none", Whole,
       [](Patient& p) { p.program.reduce_groups[1].members.clear(); }},
      {"ranges", "reduce group 1: bytes -8 must be from 0", Whole,
       [](Patient& p) { p.program.reduce_groups[1].bytes = -8; }},
      {"ranges", "group 2 must be from 0 to 1", Whole,
       [](Patient& p) { std::get<AllReduce>(p.Code(0)[p.IndexOfReduce(0, 1)].operation).group = 2; }},
      {"ranges", "chunk -1 must be from 0 to 1", Whole, [](Patient& p) { p.Get<Forward>(0, 0, 0).chunk = -1; }},
      {"ranges", "micro_batch 4 must be from 0 to 3", Whole,
       [](Patient& p) { p.Get<Forward>(0, 0, 0).micro_batch = 4; }},
      {"ranges", "peer 0 must be another device", Whole, [](Patient& p) { p.Get<Send>(0, 0, 0).peer = 0; }},
      {"ranges", "peer -2 must be from 0 to 1", Whole, [](Patient& p) { p.Get<Recv>(0, 0, 0).peer = -2; }},
      {"ranges", "saved 99 must be from -1 to", Whole, [](Patient& p) { p.Get<Forward>(0, 0, 0).saved = 99; }},
      {"ranges", "saved -2 must be from -1 to", Whole, [](Patient& p) { p.Get<Forward>(0, 0, 0).saved = -2; }},
      {"ranges", "exceed the device's list", Whole, [](Patient& p) { p.Code(0)[2].first_wait = 0xffffffffu; }},
      {"ranges", "waits for instruction 2, which is not an earlier one", Whole,
       [](Patient& p) { p.program.devices[0].waits[p.Code(0)[2].first_wait] = 2; }},
      {"ranges", "waits for instruction -1, which", Whole,
       [](Patient& p) { p.program.devices[0].waits[p.Code(0)[2].first_wait] = -1; }},
  };
  for (const BadProgram& bad : bads) CheckFound(bad);
}

TEST_CASE("rule completeness") {
  const BadProgram bads[] = {
      {"completeness", "Forward chunk 1 micro-batch 2 is missing", Whole,
       [](Patient& p) { p.Remove(1, p.IndexOf<Forward>(1, 1, 2)); }},
      {"completeness", "Backward chunk 0 micro-batch 3 is missing", Whole,
       [](Patient& p) { p.Remove(0, p.IndexOf<Backward>(0, 0, 3)); }},
      {"completeness", "BackwardWeight chunk 3 micro-batch 1 is missing", Split,
       [](Patient& p) { p.Remove(0, p.IndexOf<BackwardWeight>(0, 3, 1)); }},
      {"completeness", "Load inputs chunk 0 micro-batch 1 is missing", Whole,
       [](Patient& p) { p.Remove(0, p.IndexOf<Load>(0, 0, 1)); }},
      {"completeness", "Load targets chunk 1 micro-batch 1 is missing", Whole,
       [](Patient& p) { p.Remove(1, p.IndexOf<Load>(1, 1, 1)); }},
      {"completeness", "is done twice, first by", Whole,
       [](Patient& p) { p.Insert(0, p.IndexOf<Forward>(0, 0, 1), p.Get<Forward>(0, 0, 1)); }},
      {"completeness", "is done twice, first by", Whole,
       [](Patient& p) { p.Insert(0, p.IndexOf<Backward>(0, 0, 1), p.Get<Backward>(0, 0, 1)); }},
      {"completeness", "is done twice, first by", Split,
       [](Patient& p) { p.Insert(0, p.IndexOf<BackwardInput>(0, 0, 1), p.Get<BackwardInput>(0, 0, 1)); }},
      {"completeness", "is done twice, first by", Split,
       [](Patient& p) { p.Insert(0, p.IndexOf<BackwardWeight>(0, 0, 1), p.Get<BackwardWeight>(0, 0, 1)); }},
      {"completeness", "is done twice, first by", Whole,
       [](Patient& p) { p.Insert(0, p.IndexOf<Load>(0, 0, 1), p.Get<Load>(0, 0, 1)); }},
      {"completeness", "is done twice, first by", Whole,
       [](Patient& p) { p.Insert(0, static_cast<int>(p.Code(0).size()), Update{0}); }},
      {"completeness", "is on device 0; its chunk is on device 1", Whole,
       [](Patient& p) {
         p.Insert(0, 0, Load{1, 0, DataKind::kTargets, 0});
       }},
      {"completeness", "is for a chunk that reads no such data", Whole,
       [](Patient& p) { p.Get<Load>(0, 0, 0).kind = DataKind::kTargets; }},
      {"completeness", "comes before its Forward", Whole, [](Patient& p) { p.Insert(0, 0, p.Get<Backward>(0, 0, 0)); }},
      {"completeness", "comes before its BackwardInput", Split,
       [](Patient& p) { p.Insert(0, p.IndexOf<BackwardInput>(0, 3, 0), p.Get<BackwardWeight>(0, 3, 0)); }},
      {"completeness", "adds to gradients after micro-batch 3", Whole,
       [](Patient& p) {
         std::swap(p.Get<Backward>(0, 0, 2).micro_batch, p.Get<Backward>(0, 0, 3).micro_batch);
         p.Get<Backward>(0, 0, 3).micro_batch = 3;
       }},
      {"completeness", "adds to gradients after micro-batch 2", Split,
       [](Patient& p) {
         Operation& first = p.Code(0)[p.IndexOf<BackwardWeight>(0, 0, 1)].operation;
         Operation& second = p.Code(0)[p.IndexOf<BackwardWeight>(0, 0, 2)].operation;
         std::swap(first, second);
       }},
      {"completeness", "comes after the AllReduce at instruction", Whole,
       [](Patient& p) { p.Insert(0, p.IndexOfReduce(0, 1) + 1, p.Get<Backward>(0, 0, 3)); }},
      {"completeness", "comes after the Update at instruction", Whole,
       [](Patient& p) { p.Insert(0, static_cast<int>(p.Code(0).size()), p.Get<Forward>(0, 0, 3)); }},
      {"completeness", "comes after the Update at instruction", Whole,
       [](Patient& p) { std::swap(p.Code(0).back().operation, p.Code(0)[p.Code(0).size() - 2].operation); }},
      {"completeness", "AllReduce group 0 is missing", Whole, [](Patient& p) { p.Remove(0, p.IndexOfReduce(0, 0)); }},
      {"completeness", "is done twice on this device", Whole,
       [](Patient& p) { p.Insert(0, p.IndexOfReduce(0, 0), AllReduce{0}); }},
      {"completeness", "is on a device that has no member of the group", Whole,
       [](Patient& p) { p.program.reduce_groups[0].members = {0}; }},
      {"completeness", "Update chunk 1 is missing", Whole, [](Patient& p) { p.Code(1).pop_back(); }},
      {"completeness", "is a backward in a forward-only program", Whole,
       [](Patient& p) { p.program.forward_only = true; }},
      {"completeness", "is an AllReduce in a forward-only program", Whole,
       [](Patient& p) { p.program.forward_only = true; }},
      {"completeness", "is an Update in a forward-only program", Evaluation,
       [](Patient& p) { p.Insert(0, static_cast<int>(p.Code(0).size()), Update{0}); }},
      {"completeness", "Backward chunk 0 micro-batch 0 is missing", Evaluation,
       [](Patient& p) {
         p.program.forward_only = false;
         for (DeviceProgram& code : p.program.devices) {
           code.chunks[0].gradients_offset = code.chunks[0].optimizer_offset = 0;
         }
       }},
  };
  for (const BadProgram& bad : bads) CheckFound(bad);
}

TEST_CASE("rule transfers") {
  const BadProgram bads[] = {
      {"transfers", "is matched by no Recv; device 1 has 3 from here", Whole,
       [](Patient& p) { p.Remove(1, p.IndexOf<Recv>(1, 1, 1)); }},
      {"transfers", "is matched by no Send; device 0 has 3 to here", Whole,
       [](Patient& p) { p.Remove(0, p.IndexOf<Send>(0, 0, 1)); }},
      {"transfers", "Send activation chunk 0 micro-batch 1 to device 1 is missing", Whole,
       [](Patient& p) { p.Remove(0, p.IndexOf<Send>(0, 0, 1)); }},
      {"transfers", "Send gradient chunk 1 micro-batch 1 to device 0 is missing", Whole,
       [](Patient& p) { p.Remove(1, p.IndexOf<Send>(1, 1, 1)); }},
      {"transfers", "is matched to device 0 instruction", Whole,
       [](Patient& p) { p.Get<Recv>(1, 1, 0).micro_batch = 1; }},
      {"transfers", "is matched to device 0 instruction", Whole, [](Patient& p) { p.Get<Recv>(1, 1, 0).chunk = 0; }},
      {"transfers", "is matched to device 0 instruction", Whole,
       [](Patient& p) { p.Get<Recv>(1, 1, 0).payload = Payload::kGradient; }},
      {"transfers", ", which sends 512 bytes into 256", Whole,
       [](Patient& p) { p.SlotOf(0, p.Get<Send>(0, 0, 0).slot).bytes = 512; }},
      {"transfers", "is sent twice", Whole,
       [](Patient& p) { p.Insert(0, p.IndexOf<Send>(0, 0, 0), p.Get<Send>(0, 0, 0)); }},
      {"transfers", "is of a chunk on device 1", Whole,
       [](Patient& p) {
         p.Insert(0, 5, Send{1, 0, Payload::kGradient, 1, 0});
       }},
      {"transfers", "goes to a device that does not need it; device 0 does", Whole,
       [](Patient& p) {
         p.Insert(0, 5, Send{1, 0, Payload::kGradient, 1, 0});
       }},
      {"transfers", "is not needed by any other device", Whole,
       [](Patient& p) {
         p.Insert(0, 5, Send{0, 0, Payload::kGradient, 1, 0});
       }},
      {"transfers", "is not needed by any other device", Split,
       [](Patient& p) {
         p.Insert(1, p.IndexOf<Forward>(1, 1, 0) + 1, Send{1, 0, Payload::kActivation, 0, 0});
       }},
      {"transfers", "is not needed by any other device", Evaluation,
       [](Patient& p) {
         p.Insert(1, p.IndexOf<Forward>(1, 1, 0) + 1, Send{1, 0, Payload::kGradient, 0, 0});
       }},
  };
  for (const BadProgram& bad : bads) CheckFound(bad);
}

TEST_CASE("rule deadlock") {
  const BadProgram bads[] = {
      // Device 0 receives the gradient of micro-batch 0 before it sends the activation of micro-batch 0.
      {"deadlock", "instructions wait for each other in a cycle: device 0 instruction", Whole,
       [](Patient& p) {
         const int recv = p.IndexOf<Recv>(0, 0, 0);
         const int forward = p.IndexOf<Forward>(0, 0, 0);
         const Recv moved = p.Get<Recv>(0, 0, 0);
         p.Remove(0, recv);
         p.Insert(0, forward, moved);
         p.Wait(0, forward + 1, forward);
       }},
      {"deadlock", "(Recv activation chunk 1 micro-batch 3 from device 0) is never matched by device 0", Whole,
       [](Patient& p) { p.Remove(0, p.IndexOf<Send>(0, 0, 0)); }},
      {"deadlock", "(AllReduce group 0) waits for device 1, which never takes part", Whole,
       [](Patient& p) {
         for (int group : {0, 1}) p.Remove(1, p.IndexOfReduce(1, group));
       }},
      {"deadlock", "(AllReduce group 0) to take part; device 1", Whole,
       [](Patient& p) {
         std::swap(p.Code(1)[p.IndexOfReduce(1, 0)].operation, p.Code(1)[p.IndexOfReduce(1, 1)].operation);
       }},
  };
  for (const BadProgram& bad : bads) CheckFound(bad);
}

}  // namespace
}  // namespace baton
