"""What `braid` says about connections, against real daemons."""

import json
import os
import re
import shutil
import signal
import subprocess
import time

from gateway import BOX, IMPATIENT, PATIENCE, expect, wait_for
from tests import test


def explained(gateway, *what):
    """The one connection `braid explain --json` speaks of."""
    status, output = gateway.braid("explain", *what, "--json")
    expect(status == 0, f"{gateway.name}: {output}")
    (conn,) = json.loads(output)["connections"]
    return conn


@test
def explain_names_the_transform_type_without_a_match(left, right):
    right.start(ike="aes128-sha256-ecp256")
    left.start()
    left.braid("up", "net")
    left.braid("up", "net")
    failure = explained(right, "last")["failures"]["1"]
    expect(failure["reason"] == "NO_PROPOSAL" and failure["mismatch"] == "ENCR", str(failure))
    expect(failure["times"] == 2, str(failure))
    expect(failure["transforms"]["KE"]["match"] == "ECP_256", str(failure))
    expect(failure["offer-there"] == "aes128-prfsha256-sha256-ecp256", str(failure))
    ours = explained(left, "site")["failures"]["1"]
    expect(ours["notify"] == "NO_PROPOSAL_CHOSEN" and ours["offered"], str(ours))
    status, output = right.braid("explain", left.outer[4])
    expect(status == 0 and "nothing in common: ENCR, INTEG, KE1" in output, output)
    # What it suggests works.
    left.stop()
    left.start(ike=failure["offer-there"])
    left.up()
    expect(explained(right, "site")["up"], "not up")


@test
def explain_compares_selectors_and_ciphers_of_a_child(left, right):
    right.start(local_ts="10.77.0.0/16")
    left.start()
    left.braid("up", "net")
    failure = explained(right, "last")["failures"]["1"]
    expect(failure["accepted-local-ts"] == ["10.77.0.0/16"], str(failure))
    expect("10.2.0.0/24" in failure["offered-local-ts"], str(failure))
    left.stop()
    right.stop()
    right.start(esp="aes256-sha256")
    left.start()
    left.braid("up", "net")
    failure = explained(right, "last")["failures"]["1"]
    expect(failure["mismatch"] == "ENCR" and "KE" not in failure["transforms"], str(failure))


@test
def explain_tells_of_cookies_and_other_key_exchanges(left, right):
    right.configure(ike="aes256gcm16-prfsha384-ecp384")
    right.write("braid.conf", "engine { cookie_threshold = 0\n half_open_timeout = 30s }\n")
    right.launch()
    left.start(ike="aes256gcm16-prfsha384-x25519-ecp384")
    left.up()
    success = explained(left, "site")["success"]
    facts = {key: success.get(key) for key in ("cookie", "method-asked", "local-id", "identity", "local-auth", "remote-auth", "fragmentation")}
    expect(facts == {"cookie": "yes", "method-asked": "ECP_384", "local-id": "left.example", "identity": "right.example", "local-auth": "PSK",
                     "remote-auth": "PSK", "fragmentation": "yes"}, str(success))
    expect(explained(right, "site")["success"]["cookie"] == "yes", "not told")


@test
def list_shows_what_is_down_and_why(left, right):
    left.start(**IMPATIENT)
    left.braid("up", "net")
    status, output = left.braid("list")
    expect(status == 0 and "site  DOWN  no answer from the peer" in output, output)
    expect("4 transmissions to 10.9.0.2:500" in explained(left, "site")["failures"]["1"]["detail"], "no detail")


@test
def alerts_carry_the_facts(left, right):
    right.start(ike="aes128-sha256-ecp256")
    left.start()
    with right.client() as client:
        client.register("alert")
        left.braid("up", "net")
        client.call("version")
        alerts = [message for name, message in client.events if name == "alert"]
    expect(alerts and alerts[0]["type"] == "proposal-mismatch-ike" and alerts[0]["mismatch"] == "ENCR" and alerts[0]["transforms"]["ENCR"]["accepted"] == ["AES_CBC_128"], str(alerts))


