#!/usr/bin/env bash
# The real TensorBoard reads from a run the values that metrics.jsonl has. The first argument is the binary. TensorBoard
# elsewhere is found by the path:
#
#   bazel test --test_env=PATH=VENV/bin:$PATH //tests/e2e:tensorboard_reader_test
set -eu
baton=$1
run=${TEST_TMPDIR:-$(mktemp -d)}/run
if ! python3 -c "import tensorboard" 2> /dev/null; then
  echo "SKIPPED: TensorBoard is not installed for python3"
  exit 0
fi
"$baton" train examples/two_shards.textproto --set run.steps=6 --output "$run" > /dev/null
python3 - "$run" << 'END'
import json
import math
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

run = sys.argv[1]
reader = EventAccumulator(run + "/tensorboard", size_guidance={"scalars": 0})
reader.Reload()
steps = [json.loads(line) for line in open(run + "/metrics.jsonl")]
steps = [step for step in steps if "loss" in step]
assert len(steps) == 6, steps
for tag in ("loss", "learning_rate"):
    events = reader.Scalars(tag)
    assert [event.step for event in events] == [step["step"] for step in steps], (tag, events)
    for event, step in zip(events, steps):
        assert math.isclose(event.value, step[tag], rel_tol=1e-6), (tag, event, step)
print("read by TensorBoard:", *sorted(reader.Tags()["scalars"]))
END
