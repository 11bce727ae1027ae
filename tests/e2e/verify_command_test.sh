#!/bin/bash
# Tests the output and the exit status of `baton verify`. The first argument is the binary.
set -u
baton="$1"
folder="${TEST_TMPDIR:-$(mktemp -d)}"
failures=0

# expect STATUS TEXT COMMAND…: the command's exit status and a part of what it prints.
expect() {
  local status="$1" text="$2"
  shift 2
  local output
  output="$("$@" 2>&1)"
  local got=$?
  if [[ $got -ne $status || "$output" != *"$text"* ]]; then
    echo "FAILED: $*"
    echo "  wanted $status with: $text"
    echo "  got $got with: $output"
    failures=$((failures + 1))
  fi
}

"$baton" compile --stages=3 --micro-batches=4 --format=csv > "$folder/plain.csv"
"$baton" compile --stages=3 --micro-batches=4 --format=csv --transfers > "$folder/transfers.csv"
"$baton" compile --stages=3 --micro-batches=4 --format=csv --transfers --queues=per-device > "$folder/device.csv"
printf '0F0,0B0,0F1,0B1\n1F0,1F1,1B0,1B1\n' > "$folder/cycle.csv"
printf '0F0,0F0\n' > "$folder/repeated.csv"
printf '0F0\n1F0,1X0\n' > "$folder/broken.csv"

expect 0 "sound: 3 devices, 3 chunks, 4 micro-batches, 67 instructions; at most 3 micro-batches live (device 0)" \
  "$baton" verify --order="$folder/plain.csv"
for queues in per-device per-peer per-peer-and-direction; do
  for transport in rendezvous buffered:1 buffered:7; do
    expect 0 "sound: " "$baton" verify --order="$folder/plain.csv" --queues=$queues --transport=$transport
  done
done
expect 0 "with its own transfers too" "$baton" verify --order="$folder/transfers.csv"
expect 1 "is queued behind" "$baton" verify --order="$folder/transfers.csv" --queues=per-device
expect 0 "one queue a device, with its own transfers too" "$baton" verify --order="$folder/device.csv" --queues=per-device
expect 1 "a cycle of 2 waits" "$baton" verify --order="$folder/cycle.csv"
expect 1 "is unsound: 1 violation" "$baton" verify --order="$folder/repeated.csv"
expect 2 "broken.csv:2:5: " "$baton" verify --order="$folder/broken.csv"
expect 2 "cannot read order file" "$baton" verify --order="$folder/nowhere.csv"
expect 2 "cannot read order file" "$baton" verify --order="$folder"
expect 2 "buffers must be 1 to" "$baton" verify --order="$folder/plain.csv" --transport=buffered:0
expect 2 "neither rendezvous nor buffered:K" "$baton" verify --order="$folder/plain.csv" --transport=post
expect 2 "--queues" "$baton" verify --order="$folder/plain.csv" --queues=many
expect 2 "--order is required" "$baton" verify

# The form that was written is the form that is read.
expect 0 "$(cat "$folder/transfers.csv")" "$baton" compile --order="$folder/plain.csv" --format=csv --transfers
expect 2 "goes with --schedule=csv" "$baton" simulate --order="$folder/plain.csv" --schedule=gpipe
expect 2 "needs --order=FILE" "$baton" simulate --schedule=csv --stages=2 --micro-batches=2
expect 2 "but --micro-batches is 5" "$baton" simulate --order="$folder/plain.csv" --micro-batches=5

[[ $failures -eq 0 ]]
