#!/usr/bin/env bash
# `baton launch` on two hosts: the bits of one process; a wrong token and a cut cable are reported.
set -eu
. tests/hosts/hosts.sh
make_hosts
export BATON_TOKEN=secret BATON_HEARTBEAT=2s BATON_TIMEOUT=20s

# host N, options of launch, then the command
launch() {
  local host=$1
  shift
  on "n$host" "$baton" launch -n 2 --nodes=2 "--node-rank=$host" --rendezvous=10.99.7.10:29400 -- "$@"
}

"$baton" $(train "$work/one") > /dev/null
launch 1 $(train "$work/two") > "$work/host1" 2>&1 &
launch 0 $(train "$work/two") > "$work/host0" 2>&1 || fail "two hosts: $(cat "$work/host0")"
wait $! || fail "host 1: $(cat "$work/host1")"
same_weights "$work/one" "$work/two"

echo "a process with another token is refused, and rank 0 names the ranks that are missing"
BATON_TIMEOUT=3s BATON_TOKEN=other launch 1 $(train "$work/token") > "$work/host1" 2>&1 &
! BATON_TIMEOUT=3s launch 0 $(train "$work/token") > "$work/host0" 2>&1 || fail "a wrong token was accepted"
! wait $! || fail "a wrong token was accepted"
grep -q "its token is wrong" "$work/host1" || fail "$(cat "$work/host1")"
grep -q "in vain for ranks 2, 3 of 4" "$work/host0" || fail "$(cat "$work/host0")"

echo "a cable that is cut ends both hosts, each with a report"
launch 1 $(train "$work/cut" --set run.steps=100000) > "$work/host1" 2>&1 &
one=$!
launch 0 $(train "$work/cut" --set run.steps=100000) > "$work/host0" 2>&1 &
zero=$!
for _ in $(seq 200); do
  [ "$(wc -l < "$work/cut/metrics.jsonl" 2> /dev/null || echo 0)" -gt 3 ] && break
  sleep 0.1
done
ip link set batonv1 down
! wait "$zero" || fail "host 0 ended without an error"
! wait "$one" || fail "host 1 ended without an error"
grep -Eq "rank [23] \(.*\) has been silent for .* it was stopped, or its host is gone" "$work/host0" ||
  fail "$(cat "$work/host0")"
grep -q "has been silent for" "$work/host1" || fail "$(cat "$work/host1")"
