#!/usr/bin/env bash
# Runs tools/gpu_check/run with programs that only pretend, so that all of its paths run without a GPU.
# usage: run_test.sh RUN
set -u
run=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failures=0

# expect WHAT COMMAND...: counts a failure if the command fails.
expect() {
  local what=$1
  shift
  "$@" || { echo "FAILED: $what"; sed 's/^/    /' "$folder/said"; failures=$((failures + 1)); }
}

# program NAME SCRIPT: a program of the bundle.
program() { printf '#!/bin/bash\n%s\n' "$2" >"$folder/bundle/bin/$1"; chmod 755 "$folder/bundle/bin/$1"; }

# bundle: packs the programs as tools/gpu_check/build does.
bundle() { tar -C "$folder/bundle" -czf "$folder/bundle/binaries.tar.gz" bin libraries; }

# go STATUS ARGUMENT...: runs the script with the machine's own library path, and expects the exit status.
go() {
  local wanted=$1 status=0
  shift
  rm -rf "$folder/out" "$folder/out.tar.gz"
  (cd "$folder" && PATH="$folder/machine:$PATH" LD_LIBRARY_PATH=/machines/own bash bundle/run "$@") >"$folder/said" 2>&1 || status=$?
  expect "exit status $wanted of run $*, not $status" [ "$status" = "$wanted" ]
}

mkdir -p "$folder/bundle/bin" "$folder/bundle/libraries" "$folder/bundle/jobs" "$folder/machine"
cp "$run" "$folder/bundle/run"
program list_gpus 'echo "GPU 0: pretended"'
for test in optimizer_conformance_cuda_test layer_conformance_cuda_test gpu_training_test; do
  program $test 'echo "All tests passed (7 assertions in 3 test cases)"'
