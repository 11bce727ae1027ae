// The facts of a machine on which the bits of weights or the speed of a run depend. Used by `baton check-cluster`.
#ifndef BATON_RUNTIME_MACHINE_MACHINE_FACTS_H_
#define BATON_RUNTIME_MACHINE_MACHINE_FACTS_H_

#include <string>
#include <vector>

namespace baton {

struct MachineFact {
  std::string name;
  std::string value;          // empty: unknown or none
  bool changes_bits = false;  // weights may get other bits where it differs
};

// Processor, cores that this process may use, libraries with the instruction sets that they take, and the environment
// variables that change how these compute; the same names in the same order on every machine.
std::vector<MachineFact> FactsOfMachine();

}  // namespace baton

#endif  // BATON_RUNTIME_MACHINE_MACHINE_FACTS_H_
