#!/usr/bin/env bash
# Holds every file to the layers: which directories its #include lines may reach.
# usage: tests/checks/layers.sh [TREE]
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"

# A directory, and the directories and headers of src/ that its files may include.
layers='
src/base/      | base/
src/wire/      | base/ wire/
src/crypto/    | base/ wire/iana.def crypto/
src/esp/       | base/ esp/
src/ike/       | base/ wire/ crypto/alg.h crypto/alg.def ike/
src/config/    | base/ wire/iana.def wire/names.h wire/print.h crypto/alg.h crypto/alg.def config/
src/vici/      | base/ wire/print.h config/ vici/
src/cred/      | base/ wire/iana.def cred/
src/dataplane/ | base/ esp/ dataplane/
src/run/       | base/ run/
src/cli/       | base/ wire/names.h wire/iana.def crypto/alg.h crypto/alg.def config/ cred/ vici/ cli/
include/braid/ | base/
'
# The pure parts of the protocol: values in, values out, no SA.
pure=(schedule keys proposal selector transcript window fragment collision)
no_sa=(ike/sa.h ike/engine.h)

# All that libbraid may take from the C library: types and the four memory functions.
core=(src/base/ src/wire/ src/esp/ src/ike/ src/crypto/alg include/braid/)
libc=('<stdalign.h>' '<stdarg.h>' '<stdbool.h>' '<stddef.h>' '<stdint.h>' '<limits.h>' '<string.h>')

# includes_of PATH...: "file header" for quoted includes, "file <header>" for the others
includes_of() {
    grep -rHoE --include='*.[ch]' --include='*.def' '^[[:space:]]*#[[:space:]]*include[[:space:]]+("[^"]+"|<[^>]+>)' "$@" |
        sed -E 's/^([^:]+):[^"<]*/\1 /; s/"//g' || true
}

# is_allowed HEADER PREFIX...
is_allowed() {
    local header=$1 prefix
    shift
    for prefix; do [[ $header != "$prefix"* ]] || return 0; done
    return 1
}

failed=0
complain() { echo "# $1 includes $2: $3"; failed=1; }

while read -r directory _ allowed; do
    read -ra may_use <<<"$allowed"
    [ -d "$directory" ] || continue
    while read -r file header; do
        case $header in
        '<braid/'*) ;;
        '<'*)
            if is_allowed "$file" "${core[@]}" && ! is_allowed "$header" "${libc[@]}"; then
                complain "$file" "$header" "libbraid uses only ${libc[*]}"
            fi
            ;;
        *) is_allowed "$header" "${may_use[@]}" || complain "$file" "\"$header\"" "$directory may use only $allowed" ;;
        esac
    done < <(includes_of "$directory")
done < <(sed '/^$/d' <<<"$layers")

for part in "${pure[@]}"; do
    [ -e "src/ike/$part.h" ] || continue
    while read -r file header; do
        if is_allowed "$header" "${no_sa[@]}"; then complain "$file" "\"$header\"" "a pure part knows no SA"; fi
    done < <(includes_of src/ike/"$part".[ch])
done

# Only two places may use OpenSSL.
while read -r file header; do
    if [[ $header == '<openssl/'* ]] && ! is_allowed "$file" src/crypto/ossl src/cred/; then
        complain "$file" "$header" "OpenSSL belongs to src/crypto/ossl_*.c and src/cred/"
    fi
done < <(includes_of src include)

exit "$failed"
