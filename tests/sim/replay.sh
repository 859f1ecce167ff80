#!/usr/bin/env bash
# Records hosts of some scenarios and replays them: the effects must be the same, bit for bit.
# usage: tests/sim/replay.sh BRAID-SIM
set -euo pipefail
sim=$1
recording=$(mktemp)
trap 'rm -f "$recording"' EXIT
for what in "plain alice" "rounds bob" "nat alice" "bad-network bob" "reboot alice" "soak bob" "soak-deaths alice"; do
    read -r scenario host <<<"$what"
    for seed in 1 2 3; do
        "$sim" --scenario "$scenario" --seed $seed --case 7 --record "$host" "$recording" >/dev/null
        "$sim" --replay "$recording"
    done
done