@test
def audit_judges_what_is_up(left, right):
    right.start(ike="aes256gcm16-prfsha256-x25519", psk="a secret of decent length")
    left.start(ike="aes256gcm16-prfsha256-x25519", psk="a secret of decent length")
    left.up()
    status, output = left.braid("audit", left.dir, "--json")
    rows = {(row["kind"], row["name"]): row for row in json.loads(output)["audited"]}
    expect(status == 1, output)
    expect(rows["ike-sa", "site #1"]["recorded"] == "unsafe" and rows["ike-sa", "site #1"]["authentication"] == "safe", output)
    expect(rows["child-sa", "site/net #1"]["missing"], output)
    left.stop()
    right.stop()
    right.start(psk="a secret of decent length")
    left.start(psk="a secret of decent length")
    left.up()
    status, output = left.braid("audit", left.dir)
    expect(status == 0 and "site/net #1" in output, output)


@test
def diff_says_what_a_reload_would_do(left, right):
    right.start()
    left.start()
    left.up()
    status, output = left.braid("diff")
    expect(status == 0 and output == "a reload would change nothing\n", output)
    left.configure(more="dpd_delay = 7s")
    status, output = left.braid("diff")
    expect(status == 0 and "~ connections.site.dpd_delay   (in use by SA #1" in output, output)
    expect("0s" in output and "7s" in output, output)
    left.configure(conn="other")
    status, output = left.braid("diff", left.dir, "--json")
    changes = json.loads(output)["changes"]
    expect([(change["kind"], change["conn"]) for change in changes.values()] == [("add", "other"), ("remove", "site")], output)
    expect(changes["2"]["ike-sas"] == ["1"], output)
    left.configure(ike="nonsense")
    status, output = left.braid("diff")
    expect(status == 1 and "nonsense" in output and "a reload would change nothing" in output, output)
    expect(left.braid("reload")[0] == 1 and left.braid("conns")[1].startswith("site"), "half loaded")


@test
def diff_names_secrets_and_settings_of_the_daemon(left, right):
    right.start()
    left.start()
    left.up()
    left.configure(psk="quiteBd7xpLr6Yd1HcNq", secrets="ike-new { secret = zpWq8xKt4Vn0Lc5RyB }")
    left.write("braid.conf", "engine { retransmit_timeout = 2s\n retransmit_tries = 5\n half_open_timeout = 30s }\n"
                             "network { port = 5500 }\nlog { ike = debug }\nplane { type = tun }\n")
    status, output = left.braid("diff")
    expect(status == 0, output)
    for part in ("~ secrets.ike-peer.secret   (not shown)   (in use by SA #1", "+ secrets.ike-new\n",
                 "~ network.port   (when braidd is started again)\n      500\n", "~ log.ike\n      info\n"):
        expect(part in output, f"no {part!r} in {output}")
    expect("pLr6Yd1HcNq" not in output and "zpWq8" not in output, output)
    status, output = left.braid("diff", "--json")
    expect("pLr6Yd1HcNq" not in output and "zpWq8" not in output, output)
    expect(left.braid("reload")[0] == 0, "not loaded")
    status, output = left.braid("diff")
    expect("secrets" not in output and "log.ike" not in output and "network.port" in output, output)


@test
def diff_names_certificates(left, right):
    out = os.path.join(BOX, "renewed")
    status, output = left.braid("new", "site-to-site", "--left", left.outer[4], "--right", right.outer[4], "--left-net", "10.1.0.0/24",
                                "--right-net", "10.2.0.0/24", "--auth", "mldsa44", "--out", out)
    expect(status == 0, output)
    take_pair(left, f"{out}/left")
    expect(left.braid("diff")[1] == "a reload would change nothing\n", left.braid("diff")[1])
    for folder in ("x509", "private"):
        os.remove(f"{left.dir}/{folder}/left.pem")
    status, output = left.braid("pki", "issue", "--dir", f"{out}/ca", "--type", "mldsa87", "--id", "left.example.org", "--name", "left", "--out", left.dir)
    expect(status == 0, output)
    left.write("swanctl.conf", left.conf().replace("auth = mldsa44", "auth = mldsa87", 1))
    status, output = left.braid("diff")
    for part in ("~ connections.site-to-site.local.auth", "- certificate CN=left.example.org (ML-DSA-44, until ", "+ certificate CN=left.example.org (ML-DSA-87, until ",
                 "- private key ML-DSA-44, ", "+ private key ML-DSA-87, "):
        expect(part in output, f"no {part!r} in {output}")
    expect(output.count("certificate") == 2, output)  # the CA is the same
    expect(left.braid("reload")[0] == 0 and left.braid("diff")[1] == "a reload would change nothing\n", left.braid("diff")[1])


