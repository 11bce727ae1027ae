#!/usr/bin/env bash
# examples/launchers/torchrun.sh: four processes by torchrun have the bits of one; a killed one is started again.
set -eu
. tests/hosts/hosts.sh
command -v torchrun > /dev/null || skip "torchrun (PyTorch) is not installed"
export BATON="$baton"
"$baton" $(train "$work/one") > /dev/null
examples/launchers/torchrun.sh 4 $(train "$work/torch") > "$work/log" 2>&1 || fail "$(cat "$work/log")"
grep -q "by torchrun (RANK, WORLD_SIZE)" "$work/log" || fail "$(cat "$work/log")"
same_weights "$work/one" "$work/torch"