done
program nccl_gpu_test 'echo "SKIPPED: one GPU"'
program baton '
echo "$*" >>'"$folder"'/said_to_baton
loss=2.5
case "$*" in *parallel.tensor=2*) loss=$(cat '"$folder"'/loss_of_two) ;; esac
while [ $# -gt 0 ]; do [ "$1" = --output ] && output=$2; shift; done
mkdir -p "$output"
for rate in 1 1 1 1 1 30 10 20 40 1; do echo "{\"loss\":$loss,\"tokens_per_second\":$rate.5}"; done >"$output/metrics.jsonl"
echo "attention: cuDNN has no backward kernel for 12 heads"'
program kernel_times '
echo "{}" >"$2"
echo "pretended GPU"
echo "Ceilings: 700 TFLOP/s (product), 3000 GB/s (copy, read and written)."
echo "| product | m=1 n=2 k=3 | 12 |"
echo "product 1 x 2 x 3: of the bias cuBLASLt applies nothing" >&2
echo "its kernels took 97 % of that."'
printf '#!/bin/bash\necho "$LD_LIBRARY_PATH" >>%s/python_path\n[ "${1##*/}" = torch_gpt.py ] && echo 1234.5\nexit 0\n' "$folder" >"$folder/machine/python3"
printf '#!/bin/bash\necho "$*" >>%s/sanitized\n' "$folder" >"$folder/machine/compute-sanitizer"
chmod 755 "$folder"/machine/*
echo 2.5 >"$folder/loss_of_two"
bundle

go 0 --only=correct out
expect "a row for each check" [ "$(grep -c ' passed ' "$folder/out/table")" = 11 ]
expect "one GPU: no layers over two" grep -q 'losses with layers over two GPUs *skipped *left out: this machine has one' "$folder/out/table"
expect "the reason of a skipped test" grep -q 'NCCL.*skipped *one GPU' "$folder/out/table"
expect "no benchmark" [ ! -e "$folder/out/runs" ]
expect "logs are kept" grep -q 'All tests passed' "$folder/out/logs/layers_against_the_reference"*
expect "logs are packed" tar -tzf "$folder/out.tar.gz" out/table
expect "compute-sanitizer looks at own kernels" [ "$(grep -c -e '--kernel-regex kns=baton.*run.steps=1 ' "$folder/sanitized")" = 8 ]
expect "missing libraries are named" grep -q 'libnvrtc-builtins.so.13.0: ' "$folder/out/machine"

rm -f "$folder/python_path"
go 0 --only=speed out
expect "the median without the first steps and the last" grep -qE 'GPT-2 124M, one stage +- +(20|30) tokens/s' "$folder/out/table"
expect "one GPU: no job over two" grep -q 'layers over two GPUs *- *left out: this machine has one GPU' "$folder/out/table"
expect "one GPU: no tensor parallelism" test 0 = "$(grep -c parallel.tensor "$folder/said_to_baton")"
expect "the kernels' row" grep -q 'kernel by kernel *- *Ceilings: 700 .*its kernels took 97 %' "$folder/out/table"
expect "the kernels' lines" grep -q '{}' "$folder/out/kernels/GPT_2_124M__kernel_by_kernel.jsonl"
expect "the kernels' table" grep -q '| product | m=1' "$folder/out/kernels/GPT_2_124M__kernel_by_kernel.md"
expect "no warning in the kernels' table" test 0 = "$(grep -c cuBLASLt "$folder/out/kernels/GPT_2_124M__kernel_by_kernel.md")"
expect "the choices of products go into the results" grep -q 'devices.product_choices=.*/out/product_choices' "$folder/said_to_baton"
expect "PyTorch's number" grep -q 'PyTorch compiled, fused AdamW, 1558M *- *1234.5 tokens/s' "$folder/out/table"
expect "a missing kernel is kept" grep -q 'cuDNN has no backward kernel' "$folder/out/warnings"
expect "a missing kernel is shown" grep -q 'cuDNN has no backward kernel' "$folder/said"
expect "Python has the machine's own library path" [ "$(sort -u "$folder/python_path")" = /machines/own ]

program list_gpus 'echo "GPU 0: pretended"; echo "GPU 1: pretended"'
bundle
go 0 out
expect "two GPUs: equal losses" grep -q 'losses with layers over two GPUs *passed *2.5, 2.5 on one' "$folder/out/table"
expect "two GPUs: a benchmark" grep -qE 'GPT-2 124M, layers over two GPUs +- +(20|30) tokens/s' "$folder/out/table"
expect "two GPUs: kernels" grep -q 'layers over two GPUs, by kernel *- *Ceilings' "$folder/out/table"
echo 2.51 >"$folder/loss_of_two"
go 1 --only=correct out
expect "two GPUs: another loss" grep -q 'losses with layers over two GPUs *FAILED *2.51, 2.5 on one' "$folder/out/table"
echo 2.5 >"$folder/loss_of_two"

program gpu_training_test 'echo "one bit differs"; exit 42'
bundle
go 1 out
expect "the failure's row" grep -q 'whole models *FAILED *status 42.*one bit differs' "$folder/out/table"
expect "the failure's log" grep -q 'one bit differs' "$folder/out/logs/bits_and_losses_of_whole_models"*
expect "benchmarks run after a failure" grep -q 'GPT-2 1558M' "$folder/out/table"

program kernel_times 'echo "out of memory"; exit 1'
bundle
go 1 --only=speed out
expect "the kernels' failure" grep -q 'kernel by kernel *FAILED *status 1: out of memory' "$folder/out/table"

program list_gpus 'echo "no driver"; exit 1'
bundle
go 3 out
expect "the reason" grep -q 'Nothing was checked: no driver' "$folder/said"
go 2 --only=both out
expect "usage" grep -q '^usage: run' "$folder/said"
go 2 bundle
expect "the folder that exists" grep -q 'OUT: bundle exists already' "$folder/said"

[ $failures = 0 ] && echo "all paths ran"
exit $failures
