// The rules "slots" and "memory": for each kind of violation a small bad program.
#include "schedules/validate/testing/bad_program.h"

namespace baton {
namespace {

TEST_CASE("rule slots") {
  const BadProgram bads[] = {
      {"slots", "which no instruction wrote", Whole, [](Patient& p) { p.Remove(0, p.IndexOf<Load>(0, 0, 0)); }},
      {"slots", "reads the saved of chunk 0 micro-batch 0 from slot", Whole,
       [](Patient& p) { p.Get<Forward>(0, 0, 1).saved = p.Get<Forward>(0, 0, 0).saved; }},
      {"slots", "reads the input of chunk 0 micro-batch 0 from slot", Whole,
       [](Patient& p) { p.Get<Load>(0, 0, 1).slot = p.Get<Load>(0, 0, 0).slot; }},
      {"slots", "reads the input of chunk 1 micro-batch 0 from slot", Whole,
       [](Patient& p) { p.Get<Send>(0, 0, 0).slot = p.Get<Send>(0, 0, 1).slot; }},
      {"slots", "reads the stash of chunk 0 micro-batch 1 from slot", Split,
       [](Patient& p) { p.Remove(0, p.IndexOf<BackwardInput>(0, 0, 1)); }},
      {"slots", "has no slot for the output gradient of chunk 0 micro-batch 0", Whole,
       [](Patient& p) { p.Get<Backward>(0, 0, 0).grad_output = kNoSlot; }},
      {"slots", "for the input gradient of chunk 0 micro-batch 0, which does not exist", Whole,
       [](Patient& p) { p.Get<Backward>(0, 0, 0).grad_input = 0; }},
      {"slots", "for the targets of chunk 0 micro-batch 0, which does not exist", Whole,
       [](Patient& p) { p.Get<Forward>(0, 0, 0).targets = 0; }},
      {"slots", "is of the wrong kind for the saved of chunk 0", Whole,
       [](Patient& p) { p.SlotOf(0, p.Get<Forward>(0, 0, 0).saved).kind = SlotKind::kStash; }},
      {"slots", "is of the wrong kind for the output of chunk 1", Split,
       [](Patient& p) { p.SlotOf(1, p.Get<Forward>(1, 1, 0).output).kind = SlotKind::kOutput; }},
      {"slots", "takes 512 elsewhere", Whole,
       [](Patient& p) { p.SlotOf(0, p.Get<Forward>(0, 0, 1).saved).bytes = 64; }},
      {"slots", "while using it for something else", Split,
       [](Patient& p) { p.Get<Forward>(1, 1, 0).output = p.Get<Forward>(1, 1, 0).input; }},
      // The same, but no later instruction reads the input: only the aliasing is wrong.
      {"slots", "while using it for something else",
       [] {
         return Patient{MustLower(ForwardOnly(*MakeOrder("gpipe", {1, 2, 2})))};
       },
       [](Patient& p) { p.Get<Forward>(0, 1, 0).input = p.Get<Forward>(0, 0, 0).output = p.Get<Load>(0, 0, 0).slot; }},
      // Waits that suffice only on lanes which run in issue order.
      {"slots", "reads slot 0 without waiting for instruction 0", Whole,
       [](Patient& p) { p.ClearWaits(1, p.IndexOf<Forward>(1, 1, 0)); }},
      {"slots", "without waiting for instruction 1 (Forward chunk 0 micro-batch 0), which fills it", Whole,
       [](Patient& p) { p.ClearWaits(0, p.IndexOf<Send>(0, 0, 0)); }},
      {"slots", "(Send activation chunk 0 micro-batch 0 to device 1), which uses it", Whole,
       [](Patient& p) {
         const SlotId slot = p.Get<Forward>(0, 0, 0).output;
         for (int micro_batch = 1; micro_batch < 4; ++micro_batch) {
           p.Get<Forward>(0, 0, micro_batch).output = p.Get<Send>(0, 0, micro_batch).slot = slot;
         }
       }},
      {"slots", "(Backward chunk 0 micro-batch 0), the last to use it", Whole,
       [](Patient& p) {
         const SlotId slot = p.Get<Recv>(0, 0, 0).slot;
         for (int micro_batch = 1; micro_batch < 4; ++micro_batch) {
           p.Get<Recv>(0, 0, micro_batch).slot = p.Get<Backward>(0, 0, micro_batch).grad_output = slot;
         }
         p.ClearWaits(0, p.IndexOf<Recv>(0, 0, 1));
       }},
      {"slots", "(Recv gradient chunk 0 micro-batch 0 from device 1), which uses it", Whole,
       [](Patient& p) { p.Insert(0, p.IndexOf<Recv>(0, 0, 0) + 1, p.Get<Recv>(0, 0, 0)); }},
      // An instruction waits for the first Recv, but the second Recv does not follow that instruction.
      {"slots", "without waiting for instruction 1 (Recv activation chunk 1 micro-batch 0 from device 0), which uses",
       Whole,
       [](Patient& p) {
         const Recv recv = p.Get<Recv>(1, 1, 0);
         const Load load = p.Get<Load>(1, 1, 0);
         p.Insert(1, 0, load);
         p.Insert(1, 1, recv);
         p.Insert(1, 2, load);
         p.Insert(1, 3, recv);
         p.Wait(1, 2, 1);
         p.Wait(1, 3, 0);
       }},
  };
  for (const BadProgram& bad : bads) CheckFound(bad);
}

TEST_CASE("rule memory") {
  const BadProgram bads[] = {
      {"ranges", "slot 1 at offset", Whole, [](Patient& p) { p.SlotOf(0, 1).bytes = -1; }},
      {"ranges", "is outside the arena", Whole, [](Patient& p) { p.program.devices[0].arena_bytes -= 64; }},
      {"ranges", "is outside the arena", Whole, [](Patient& p) { p.SlotOf(0, 0).offset = -64; }},
      {"ranges", "is outside the arena", Whole,
       [](Patient& p) { p.SlotOf(0, 0).offset = int64_t{0x7fffffffffffffc0}; }},
      {"memory", "is not aligned to 64", Whole, [](Patient& p) { p.SlotOf(0, 0).offset += 8; }},
      {"memory", "slot 2 at", Whole, [](Patient& p) { p.SlotOf(0, 2).offset = p.SlotOf(0, 1).offset; }},
      {"memory", "overlaps parameters of chunk 0", Whole,
       [](Patient& p) { p.program.devices[0].workspace_offset = 0; }},
      {"memory", "optimizer state of chunk 1 at", Whole,
       [](Patient& p) {
         ChunkMemory& memory = p.program.devices[1].chunks[0];
         memory.optimizer_offset = memory.gradients_offset;
       }},
      {"ranges", "gradients of chunk 0 at offset -1", Whole,
       [](Patient& p) { p.program.devices[0].chunks[0].gradients_offset = kNoOffset; }},
      {"memory", "chunk 0 has no memory", Whole, [](Patient& p) { p.program.devices[0].chunks.clear(); }},
      {"ranges", "memory of chunk 1, which is not on this device", Whole,
       [](Patient& p) { p.program.devices[0].chunks[0].chunk = 1; }},
      {"memory", "chunk 0 is listed after 3", Split,
       [](Patient& p) { std::swap(p.program.devices[0].chunks[0], p.program.devices[0].chunks[1]); }},
      {"memory", "forward-only program has gradients", Evaluation,
       [](Patient& p) {
         ChunkMemory& memory = p.program.devices[0].chunks[0];
         memory.gradients_offset = memory.optimizer_offset = 0;
       }},
  };
  for (const BadProgram& bad : bads) CheckFound(bad);
}

}  // namespace
}  // namespace baton
