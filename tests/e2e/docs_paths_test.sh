#!/bin/bash
# Every path that README.md and docs/*.md name exists: links between pages, and code in backquotes that begins with a
# top-level folder, as `schedules/lower/` or `//tests/e2e:docs_test`. `*` matches names; a path may leave out .h; NAME
# stands for any name. Runs in the source tree, which README.md, a link in the test's own tree, leads to.
# usage: docs_paths_test.sh [ROOT]
set -u
root=${1:-$(dirname "$(readlink -f README.md)")}
cd "$root" || exit 1
folders='base|proto|schedules|ops|runtime|tools|tests|examples|docs'
missing=0
checked=0

# check PAGE PATH: PATH exists, from the root.
check() {
  local page=$1 path=$2
  checked=$((checked + 1))
  # shellcheck disable=SC2086  # a pattern
  if ! compgen -G "$path" >/dev/null && [ ! -e "$path.h" ]; then
    echo "$page names $path, which does not exist"
    missing=$((missing + 1))
  fi
}

for page in README.md docs/*.md; do
  folder=$(dirname "$page")
  while read -r link; do
    check "$page" "$folder/$link"
  done < <(grep -oE '\]\([^)#]+' "$page" | sed 's/^](//' | grep -v '^https\?:')
  while read -r path; do
    check "$page" "${path%/}"
  done < <(grep -oE '`[^`]+`' "$page" | tr -d '`' | grep -E "^($folders)/[^ ]*$" | grep -v NAME | sed 's/:.*//')
  while read -r label; do
    package=${label#//}
    check "$page" "${package%%:*}/BUILD.bazel"
  done < <(grep -oE "//($folders)[a-z0-9_/]*:[a-z_0-9*]+" "$page")
done
echo "$checked paths checked, $missing missing"
# The pages name many; none found means that nothing was searched.
[ "$missing" = 0 ] && [ "$checked" -ge 100 ]
