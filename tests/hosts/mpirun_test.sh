#!/usr/bin/env bash
# examples/launchers/mpirun.sh: three processes by Open MPI have the bits of one.
set -eu
. tests/hosts/hosts.sh
command -v mpirun > /dev/null || skip "mpirun (openmpi-bin) is not installed"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 BATON="$baton"
"$baton" $(train "$work/one") > /dev/null
examples/launchers/mpirun.sh 3 $(train "$work/mpi") > "$work/log" 2>&1 || fail "$(cat "$work/log")"
grep -q "by mpirun (OMPI_COMM_WORLD_RANK, OMPI_COMM_WORLD_SIZE)" "$work/log" || fail "$(cat "$work/log")"
same_weights "$work/one" "$work/mpi"
