"""The daemons under test, all with one face: start, up, expect_chosen, expect_no_sas, down, stop.

strongSwan and braid read the same swanctl.conf and answer the same swanctl.
"""

import os
import shutil
import signal
import socket
import subprocess
import time

import vici
from proofs import prepare
from scenarios import reported, without_key_exchange
from world import PATIENCE, PEER_ROOT, Trouble

SWANCTL_CONF = """\
connections {{
    gateway {{
        version = 2
        local_addrs = {local}
        remote_addrs = {remote}
        proposals = {ike}
        fragmentation = {fragmentation}
        encap = {encap}
        dpd_delay = {dpd}s
        {conn_more}
        {more}
        local {{
            auth = {local_auth}
            id = {local_id}
            {local_more}
        }}
        remote {{
            auth = {remote_auth}
            id = {remote_id}
            {remote_more}
        }}
        children {{
            net {{
                local_ts = {local_ts}
                remote_ts = {remote_ts}
                esp_proposals = {esp}
            }}
            second {{
                local_ts = {second_local_ts}
                remote_ts = {second_remote_ts}
                esp_proposals = {esp}
            }}
            third {{
                local_ts = {third_local_ts}
                remote_ts = {third_remote_ts}
                esp_proposals = {esp}
            }}
        }}
    }}
}}
secrets {{
    ike-peer {{
        {secret_id}
        secret = "{psk}"
    }}
    {secrets_more}
}}
"""

# The whole of strongSwan on one page: crypto from OpenSSL, ESP in user space.
STRONGSWAN_CONF = """\
charon-systemd {{
    fragment_size = {fragments}
    make_before_break = {make_before_break}
    retransmit_timeout = 2
    half_open_timeout = 20
    {more}
    filelog {{ stderr {{ default = 1
        time_format = %H:%M:%S
        time_precision = ms }} }}
    load = random nonce openssl x509 revocation curl pem pkcs1 pkcs8 pubkey kdf kernel-libipsec kernel-netlink socket-default vici
    plugins {{ vici {{ socket = unix://{vici} }} }}
}}
"""


# What the only scenario with OpenIKED says, in its own words.
IKED_CONF = """\
ikev2 "gateway" {mode} esp from {local_ts} to {remote_ts} local {local} peer {remote} \\
    ikesa enc aes-256 prf hmac-sha2-256 auth hmac-sha2-256 group curve25519 \\
    childsa enc aes-256 auth hmac-sha1 noesn \\
    srcid {local_id} dstid {remote_id} psk "{psk}"
"""

NOTHING = "(nothing)"


class Daemon:
    """Subclasses say how to start the program, how to bring a tunnel up and down, what there is."""

    builds = ""  # where `braid pki` is
    carries_packets = True
    can_end = True  # a tunnel, when asked to
    configuration = "swanctl.conf", SWANCTL_CONF
    socket_name = "vici"

    def __init__(self, host, who):
        self.host = host
        self.who = who  # "us" or "peer", as the steps of the scenarios say
        self.control = os.path.join(host.directory, self.socket_name)
        self.log_path = os.path.join(host.directory, "log")
        self.process = None
        self.special = {}  # of the configuration: values that are neither the scenario's nor the usual ones
        self.settings = ""  # more lines for strongswan.conf or braid.conf

    def trouble(self, text):
        return Trouble(f"{self.host.name} ({type(self).__name__}): {text}")

    def write(self, name, text):
        path = os.path.join(self.host.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o600)

    def start(self, scenario, other, ike, psk, initiates):
        """`other` is the host of the peer; `ike` and `psk` are this side's."""
        shutil.rmtree(self.host.directory, ignore_errors=True)
        os.makedirs(self.host.directory)
        proof = prepare(self.builds, scenario.proof, self.host, other, self.who == "peer")
        self.launch(scenario, {**dict(
            mode="active" if initiates else "passive",
            local=self.host.outer[scenario.outer], remote=other.outer[scenario.outer],
            local_ts=self.host.subnet, remote_ts=other.subnet, dpd=int(self.checks_in(scenario)),
            second_local_ts=self.host.second_subnet, second_remote_ts=other.second_subnet,
            third_local_ts=self.host.third_subnet, third_remote_ts=other.third_subnet,
            more=scenario.conn + "\n" + (scenario.our_conn if self.who == "us" else ""),
            ike=ike, esp=scenario.esp, psk=psk, encap=scenario.encap,
            fragmentation="yes" if scenario.fragments else "no"), **proof, **self.special})

    def launch(self, scenario, values):
        name, template = self.configuration
        self.write(name, template.format(**values))
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(self.host.command(*self.program(scenario)), stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=subprocess.STDOUT)
        self.wait_for("its control socket", self.listens)

    def checks_in(self, scenario):
        """Is this the side that looks whether the other is alive, in a pause of the traffic?"""
        return any(step == f"check by {self.who}" for step in scenario.then)

    def listens(self):
        if self.process.poll() is not None:
            raise self.trouble(f"ended with status {self.process.returncode}")
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(self.control) == 0

    def wait_for(self, what, is_there):
        end = time.monotonic() + PATIENCE
        while not is_there():
            if time.monotonic() > end:
                raise self.trouble(f"no sign of {what} after {PATIENCE} s")
            time.sleep(0.02)

    def swanctl(self, *arguments):
        return self.host.run(*PEER_ROOT, "env", f"SWANCTL_DIR={self.host.directory}", "swanctl", *arguments, "--uri", f"unix://{self.control}")

    def sas(self):
        """The IKE SAs as the control socket reports them, each a dict; the Child SAs are in "child-sas"."""
        with self.client() as client:
            return client.sas()

    def expect_chosen(self, scenario):
        """There is one IKE SA with one Child SA, and both have exactly the algorithms they should."""
        sas = self.sas()
        if len(sas) != 1:
            raise self.trouble(f"{len(sas)} IKE SAs, not one")
        children = list(sas[0].get("child-sas", {}).values())
        if len(children) != 1:
            raise self.trouble(f"{len(children)} Child SAs, not one")
        self.expect_reported(sas[0], scenario.chosen or scenario.ike)
        self.expect_reported(children[0], scenario.esp if scenario.first_child_is_fresh else without_key_exchange(scenario.esp))

    def expect_reported(self, sa, proposal):
        expected = reported(proposal)
        fields = expected.keys() | {field for field in sa if field.startswith(("ake", "dh-group"))}
        for field in sorted(fields):
            if sa.get(field) != expected.get(field):
                raise self.trouble(f"{field} is {sa.get(field, NOTHING)}, not {expected.get(field, NOTHING)}")

    def client(self):
        return vici.Client(self.control)

    def request(self, command, **arguments):
        """Of the control socket itself: quicker than swanctl."""
        with self.client() as client:
            answer = client.call(command, **arguments)
        if answer.get("success") != "yes":
            raise self.trouble(f"{command} {arguments}: {answer}")

    def settled(self):
        """The IKE SA and its Child SAs by name, when there is one that is up with one of each name; else None."""
        sas = self.sas()
        up = [sa for sa in sas if sa["state"] == "ESTABLISHED"]
        if len(up) != 1 or len(sas) != 1:
            return None
        children = [child for child in up[0]["child-sas"].values() if child["state"] not in ("REKEYED", "DELETED", "DELETING")]
        names = [child["name"] for child in children]
        if len(set(names)) != len(names) or any(child["state"] != "INSTALLED" for child in children):
            return None
        return up[0], dict(zip(names, children))

    def expect_no_sas(self):
        self.wait_for("the end of its SAs", lambda: not self.sas())

    def log(self):
        if not os.path.exists(self.log_path):
            return ""
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def stop(self):
        """Ends the daemon politely and returns its exit status."""
        if not self.process:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise self.trouble("does not end on SIGTERM") from None


