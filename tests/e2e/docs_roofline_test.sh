#!/bin/bash
# The table of docs/gpu.md is what tools/bench/roofline prints. usage: docs_roofline_test.sh ROOFLINE BATON
set -u
if ! command -v python3 > /dev/null; then
  echo "SKIPPED: python3 is not installed"
  exit 0
fi
printed=$(python3 "$1" --baton="$2" 2>&1)
status=$?
if [ "$status" != 0 ] && [[ $printed == *"this build has no CUDA"* ]]; then
  echo "SKIPPED: $printed"
  exit 0
fi
shown=$(sed -n '/^<!-- tools\/bench\/roofline -->$/,/^<!-- end -->$/p' docs/gpu.md | sed '1d;$d')
if [ "$status" = 0 ] && [ -n "$shown" ] && [ "$shown" = "$printed" ]; then exit 0; fi
echo "docs/gpu.md differs from tools/bench/roofline (tools/update_schedule_docs writes it):"
diff <(echo "$shown") <(echo "$printed")
exit 1
