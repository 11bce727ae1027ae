#!/bin/sh
# Stands for the CUDA tests where the build has no CUDA toolkit.
echo "SKIPPED: no CUDA toolkit (nvcc); the tests of CUDA devices, kernels and NCCL were not built"
