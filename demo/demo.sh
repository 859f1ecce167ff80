#!/usr/bin/env bash
# The demo: two gateways on one machine set up a tunnel with three key exchanges, one of them
# post-quantum, and carry real packets through it.  Everything happens in network namespaces that
# vanish at the end, however it ends.
#
#     pc-north --- north === the open network === south --- pc-south
#     10.1.0.2     192.0.2.1                  192.0.2.2     10.2.0.2
#
# With --post-quantum everything withstands a quantum computer, authentication too: ML-KEM-1024,
# ML-DSA-87, AES-256 and SHA-384 (the CNSA 2.0 suite), with a CA made on the spot.
#
# usage: demo/demo.sh BUILD [--post-quantum]          (`make demo`, `make demo-pq` do it all)
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ $# -ge 1 ] || { echo "usage: demo/demo.sh BUILD" >&2; exit 2; }
programs=$(cd "$1" && pwd)
[ -n "${BRAID_BOX:-}" ] || exec "$here/../lab/box" "$0" "$@"

work=$BRAID_BOX/demo
pattern=THIS-IS-INSIDE-THE-TUNNEL
megabytes=50
case ${2:-} in
--post-quantum)
    post_quantum=1 proposals=aes256gcm16-prfsha384-ecp384-ke1_mlkem1024 esp=aes256gcm16-ecp384-ke1_mlkem1024
    shown="ECP_384 ML_KEM_1024 ML_DSA_87 quantum-safe" rounds="ECP-384, then ML-KEM-1024, both woven into one key"
    attacker="both: today's elliptic curve AND the post-quantum method. North and south sign with ML-DSA-87."
    ;;
*)
    post_quantum='' proposals=aes256gcm16-prfsha384-x25519-ke1_mlkem768-ke2_ecp384 esp=default
    shown="CURVE_25519 ML_KEM_768 ECP_384 quantum-safe" rounds="x25519, then ML-KEM-768, then ECP-384, all woven into one key"
    attacker="all three: today's elliptic curves AND the post-quantum method."
    ;;
esac

if [ -t 1 ]; then
    bold=$'\033[1m' dim=$'\033[2m' green=$'\033[32m' red=$'\033[1;31m' plain=$'\033[0m'
else
    bold='' dim='' green='' red='' plain=''
fi
number=0
step() { number=$((number + 1)); printf '\n%s%d. %s%s\n' "$bold" "$number" "$*" "$plain"; }
note() { printf '   %s\n' "$*"; }
good() { printf '   %s✓%s %s\n' "$green" "$plain" "$*"; }
show() { sed "s/^/   $dim│$plain /"; }
die() {
    printf '\n%sdemo: failed: %s%s\n' "$red" "$*" "$plain" >&2
    for name in north south; do
        [ ! -s "$work/$name/log" ] || { echo "--- the last words of $name:"; tail -n 8 "$work/$name/log"; } >&2
    done
    exit 1
}
trap 'printf "\ndemo: interrupted; nothing of it is left\n" >&2; exit 130' INT TERM
on() { local host=$1; shift; ip netns exec "$host" "$@"; }
braid() { local host=$1; shift; on "$host" "$programs/braid" -r "$work/$host/run" "$@"; }

# ---- the network -----------------------------------------------------------------------------

cable() { # HOST DEVICE ADDRESS HOST DEVICE ADDRESS
    ip link add "$2" netns "$1" type veth peer name "$5" netns "$4"
    ip -n "$1" address add "$3/24" dev "$2"
    ip -n "$4" address add "$6/24" dev "$5"
    ip -n "$1" link set "$2" up
    ip -n "$4" link set "$5" up
}

make_network() {
    local host
    for host in pc-north north south pc-south; do
        ip netns add "$host"
        ip -n "$host" link set lo up
        on "$host" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
    done
    cable pc-north eth0 10.1.0.2 north inside 10.1.0.1
    cable north outside 192.0.2.1 south outside 192.0.2.2
    cable south inside 10.2.0.1 pc-south eth0 10.2.0.2
    ip -n pc-north route add default via 10.1.0.1
    ip -n pc-south route add default via 10.2.0.1
}

# ---- the daemons -----------------------------------------------------------------------------

configure() { # HOST OWN-ADDRESS OWN-NETWORK PEER PEER-ADDRESS PEER-NETWORK
    mkdir -p "$work/$1"
    cat >"$work/$1/swanctl.conf" <<END
connections {
    site {
        local_addrs = $2
        remote_addrs = $5
        proposals = $proposals
        local {
            auth = $auth
            id = $1.example
        }
        remote {
            auth = $auth
            id = $4.example
        }
        children {
            net {
                local_ts = $3
                remote_ts = $6
                esp_proposals = $esp
            }
        }
    }
}
END
    [ -n "$post_quantum" ] || cat >>"$work/$1/swanctl.conf" <<END
secrets {
    ike-site {
        id = $4.example
        secret = 0s$secret
    }
}
END
    chmod 600 "$work/$1/swanctl.conf"
}

pki() {
    note "braid pki $*"
    "$programs/braid" pki "$@" >/dev/null || die "no certificate"
}

declare -A daemon
start_daemon() {
    # Not with `on`: a function would run in a shell of its own, and a signal would end that shell.
    ip netns exec "$1" "$programs/braidd" -c "$work/$1" -r "$work/$1/run" >"$work/$1/log" 2>&1 &
    daemon[$1]=$!
    local try
    for try in $(seq 100); do
        [ ! -S "$work/$1/run/vici" ] || return 0
        kill -0 "${daemon[$1]}" 2>/dev/null || die "braidd on $1 did not start"
        sleep 0.05
    done
    die "braidd on $1 opens no control socket (try $try)"
}

