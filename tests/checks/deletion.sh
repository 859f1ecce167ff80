#!/usr/bin/env bash
# The deletion test: several key exchanges (RFC 9370, RFC 9242) are a part that could be taken
# out.  Besides their own two files, only tables and the two parts that own rounds and
# authentication may name them.
# usage: tests/checks/deletion.sh [TREE]
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"

allowed='
src/ike/exchange_intermediate.c
src/ike/exchange_followup.c
src/wire/iana.def
src/ike/extension.def
src/ike/exchange.c
src/ike/schedule.c
src/ike/schedule.h
src/ike/transcript.c
src/ike/transcript.h
'

failed=0
while read -r file; do
    grep -qxF "$file" <<<"$allowed" && continue
    grep -nHEi 'intermediate|followup|addke' "$file" | sed 's/^/# /'
    failed=1
done < <(grep -rlEi 'intermediate|followup|addke' src || true)
exit "$failed"
