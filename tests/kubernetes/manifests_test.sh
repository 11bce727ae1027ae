#!/usr/bin/env bash
# The manifests of examples/kubernetes: checked, then run as processes here. See check_manifests.py.
# usage: manifests_test.sh CHECK_MANIFESTS BATON JOBSET PYTORCHJOB
set -eu
python=${BATON_PYTHON:-python3}
skip() {
  echo "SKIPPED: $*"
  exit 0
}
command -v "$python" > /dev/null || skip "Python is not installed"
"$python" -c 'import yaml' 2> /dev/null || skip "Python has no PyYAML: apt-get install python3-yaml"
exec "$python" "$@"