# ---- packets ---------------------------------------------------------------------------------

ping_from() { # HOST OTHER ADDRESS
    local output
    output=$(on "$1" ping -c 3 -i 0.2 -W 2 "$3") || die "no ping from $1 to $2: $output"
    good "$1 to $2: $(sed -nE 's/.*, ([0-9]+) received.*/\1 of 3 answers/p' <<<"$output")," \
        "$(sed -nE 's#.*= [^/]*/([^/]*)/.*#\1 ms on average#p' <<<"$output")"
}

transfer() {
    local received=$work/received sent=$work/sent
    on pc-south python3 -B "$here/transfer.py" receive 10.2.0.2 >"$received" &
    local receiver=$!
    on pc-north python3 -B "$here/transfer.py" send 10.2.0.2 "$megabytes" "$pattern" >"$sent" ||
        die "the transfer was cut off"
    wait "$receiver" || die "the receiver failed"
    local sum_sent sum_received seconds
    read -r sum_sent seconds <"$sent"
    read -r sum_received <"$received"
    note "SHA-256 at the sender:    ${sum_sent:0:32}..."
    note "SHA-256 at the receiver:  ${sum_received:0:32}..."
    [ "$sum_sent" = "$sum_received" ] || die "what arrived is not what was sent"
    good "$megabytes MB arrived unchanged in $seconds s"
}

# ---- the story -------------------------------------------------------------------------------

printf '%sbraid: IPsec with post-quantum key exchange (IKEv2, RFC 9370)%s\n' "$bold" "$plain"
mkdir -p "$work"
secret=$(head -c 32 /dev/urandom | base64)

step "Two gateways, a computer behind each, and an open network between them."
note "pc-north ─── north ═══════ open network ═══════ south ─── pc-south"
note "10.1.0.2     192.0.2.1                     192.0.2.2      10.2.0.2"
make_network
! on pc-north ping -c 1 -W 1 10.2.0.2 >/dev/null 2>&1 || die "there is a way around the tunnel"
good "pc-north cannot reach pc-south: there is no tunnel yet"

auth=psk
if [ -n "$post_quantum" ]; then
    auth=mldsa87
    step "A certification authority, and a certificate for each gateway:"
    cd "$work"
    pki ca --dir pki --type mldsa87 --subject "O=demo, CN=demo CA"
    for host in north south; do
        pki issue --dir pki --type mldsa87 --id $host.example --out $host
    done
    good "$(wc -c <north/x509/north.example.pem) octets each, in PEM: ML-DSA-87 signed by ML-DSA-87"
fi

step "Each gateway runs braidd. This is all north has to know:"
configure north 192.0.2.1 10.1.0.0/24 south 192.0.2.2 10.2.0.0/24
configure south 192.0.2.2 10.2.0.0/24 north 192.0.2.1 10.1.0.0/24
sed 's/0s.*/(32 random octets)/' "$work/north/swanctl.conf" | show
start_daemon north
start_daemon south

step "From now on a capture on the open network keeps watch for \"$pattern\"."
on south python3 -B "$here/capture.py" outside "$pattern" "$work/capture.stop" >"$work/capture" &
capture=$!
for _ in $(seq 100); do [ ! -s "$work/capture" ] || break; sleep 0.05; done
on north bash -c "printf %s '$pattern' >/dev/udp/192.0.2.2/9"
good "to be sure that it sees: one packet was sent in clear, outside the tunnel"

step "north brings the tunnel up: $rounds."
note "An attacker has to break $attacker"
braid north up net 2>&1 | show || die "no tunnel"

step "The two computers reach each other now."
ping_from pc-north pc-south 10.2.0.2
ping_from pc-south pc-north 10.1.0.2

step "$megabytes MB go through the tunnel by TCP, full of the words the capture looks for."
transfer

step "What did somebody on the open network see?"
touch "$work/capture.stop"
wait "$capture" || die "the capture failed"
read -r packets in_udp octets clear control lost < <(tail -n 1 "$work/capture")
note "$packets packets, of them $in_udp encrypted ones (ESP or IKE) with $((octets / 1000000)) MB;" \
    "$lost escaped the capture"
[ "$control" -eq 1 ] || die "the capture missed the packet sent in clear ($control)"
[ "$clear" -eq 0 ] || die "$clear packets carried inner octets in clear"
[ "$octets" -gt $((megabytes * 1000000)) ] || die "too few encrypted octets: where did the data go?"
good "the words were found in the one packet sent in clear on purpose, and in no other"

step "braid list, on south:"
listing=$(braid south list) || die "no list"
show <<<"$listing"
for word in $shown; do
    grep -q "$word" <<<"$listing" || die "the list does not name $word"
done

if [ -n "$post_quantum" ]; then
    step "braid audit, of the configuration of south:"
    audit=$(braid south audit "$work/south") || die "braid audit finds something unsafe: $audit"
    show <<<"$audit"
fi

step "The end: north ends the tunnel, both daemons end."
braid north down site | show
[ -z "$(braid south list | grep ESTABLISHED || true)" ] || die "south still has the tunnel"
for host in north south; do
    kill -TERM "${daemon[$host]}"
    wait "${daemon[$host]}" || die "braidd on $host ended with status $?"
    left=$(on "$host" sh -c 'ip link show type tun; ip rule; ip route show table all' | grep -E 'braid|9370' || true)
    [ -z "$left" ] || die "left behind on $host: $left"
done
good "no daemon, device, route or rule is left"

printf '\ndemo: ok\n'
