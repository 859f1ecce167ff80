#!/usr/bin/env bash
# What is installed fits together: the service starts the daemon that is there, every manual page
# and completion came along.
# usage: tests/checks/install.sh BUILD
set -euo pipefail

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
DESTDIR=$root cmake --install "$1" >/dev/null

fail() { echo "# $*"; exit 1; }

service=$(find "$root" -name braidd.service)
daemon=$(sed -n 's/^ExecStart=\([^ ]*\) .*/\1/p' "$service")
[ -x "$root$daemon" ] || fail "braidd.service starts $daemon, which is not installed"

for file in bin/braid man1/braid.1 man5/braid.conf.5 man8/braidd.8 completions/braid \
    site-functions/_braid vendor_completions.d/braid.fish; do
    [ -n "$(find "$root" -path "*/$file" -size +0)" ] || fail "$file is not installed, or empty"
done
