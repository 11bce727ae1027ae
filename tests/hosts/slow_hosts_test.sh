#!/usr/bin/env bash
# Two hosts whose wire delays every frame and loses some: a run is slower, has the bits of one process, and blames nobody.
set -eu
. tests/hosts/hosts.sh
make_slow_hosts 15 0.5
export BATON_TOKEN=secret BATON_HEARTBEAT=5s BATON_TIMEOUT=60s

# launch HOST COMMAND …: two processes on a host
launch() {
  local host=$1
  shift
  on "n$host" "$baton" launch -n 2 --nodes=2 "--node-rank=$host" --rendezvous=10.99.7.10:29402 -- "$@"
}

# launch_both COMMAND …: output in $work/host0, $work/host1
launch_both() {
  launch 1 "$@" > "$work/host1" 2>&1 &
  local one=$!
  launch 0 "$@" > "$work/host0" 2>&1 || fail "host 0: $(cat "$work/host0")"
  wait "$one" || fail "host 1: $(cat "$work/host1")"
}

echo "activations and their gradients cross the wire"
"$baton" $(train "$work/one" --set run.steps=4) > /dev/null
launch_both $(train "$work/slow" --set run.steps=4)
same_weights "$work/one" "$work/slow"

echo "each host has a replica: sums of gradients and shards of parameters cross the wire"
replicas="--set run.steps=4 --set pipeline.stages=2 --set parallel={replicas:2,zero:1}"
"$baton" $(train "$work/one_sharded" $replicas) > /dev/null
launch_both $(train "$work/slow_sharded" $replicas)
same_weights "$work/one_sharded" "$work/slow_sharded"

end_wire
echo "$frames frames, $lost lost"
[ "$frames" -gt 1000 ] || fail "only $frames frames crossed the wire"
[ "$lost" -gt 0 ] || fail "no frame was lost"
