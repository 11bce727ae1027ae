// The rate of GPUs that wait for each other. Used by runtime/planning.
//
// GPUs of one model differ: at the same power a better chip holds a higher clock. A step ends with the slowest.
//
//     rates.flops_per_ns *= SlowestOfMany(8);  // 0.987
#ifndef BATON_SCHEDULES_COSTS_SLOWEST_OF_MANY_H_
#define BATON_SCHEDULES_COSTS_SLOWEST_OF_MANY_H_

namespace baton {

// The expected rate of the slowest of `count` GPUs of one model, as a share of their median; 1 for one GPU. `count`
// must be at least 1. The rates are taken as normally distributed; the expected extreme is Blom's (1958) approximation.
// The deviation, 0.9 %, is that of sustained matrix products on the GPUs of a node (Bekman, "Machine Learning
// Engineering", 2026, notes on its table of sustainable FLOPS): the slowest of 8 H200s reached 745 TFLOP/s, the median
// 755; the slowest of 8 B200s 1,421, the median 1,439.
double SlowestOfMany(int count);

}  // namespace baton

#endif  // BATON_SCHEDULES_COSTS_SLOWEST_OF_MANY_H_