@test
def a_reload_that_fails_changes_nothing(left, right):
    """Neither connections nor secrets nor levels, be the mistake in a file of either kind or in a certificate's name."""
    right.start()
    left.start()
    mistakes = (
        ("ike = nonsense", {"ike": "nonsense"}, ""),
        ("a certificate that is not there", {"local_auth": "pubkey", "local_more": "certs = gone.pem"}, ""),
        ("braid.conf", {}, "engin { }\n"),
    )
    for what, changes, more in mistakes:
        left.configure(psk="quite another", conn="other", secrets="ike-new { secret = x }", **changes)
        left.write("braid.conf", "log { ike = debug }\n" + more)
        status, output = left.braid("diff")
        expect(status == 1 and "a reload would change nothing" in output, f"{what}: {output}")
        expect(left.braid("reload")[0] == 1, f"{what}: loaded")
        with left.client() as client:
            expect(client.call("get-shared")["keys"] == ["ike-peer"], f"{what}: secrets")
        expect(left.braid("conns")[1].startswith("site"), f"{what}: connections")
        left.up()  # with the old secret
        left.braid("down", "site")
        expect("level=debug" not in left.log(), f"{what}: levels")


def take_pair(gateway, folder):
    """A folder that `braid new` wrote becomes the configuration of a gateway."""
    shutil.rmtree(gateway.dir, ignore_errors=True)
    gateway.configure()
    shutil.copytree(folder, gateway.dir, dirs_exist_ok=True)
    gateway.launch()


def try_pair(left, right, kind, auth):
    """What `braid new` writes is audited, started, and carries pings. Gives what the audit says of the connection."""
    out = os.path.join(BOX, f"{kind}-{auth}")
    addresses = {
        "site-to-site": ("left", "right", ["--left", left.outer[4], "--right", right.outer[4], "--left-net", "10.1.0.0/24", "--right-net", "10.2.0.0/24"]),
        "roadwarrior": ("alice", "gateway", ["--gateway", right.outer[4], "--net", "10.2.0.0/24", "--address", "10.1.0.1/32", "--user", "alice"]),
    }
    near, far, options = addresses[kind]
    status, output = left.braid("new", kind, *options, "--auth", auth, "--out", out)
    expect(status == 0 and f"{out}/{near}" in output and f"{out}/{far}" in output, output)
    status, output = left.braid("check", "--strict", os.path.join(out, near))
    expect(status == 0, output)
    _, output = left.braid("audit", "--json", os.path.join(out, near))
    take_pair(right, os.path.join(out, far))
    take_pair(left, os.path.join(out, near))
    left.up()
    left.ping()
    left.stop()
    right.stop()
    return json.loads(output)["audited"][0]


@test
def new_writes_pairs_that_come_up(left, right):
    for kind in ("site-to-site", "roadwarrior"):
        for auth, safe in (("psk", "safe"), ("cert", "safe"), ("mldsa87", "safe"), ("ed25519", "unsafe"), ("ecdsa384", "unsafe")):
            row = try_pair(left, right, kind, auth)
            expect(row["recorded"] == "safe" and row["authentication"] == safe, f"{kind} {auth}: {row}")