class Strongswan(Daemon):
    def program(self, scenario):
        self.write("strongswan.conf", STRONGSWAN_CONF.format(fragments=scenario.fragments or 1280, vici=self.control,
                                                              make_before_break=scenario.make_before_break,
                                                              more=self.settings))
        return [*PEER_ROOT, "env", f"STRONGSWAN_CONF={self.host.directory}/strongswan.conf", "/usr/sbin/charon-systemd"]

    def launch(self, *arguments):
        super().launch(*arguments)
        status, output = self.swanctl("--load-all", "--file", f"{self.host.directory}/swanctl.conf")
        if status != 0:
            raise self.trouble(f"does not load its configuration: {output}")

    checked = "sending DPD request", "parsed INFORMATIONAL response"  # in its log, for each check and its answer

    def up(self):
        return self.swanctl("--initiate", "--child", "net", "--timeout", str(PATIENCE))

    def down(self):
        return self.swanctl("--terminate", "--ike", "gateway", "--timeout", str(PATIENCE))


class Braid(Daemon):
    programs = ""  # the directory of braidd and braid
    checked = ("exchange=INFORMATIONAL",)  # logged when there is the answer

    def program(self, scenario):
        self.write("braid.conf", f"engine {{\n    fragment_size = {scenario.fragments}\n"
                                 f"    make_before_break = {scenario.make_before_break}\n{self.settings}\n}}\nlog {{\n    ike = debug\n}}\n")
        return [f"{self.programs}/braidd", "-c", self.host.directory, "-r", self.host.directory]

    def braid(self, *arguments):
        return self.host.run(f"{self.programs}/braid", "-r", self.host.directory, *arguments)

    def up(self):
        return self.braid("up", "net")

    def down(self):
        return self.braid("down", "gateway")


class Openiked(Daemon):
    """OpenIKED's Linux port sets up ESP in UDP but does not receive it, so no packets here."""

    carries_packets = False
    can_end = False
    configuration = "iked.conf", IKED_CONF
    socket_name = "iked.sock"

    def program(self, _scenario):
        return [*PEER_ROOT, "iked", "-d", "-v", "-f", f"{self.host.directory}/iked.conf", "-s", self.control]

    def sas(self):
        _, output = self.host.run(*PEER_ROOT, "ikectl", "-s", self.control, "show", "sa")
        return [line for line in output.splitlines() if line.startswith(("iked_sas", "iked_activesas"))]

    def expect_chosen(self, _scenario):
        # It does not report algorithms; its configuration allows only those of the scenario.
        sas = self.sas()
        if not (sas and "ESTABLISHED" in sas[0] and sum(" ESP " in line for line in sas) == 2):
            raise self.trouble(f"not one IKE SA and a pair of ESP SAs: {sas}")

    def up(self):
        """It initiates by itself, as its configuration says "active"."""
        self.wait_for("an SA", lambda: any("ESTABLISHED" in line for line in self.sas()))
        return 0, ""
