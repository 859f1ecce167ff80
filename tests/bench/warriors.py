"""Many road warriors and the gateway they ask: a braidd with a connection for each, and a gateway for them all.

Every warrior has a name of its own; all have one pre-shared key, x25519 + ML-KEM-768 and one Child
SA, with ESP in user space, quiet logs and no cookies.  strongSwan's tables are sized as for a large
gateway.
"""

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

from daemons import Braid, Strongswan
from world import PEER_ROOT, Trouble

IKE = "aes256gcm16-prfsha384-x25519-ke1_mlkem768"
ESP = "aes256gcm16-x25519-ke1_mlkem768"
AT_ONCE = 16

CONN = """\
connections {{
    {name} {{
        version = 2
        local_addrs = {local}
        remote_addrs = {remote}
        proposals = {ike}
        unique = never
        local {{
            auth = psk
            id = {local_id}
        }}
        remote {{
            auth = psk
            id = {remote_id}
        }}
        children {{
            {name} {{
                local_ts = {local_ts}
                remote_ts = {remote_ts}
                esp_proposals = {esp}
            }}
        }}
    }}
}}
"""
SECRET = """\
secrets {
    ike {
        secret = "one secret for everybody, of enough entropy"
    }
}
"""
BRAID_CONF = """\
engine {
    cookie_threshold = 1000000
    half_open_per_source = 4096
}
log {
    default = warning
}
"""
STRONGSWAN_CONF = """\
charon-systemd {{
    ikesa_table_size = 4096
    ikesa_table_segments = 64
    cookie_threshold = 0
    block_threshold = 0
    filelog {{ stderr {{ default = -1 }} }}
    load = random nonce openssl pem pkcs1 pkcs8 pubkey kdf kernel-libipsec kernel-netlink socket-default vici
    plugins {{ vici {{ socket = unix://{vici} }} }}
}}
"""


class QuietStrongswan(Strongswan):
    def program(self, scenario):
        self.write("strongswan.conf", STRONGSWAN_CONF.format(vici=self.control))
        return [*PEER_ROOT, "env", f"STRONGSWAN_CONF={self.host.directory}/strongswan.conf", "/usr/sbin/charon-systemd"]


class QuietBraid(Braid):
    def program(self, scenario):
        self.write("braid.conf", BRAID_CONF)
        return [f"{self.programs}/braidd", "-c", self.host.directory, "-r", self.host.directory]


def launch(daemon, configuration):
    """The daemon with this swanctl.conf."""
    shutil.rmtree(daemon.host.directory, ignore_errors=True)
    os.makedirs(daemon.host.directory)
    daemon.write("swanctl.conf", configuration)
    with open(daemon.log_path, "w", encoding="utf-8") as log:
        daemon.process = subprocess.Popen(daemon.host.command(*daemon.program(None)), stdin=subprocess.DEVNULL,
                                          stdout=log, stderr=subprocess.STDOUT)
    daemon.wait_for("its control socket", daemon.listens)
    if isinstance(daemon, Strongswan):
        status, output = daemon.swanctl("--load-all", "--file", f"{daemon.host.directory}/swanctl.conf")
        if status != 0:
            raise daemon.trouble(f"does not load its configuration: {output}")


def gateway_conf(left, right):
    return CONN.format(name="warriors", local=right.outer[4], remote=left.outer[4], ike=IKE, esp=ESP,
                       local_id=right.identity, remote_id="*.warriors.example", local_ts=right.subnet,
                       remote_ts="10.128.0.0/9") + SECRET


def warriors_conf(left, right, count):
    conns = [CONN.format(name=f"w{i}", local=left.outer[4], remote=right.outer[4], ike=IKE, esp=ESP,
                         local_id=f"w{i}.warriors.example", remote_id=right.identity,
                         local_ts=f"10.{128 + (i >> 16)}.{i >> 8 & 255}.{i & 255}/32",
                         remote_ts=right.subnet) for i in range(count)]
    return "".join(conns) + SECRET


def set_up_all(initiator, first, end):
    """The warriors with these numbers, several at a time."""
    def set_up(number):
        with initiator.client() as client:
            answer = client.call("initiate", ike=f"w{number}", child=f"w{number}", timeout="20000")
            return "" if answer.get("success") == "yes" else str(answer)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        failed = [text for text in pool.map(set_up, range(first, end)) if text]
    if failed:
        raise Trouble(f"{len(failed)} of {end - first} tunnels did not come up: {failed[0]}")
