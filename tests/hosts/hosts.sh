# Hosts on one machine, as network namespaces with a bridge between them, and a small training run to launch on them.
# Sourced by the tests of this folder.
#
#   make_hosts [COUNT]           n0 (10.99.7.10), n1 (10.99.7.11), …; two, or up to four; removed when the script ends
#   make_slow_hosts MS PERCENT   n0 and n1, joined by a wire that delays frames and loses some; see slow_wire.py
#   end_wire                     ends that wire, and sets frames and lost: how many it got, and how many it lost of them
#   on n1 COMMAND …              runs a command on a host
#   stop_sending n2 n0           a one-way cut: what n2 sends to n0 is lost, what n0 sends still arrives
#   train OUTPUT [ARGUMENT …]    the words of `baton train` for the small run
#   same_weights A B             fails unless two outputs have the same bits

baton=$PWD/tools/baton/baton
work=${TEST_TMPDIR:-$(mktemp -d)}

skip() {
  echo "SKIPPED: $*"
  exit 0
}

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

remove_hosts() {
  [ -z "${wire:-}" ] || kill "$wire" 2> /dev/null || true
  for i in 0 1 2 3; do
    ip link del "batonv$i" 2> /dev/null || true
    ip netns del "n$i" 2> /dev/null || true
  done
  ip link del batonbr 2> /dev/null || true
}

make_hosts() {
  local i count=${1:-2}
  command -v ip > /dev/null || skip "ip (iproute2) is not installed"
  remove_hosts
  ip link add batonbr type bridge 2> /dev/null || skip "network namespaces are not allowed here"
  trap remove_hosts EXIT
  ip addr add 10.99.7.1/24 dev batonbr
  ip link set batonbr up
  for ((i = 0; i < count; i++)); do
    ip netns add "n$i"
    ip link add "batonv$i" type veth peer name eth0 netns "n$i"
    ip link set "batonv$i" master batonbr up
    ip -n "n$i" addr add "10.99.7.1$i/24" dev eth0
    ip -n "n$i" link set eth0 up
    ip -n "n$i" link set lo up
  done
}

make_slow_hosts() {
  local i
  command -v ip > /dev/null || skip "ip (iproute2) is not installed"
  command -v python3 > /dev/null || skip "python3 is not installed"
  remove_hosts
  trap remove_hosts EXIT
  python3 tests/hosts/slow_wire.py "$1" "$2" "$work/wire" batont0 batont1 > "$work/wire.ready" 2>&1 &
  wire=$!
  for _ in $(seq 100); do
    [ -s "$work/wire.ready" ] && break
    sleep 0.1
  done
  grep -q ready "$work/wire.ready" || skip "TAP interfaces are not allowed here: $(tail -n 1 "$work/wire.ready")"
  for i in 0 1; do
    ip netns add "n$i" 2> /dev/null || skip "network namespaces are not allowed here"
    ip link set "batont$i" netns "n$i" name eth0
    ip -n "n$i" addr add "10.99.7.1$i/24" dev eth0
    ip -n "n$i" link set eth0 up
    ip -n "n$i" link set lo up
  done
}

end_wire() {
  kill -TERM "$wire"
  wait "$wire" 2> /dev/null || true
  wire=
  read -r frames lost < "$work/wire"
}

# Not `ip netns exec`, which would hide the control groups.
on() {
  local host=$1
  shift
  nsenter "--net=/run/netns/$host" "$@"
}

stop_sending() { ip -n "$1" route add blackhole "10.99.7.1${2#n}/32"; }

train() {
  local output=$1
  shift
  echo "train examples/gpt_host.textproto --output $output --set run.steps=8 --set run.evaluate_every=0" \
    "--set data.text=tests/data/handbook.txt --set pipeline.stages=4 --set model.gpt2.width=64 $*"
}

same_weights() { cmp "$1/weights.safetensors" "$2/weights.safetensors" || fail "$2 has other weights than $1"; }
