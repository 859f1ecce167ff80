#!/usr/bin/env bash
# libbraid needs nothing but four memory functions: no clock, no heap, no I/O, no locks.
# usage: tests/checks/symbols.sh LIBBRAID
set -euo pipefail

needed=$(nm --undefined-only --format=just-symbols "$1" | sort -u)
defined=$(nm --defined-only --extern-only --format=just-symbols "$1" | sort -u)

# What the compiler itself puts in: memcmp under another name, the stack protector, fortified
# memory functions, sanitizers, coverage and 128-bit arithmetic.
runtime='^(bcmp|__stack_chk_fail|__mem(cpy|move|set)_chk|_*(start_|stop_)?(a|ub)san_.*|__sanitizer_.*|__llvm_.*|_GLOBAL_OFFSET_TABLE_|__u?divti3|__u?modti3)$'

foreign=$(comm -23 <(echo "$needed") <(echo "$defined") |
    grep -vE '^(memcpy|memmove|memset|memcmp)$|^$|:$' | grep -vE "$runtime" || true)
[ -z "$foreign" ] && exit 0
for symbol in $foreign; do
    echo "# libbraid uses $symbol:"
    nm --print-file-name --undefined-only "$1" | grep -w "$symbol" | sed 's/^/#   /'
done
exit 1
