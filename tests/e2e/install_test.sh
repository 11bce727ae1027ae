#!/bin/bash
# tools/install puts baton, of a build that is only pretended here, and its completions below a prefix.
# usage: install_test.sh INSTALL BATON
set -eu
install=$(readlink -f "$1")
baton=$(readlink -f "$2")
tree=$TEST_TMPDIR/tree
mkdir -p "$tree/tools" "$tree/bazel-bin/tools/baton" "$TEST_TMPDIR/path"
cp "$install" "$tree/tools/install"
cp "$baton" "$tree/bazel-bin/tools/baton/baton"
printf '#!/bin/sh\necho "$0 $*" >> "%s/calls"\n' "$TEST_TMPDIR" > "$tree/tools/setup"
cp "$tree/tools/setup" "$TEST_TMPDIR/path/bazel"
chmod +x "$tree/tools/setup" "$TEST_TMPDIR/path/bazel"

fail() { echo "$1"; exit 1; }

prefix=$TEST_TMPDIR/prefix
said=$(HOME=$TEST_TMPDIR PATH=$TEST_TMPDIR/path:$PATH "$tree/tools/install" "$prefix")
grep -q 'tools/setup' "$TEST_TMPDIR/calls" || fail "tools/setup has not run"
grep -q 'bazel build //tools/baton' "$TEST_TMPDIR/calls" || fail "baton has not been built"
[ "$(PATH=$prefix/bin:$PATH baton --version)" = "$("$baton" --version)" ] || fail "baton is not on the PATH"
for file in bash-completion/completions/baton zsh/site-functions/_baton fish/vendor_completions.d/baton.fish; do
  grep -q zb-auto "$prefix/share/$file" || fail "$file completes no schedules"
done
case "$said" in *"is not on the PATH; add"*) ;; *) fail "nothing says that the folder is not on the PATH" ;; esac

# The default is ~/.local; a folder on the PATH needs no advice, and a second time replaces the first.
for _ in 1 2; do
  said=$(HOME=$TEST_TMPDIR PATH=$TEST_TMPDIR/path:$TEST_TMPDIR/.local/bin:$PATH "$tree/tools/install")
  [ -x "$TEST_TMPDIR/.local/bin/baton" ] || fail "nothing in ~/.local/bin"
  case "$said" in *"not on the PATH"*) fail "$said" ;; esac
done
