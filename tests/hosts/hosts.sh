# Hosts on one machine, as network namespaces with a bridge between them, and a small training run to launch on them.
# Sourced by the tests of this folder.
#
#   make_hosts [COUNT]           n0 (10.99.7.10), n1 (10.99.7.11), …; two, or up to four; removed when the script ends
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
