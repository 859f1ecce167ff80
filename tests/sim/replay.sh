#!/usr/bin/env bash
# Records hosts of some scenarios and replays them: the effects must be the same, bit for bit, with
# toy cryptography and with OpenSSL. And a recording that was tampered with must be found out.
# usage: tests/sim/replay.sh BRAID-SIM
set -euo pipefail
sim=$1
recording=$(mktemp)
trap 'rm -f "$recording"' EXIT
record() { # SCENARIO HOST SEED MORE...
    "$sim" --scenario "$1" --seed "$3" --case 7 "${@:4}" --record "$2" "$recording" >/dev/null
    "$sim" --replay "$recording"
}
for what in "plain alice" "rounds bob" "nat alice" "bad-network bob" "reboot alice" "soak bob" "soak-deaths alice" "soak-reloads bob"; do
    read -r scenario host <<<"$what"
    for seed in 1 2 3; do
        record "$scenario" "$host" $seed
    done
    record "$scenario" "$host" 4 --real
done

sed -i 's/ > 0*\([1-9a-f]\)\([0-9a-f]*\)$/ > \2\1/' "$recording"
if "$sim" --replay "$recording" 2>/dev/null; then
    echo "a recording with other effects passes for true" >&2
    exit 1
fi
