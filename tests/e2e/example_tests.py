"""The examples with real daemons, and README.md's transcripts compared with what is really said."""

import os
import re
import shutil

from gateway import expect, ip
from tests import test

TREE = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
FRESH = "0sqTq0VFw2nNwn3C3BtV1mWJrYkGZ4q9d0b6m8ycTqKkU="  # in the place of the secrets that readers have to replace

# Folder, who calls, who is called, what is pinged from where (outer addresses are those of the examples), key exchanges, quantum-safe.
# fmt: off
EXAMPLES = [
    ("site-to-site",       "north",      "south",   "10.1.0.1",     "10.2.0.1",      "CURVE_25519 + ML_KEM_768", True),
    ("three-rounds",       "north",      "south",   "10.1.0.1",     "10.2.0.1",      "CURVE_25519 + ML_KEM_768 + ECP_384", True),
    ("classical-fallback", "old-branch", "gateway", "10.64.1.1",    "10.0.0.1",      "ECP_256", False),
    ("classical-fallback", "new-branch", "gateway", "10.64.2.1",    "10.0.0.1",      "CURVE_25519 + ML_KEM_768", True),
    ("ipv6",               "north",      "south",   "2001:db8:1::1", "2001:db8:2::1", "CURVE_25519 + ML_KEM_768", True),
    ("roadwarrior",        "alice",      "gateway", "10.3.0.7",     "10.2.0.1",      "CURVE_25519 + ML_KEM_768", True),
]
# fmt: on


class Addresses:
    """Of the examples, on the two hosts, for as long as the block runs."""

    def __init__(self, left, right, inner=()):
        self.all = [(left, "192.0.2.1/24", "wire"), (right, "192.0.2.2/24", "wire"), (left, "2001:db8::1/64", "wire"), (right, "2001:db8::2/64", "wire")]
        self.all += [(host, address + ("/128" if ":" in address else "/32"), "lo") for host, address in zip((left, right), inner)]

    def __enter__(self):
        self.all = [row for row in self.all if row[0].run("ip", "address", "show", "to", row[1].split("/")[0])[1] == ""]
        for host, address, device in self.all:
            ip(f"-n {host.name} address add {address} dev {device}" + (" nodad" if ":" in address else ""))

    def __exit__(self, *_):
        for host, address, device in self.all:
            ip(f"-n {host.name} address delete {address} dev {device}")


def launch(gateway, folder):
    """The example as it stands, with a secret of one's own."""
    shutil.rmtree(gateway.dir, ignore_errors=True)
    shutil.copytree(os.path.join(TREE, "examples", folder), gateway.dir)
    gateway.write("swanctl.conf", re.sub(r'"put 32 random octets here: [^"]*"', FRESH, gateway.conf()))
    status, output = gateway.braid("check", "--strict", gateway.dir)
    expect(status == 0, output)
    gateway.launch()


def ping(gateway, ours, theirs):
    status, output = gateway.run("ping", "-c", "3", "-i", "0.1", "-W", "10", "-I", ours, theirs)
    expect(status == 0, f"no ping through the tunnel: {output}")


@test
def every_example_is_started(left, right):
    tried = {(folder, side) for folder, near, far, *_ in EXAMPLES for side in (near, far)}
    there = {(folder, side) for folder in os.listdir(f"{TREE}/examples") for side in os.listdir(f"{TREE}/examples/{folder}")}
    expect(tried == there, f"not tried: {there - tried}")
    for folder, near, far, ours, theirs, kex, safe in EXAMPLES:
        with Addresses(left, right, (ours, theirs)):
            launch(right, f"{folder}/{far}")
            launch(left, f"{folder}/{near}")
            output = left.up()
            expect(f"up: {kex}, {'' if safe else 'NOT '}quantum-safe" in output, f"{folder}/{near}: {output}")
            ping(left, ours, theirs)
            ping(right, theirs, ours)
            left.stop()
            right.stop()


# ---- README.md -----------------------------------------------------------------------------------


def transcripts():
    """What stands behind each `# command` of the README's blocks, up to the next one."""
    with open(f"{TREE}/README.md", encoding="utf-8") as file:
        blocks = re.findall(r"^```\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)
    found = {}
    for block in blocks:
        for command, output in re.findall(r"^# (braid\b.*)\n((?:(?!# ).*\n)*)", block, re.MULTILINE):
            found[command] = output
    return found


def without_figures(text):
    """Times, sizes and counts differ from run to run, times in their units, too ("58 min", "1 h 2 min"); so do the blanks that line them up."""
    text = re.sub(r"\d[\d.]* (?:ms|s|min|h)\b(?: \d+ (?:s|min|h)\b)*", "N s", text)
    text = re.sub(r"\d[\d.]*(?= (B|kB|MB|packets|datagrams|times)\b)", "N", text)
    return re.sub(r" +", " ", text).strip().splitlines()


def expect_shown(shown, command, real):
    """Line by line; a line `...` in the README leaves some out."""
    expect(command in shown, f"README.md has no `{command}`")
    wanted, said = without_figures(shown[command]), without_figures(real)
    position = 0
    for line in wanted:
        if line.strip() == "...":
            following = wanted[wanted.index(line) + 1]
            while position < len(said) and said[position] != following:
                position += 1
            continue
        expect(position < len(said) and said[position] == line, f"README.md says of `{command}`:\n{line}\nand really it says:\n{real}")
        position += 1
    expect(position == len(said), f"README.md leaves out what `{command}` says at the end:\n{real}")


@test
def the_readmes_certificates_are_three_commands(left, _):
    shown = transcripts()
    folder = os.path.join(left.dir, "pki")
    os.makedirs(folder, exist_ok=True)
    commands = [command for command in shown if command.startswith("braid pki")]
    expect(len(commands) == 3, f"README.md has {commands}")
    for command in commands:
        _, output = left.run("sh", "-c", f"cd {folder} && {os.path.abspath(left.programs)}/{command}")
        expect_shown(shown, command, output)


@test
def the_readme_shows_what_is_really_said(left, right):
    shown = transcripts()
    with Addresses(left, right):
        launch(right, "site-to-site/south")
        launch(left, "site-to-site/north")
        _, output = left.braid("check", left.dir)
        expect_shown(shown, "braid check", output.replace(left.dir, "/etc/braid"))
        expect_shown(shown, "braid up net", left.up())
        ping(left, left.inner[4], right.inner[4])
        expect_shown(shown, "braid list", right.braid("list")[1])
        left.stop()
        right.stop()
    _, output = left.run("sh", "-c", f"cd {TREE}/tests/e2e/readme && {os.path.abspath(left.programs)}/braid check office")
    expect_shown(shown, "braid check office", output)
    right.start(ike="aes128-sha256-ecp256")
    left.start(ike="aes256gcm16-prfsha384-prfsha256-x25519-ecp256")
    left.braid("up", "net")
    left.braid("up", "net")
    _, output = right.braid("explain", "last")
    expect_shown(shown, "braid explain last", output)
