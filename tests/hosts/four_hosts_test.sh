#!/usr/bin/env bash
# Three and four hosts: the bits of one process; the links of a cluster; a wire that is dead in one direction.
set -eu
. tests/hosts/hosts.sh
make_hosts 4
export BATON_TOKEN=secret BATON_HEARTBEAT=2s BATON_TIMEOUT=40s

# launch HOSTS HOST COMMAND …: one process on a host
launch() {
  local hosts=$1 host=$2
  shift 2
  on "n$host" "$baton" launch -n 1 "--nodes=$hosts" "--node-rank=$host" --rendezvous=10.99.7.10:29401 -- "$@"
}

# launch_all HOSTS COMMAND …: on each host at once; output in $work/host0, …; fails if one of them fails
launch_all() {
  local hosts=$1 host status=0
  shift
  local pids=()
  for ((host = 0; host < hosts; host++)); do
    launch "$hosts" "$host" "$@" > "$work/host$host" 2>&1 &
    pids+=($!)
  done
  for host in "${!pids[@]}"; do wait "${pids[host]}" || status=1; done
  return $status
}

"$baton" $(train "$work/one") > /dev/null
for hosts in 3 4; do
  launch_all "$hosts" $(train "$work/of$hosts") || fail "$hosts hosts: $(cat "$work"/host?)"
  same_weights "$work/one" "$work/of$hosts"
done

echo "all pairs of hosts are measured, and hosts of one name are told apart"
launch_all 3 check-cluster --repeats=1 "--link-table=$work/links.csv" || fail "check-cluster: $(cat "$work"/host?)"
grep -q "3 processes on 3 hosts" "$work/host0" || fail "$(cat "$work/host0")"
grep -q "between hosts: " "$work/host0" || fail "$(cat "$work/host0")"
[ "$(wc -l < "$work/links.csv")" = 7 ] || fail "$(cat "$work/links.csv")"
grep -q "^0,2,.*/10.99.7.10,.*/10.99.7.12," "$work/links.csv" || fail "$(cat "$work/links.csv")"
"$baton" simulate --stages=6 --micro-batches=4 "--link-table=$work/links.csv" > "$work/simulated"
grep -q "between hosts" "$work/simulated" || fail "$(cat "$work/simulated")"

echo "a wire that is dead in one direction ends all hosts, and rank 0 names the one it does not hear"
pids=()
for host in 0 1 2; do
  launch 3 "$host" $(train "$work/cut" --set run.steps=100000) > "$work/host$host" 2>&1 &
  pids+=($!)
done
for _ in $(seq 300); do
  [ "$(cat "$work/cut/metrics.jsonl" 2> /dev/null | wc -l)" -gt 3 ] && break
  sleep 0.1
done
stop_sending n2 n0
for host in 0 1 2; do
  ! wait "${pids[host]}" || fail "host $host ended without an error: $(cat "$work/host$host")"
done
grep -Eq "rank 2 \(.*\) has been silent for .* it was stopped, or its host is gone" "$work/host0" ||
  fail "$(cat "$work/host0")"
