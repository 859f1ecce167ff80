#!/usr/bin/env bash
# The demo is a test, too: it checks every claim it makes.
exec "$(dirname "$0")/../../demo/demo.sh" "$@"