@test
def up_can_be_interrupted_and_ended(left, _right):
    left.start(first="60s")
    waiting = subprocess.Popen(left.braid_command("up", "net"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    wait_for("an SA", lambda: left.sas())
    waiting.send_signal(signal.SIGINT)
    output, _ = waiting.communicate(timeout=PATIENCE)
    expect(waiting.returncode == 130 and "the daemon goes on trying: `braid down NAME` ends that" in output, f"{waiting.returncode}: {output}")
    expect(left.sas(), "the daemon gave up, too")
    status, output = left.braid("down", "site")
    expect(status == 0 and not left.sas(), output)


@test
def colour_is_for_terminals(left, right):
    """And a reader that has seen enough ends a command quietly."""
    right.start()
    left.start()
    left.up()
    listing = " ".join(left.braid_command("list")[4:])
    for environment, coloured in (("TERM=xterm", True), ("TERM=xterm NO_COLOR=1", False), ("TERM=dumb", False)):
        status, output = left.run("script", "-qec", f"env {environment} {listing}", "/dev/null")
        expect(status == 0 and ("\x1b[" in output) == coloured, f"{environment}: {output!r}")
    expect("\x1b[" not in left.braid("list")[1], "colour in a pipe")
    status, output = left.run("bash", "-c", f"{' '.join(left.braid_command('keys')[4:])} | head -n 1; echo ${{PIPESTATUS[0]}}")
    expect(output.splitlines()[1:] in (["0"], ["141"]), output)


def members(value, open_names):
    """Names of all members; of an object whose names are not fixed only what is inside."""
    if isinstance(value, list):
        return set().union(*(members(item, open_names) for item in value))
    if not isinstance(value, dict):
        return set()
    found = set(value)
    for name, member in value.items():
        inside = members(member, open_names)
        found |= inside - set(member) if name in open_names and isinstance(member, dict) else inside
        if name in open_names and isinstance(member, dict):
            found |= set().union(*(set(item) for item in member.values() if isinstance(item, dict)))
    return found


@test
def every_member_of_the_json_is_documented(left, right):
    with open(os.path.join(os.path.dirname(__file__), "../../docs/json.md"), encoding="utf-8") as page:
        documented = set(re.findall(r"`([^`]+)`", page.read())) | {f"ake{number}" for number in range(1, 8)}
    right.start(ike="aes128-sha256-ecp256")
    left.start()
    left.braid("up", "net")
    right.stop()
    right.start()
    left.up()
    left.ping()
    left.braid("rekey", "net")
    left.configure(more="dpd_delay = 7s", psk="weak")
    for command in (["list"], ["explain"], ["diff"], ["version"], ["algs"], ["check", left.dir], ["audit", left.dir]):
        _, output = left.braid(*command, "--json")
        told = json.loads(output[output.index("{"):])
        expect(told["schema"] == 1, output)
        unknown = members(told, ("child-sas", "failures", "changes", "transforms")) - documented
        expect(not unknown, f"{command[0]}: not in docs/json.md: {sorted(unknown)}")


@test
def monitor_shows_what_happens(left, right):
    right.start()
    left.start()
    with open(os.path.join(BOX, "monitored"), "w+", encoding="utf-8") as seen:
        watcher = subprocess.Popen(left.braid_command("monitor"), stdout=seen, stderr=seen)
        try:
            for _ in range(10):  # events from before it registered are not shown
                expect(not left.braid("up", "net")[0], "not up")
                left.braid("down", "site")
                if "down    site #" in open(seen.name, encoding="utf-8").read():
                    break
                time.sleep(0.3)
            left.braid("up", "net")
            left.braid("down", "site")
            wait_for("all events", lambda: open(seen.name, encoding="utf-8").read().count("down    site #") > 1)
        finally:
            watcher.kill()
            watcher.wait()
        text = open(seen.name, encoding="utf-8").read()
    for part in ("up      site #", "up      site/net #", "down    site/net #", "CURVE_25519 + ML_KEM_768"):
        expect(part in text, text)


@test
def the_log_can_be_json_lines(left, right):
    left.configure(**IMPATIENT)
    with open(os.path.join(left.dir, "braid.conf"), "a", encoding="utf-8") as file:
        file.write("log { format = json }\n")
    left.launch()
    left.braid("up", "net")
    left.stop()
    lines = [json.loads(line) for line in left.log().splitlines() if line.startswith("{")]
    expect(any(line["event"] == "ike-down" and line["reason"] == "TIMEOUT" for line in lines), left.log())


@test
def mistakes_at_start_are_lines_of_the_log(left, _right):
    """In a journal each with its priority, as JSON each an object; for people with the line they are about."""
    left.configure(ike="nonsense", psk="weak")
    status, output = left.run("env", "JOURNAL_STREAM=1:1", *left.braidd())
    lines = output.splitlines()
    expect(status == 78 and all(re.match(r"<[34]>level=(error|warn) sub=config event=", line) for line in lines) and len(lines) >= 3, output)
    status, output = left.run(*left.braidd("--json"))
    events = [json.loads(line)["event"] for line in output.splitlines()]
    expect(status == 78 and events[-1] == "not-loaded" and set(events[:-1]) == {"problem"}, output)
    status, output = left.run(*left.braidd())
    expect(status == 78 and "^~~~" in output, output)


@test
def a_connection_that_must_be_quantum_safe_refuses_what_is_not(left, right):
    right.start(ike="aes256gcm16-prfsha256-x25519")
    left.start(more="quantum_safe = required")
    left.fail_up("(?i)no proposal chosen")
    left.configure(more="quantum_safe = required", ike="aes256gcm16-prfsha256-x25519")
    status, output = left.braid("reload")
    expect(status == 1 and "quantum_safe = required" in output, output)
