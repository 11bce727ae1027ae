#!/bin/sh
# baton as several processes by Open MPI:   examples/launchers/mpirun.sh 4 train job.textproto --output runs/gpt
# Over several hosts add --host a:2,b:2 and -x BATON_LEADER=a:29400 -x BATON_TOKEN: Open MPI does not say where rank 0 is.
processes=$1
shift
exec mpirun -n "$processes" --oversubscribe --bind-to none "${BATON:-baton}" "$@"
