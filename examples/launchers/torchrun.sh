#!/bin/sh
# baton as several processes by torchrun:   examples/launchers/torchrun.sh 4 train job.textproto --output runs/gpt --resume
# Over several hosts replace --standalone by --nnodes, --node-rank and --rdzv-endpoint, and export BATON_TOKEN.
processes=$1
shift
exec torchrun --no-python --standalone --nproc-per-node "$processes" --max-restarts "${RESTARTS:-0}" \
  "${BATON:-baton}" "$@"
