#!/usr/bin/env bash
# PyTorch's pipeline runtime takes the orders that `baton compile --format=csv` writes, and its gradients are those of
# an unsplit model. The first argument is the binary. A PyTorch elsewhere is found by the path:
#
#   bazel test --test_env=PATH=VENV/bin:$PATH //tests/e2e:pytorch_runtime_test
set -eu
baton=$1
orders=${TEST_TMPDIR:-$(mktemp -d)}/orders
if ! python3 -c "import torch.distributed.pipelining" 2> /dev/null; then
  echo "SKIPPED: PyTorch is not installed for python3"
  exit 0
fi
mkdir -p "$orders"
for schedule in naive gpipe 1f1b eager-1f1b interleaved looped-bfs zb-h1 zb-h2 zb-v v-half v-min wave zb-auto; do
  "$baton" compile --schedule=$schedule --stages=3 --micro-batches=6 --format=csv > "$orders/$schedule.csv"
done
"$baton" compile --schedule=zb-auto --placement=v --activation-limit-micro-batches=2 --forward=3ms --backward-input=4ms \
  --stages=3 --micro-batches=6 --format=csv > "$orders/zb-auto-v.csv"
python3 examples/pytorch/run_order.py "$orders"/*.csv | tee "$orders/log"
[ "$(grep -c "gradients differ by at most" "$orders/log")" = 14 ]
