"""Commands that are run when a Child SA comes and goes: what they are told, when, and what they cannot hold up."""

import os
import re
import time

from gateway import BOX, expect, wait_for
from tests import newest_ids, test

NOTE = """#!/bin/sh
{{ env; echo "WORD=$1"; pwd; ls -l /proc/$$/fd; echo "---"; }} >>{file}
echo "noted $PLUTO_VERB"
{more}
"""


class Script:
    """Appends what it is told to a file, once for each time it is run."""

    def __init__(self, name, more=""):
        self.path, self.file = os.path.join(BOX, f"{name}.sh"), os.path.join(BOX, f"{name}.told")
        for path in (self.path, self.file):
            if os.path.exists(path):
                os.unlink(path)
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(NOTE.format(file=self.file, more=more))
        os.chmod(self.path, 0o755)

    def told(self):
        if not os.path.exists(self.file):
            return []
        with open(self.file, encoding="utf-8") as file:
            blocks = file.read().split("---\n")[:-1]  # what stands behind the last one is still being written
        return [dict(line.split("=", 1) for line in block.splitlines() if re.match(r"\w+=", line)) | {"all": block} for block in blocks]

    def verbs(self):
        return [told["PLUTO_VERB"] for told in self.told()]

    def wait(self, count):
        wait_for(f"{count} runs of {self.path}, has {self.verbs()}", lambda: len(self.told()) >= count)
        return self.told()


@test
def updown_is_told_once_for_each_pair_of_selectors(left, right):
    script = Script("pairs")
    right.start()
    left.start(child=f"updown = {script.path} word\nhostaccess = yes")
    left.up()
    v4, v6 = script.wait(2)
    child = next(iter(left.sas()[0]["child-sas"].values()))
    wanted = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "WORD": "word", "PLUTO_VERSION": "1.1",
        "PLUTO_VERB": "up-client", "PLUTO_CONNECTION": "net", "PLUTO_INTERFACE": "wire", "PLUTO_PROTO": "esp",
        "PLUTO_REQID": child["reqid"], "PLUTO_UNIQUEID": left.sas()[0]["uniqueid"],
        "PLUTO_ME": left.outer[4], "PLUTO_MY_ID": "left.example", "PLUTO_MY_CLIENT": "10.1.0.0/24", "PLUTO_MY_PORT": "0", "PLUTO_MY_PROTOCOL": "0",
        "PLUTO_PEER": right.outer[4], "PLUTO_PEER_ID": "right.example", "PLUTO_PEER_CLIENT": "10.2.0.0/24", "PLUTO_PEER_PORT": "0",
        "PLUTO_PEER_PROTOCOL": "0", "PLUTO_HOST_ACCESS": "1", "BRAID_DEVICE": "braid0", "PLUTO_UDP_ENC": "4500",
    }
    for name, value in wanted.items():
        expect(v4.get(name) == value, f"{name} is {v4.get(name)} and not {value}")
    left_over = [name for name in v4 if name not in wanted and name not in ("all", "PWD", "OLDPWD", "SHLVL", "_")]
    expect(not left_over, f"more than it should be told: {left_over}")
    expect((v6["PLUTO_VERB"], v6["PLUTO_MY_CLIENT"], v6["PLUTO_PEER_CLIENT"]) == ("up-client-v6", "fd01::/64", "fd02::/64"), v6)
    expect("socket:" not in v4["all"] and "/dev/net/tun" not in v4["all"], f"it inherits what is braidd's: {v4['all']}")
    wait_for("its output in the log", lambda: "event=updown-output" in left.log() and "noted up-client-v6" in left.log())
    left.braid("down", "site")
    down = script.wait(4)[2:]
    expect([told["PLUTO_VERB"] for told in down] == ["down-client", "down-client-v6"], down)
    expect(down[0]["PLUTO_REQID"] == v4["PLUTO_REQID"] and down[0]["PLUTO_PEER_ID"] == "right.example", down[0])


@test
def updown_of_a_host_says_so(left, right):
    script = Script("host")
    for gateway in (right, left):
        gateway.start(local_ts="dynamic[udp/7000-7009]", remote_ts="dynamic[udp]", child=f"updown = {script.path}" if gateway is left else "")
    right.stop()
    right.start(local_ts="dynamic[udp]", remote_ts="dynamic[udp/7000-7009]")
    left.up()
    told = script.wait(1)[0]
    got = [told[name] for name in ("PLUTO_VERB", "PLUTO_MY_CLIENT", "PLUTO_MY_PORT", "PLUTO_MY_PROTOCOL", "PLUTO_PEER_PORT")]
    expect(got == ["up-host", f"{left.outer[4]}/32", "7000:7009", "17", "0"], got)


@test
def updown_runs_for_no_rekey_and_no_second_up(left, right):
    ours, theirs = Script("rekey-left"), Script("rekey-right")
    right.start(child=f"updown = {theirs.path}")
    left.start(child=f"updown = {ours.path}")
    left.up()
    ours.wait(2)
    before = newest_ids(left)
    for what in (("--ike", "site"), ("--child", "net")):
        status, output = left.braid("rekey", *what)
        expect(status == 0, output)
    left.up()  # it is there
    expect(newest_ids(left) != before, "nothing was rekeyed")
    status, output = left.braid("down", "site")
    expect(status == 0, output)
    for script in (ours, theirs):
        told = script.wait(4)
        expect(script.verbs() == ["up-client", "up-client-v6", "down-client", "down-client-v6"], script.verbs())
        expect(len({t["PLUTO_REQID"] for t in told}) == 1, "another reqid after the rekey")


@test
def updown_of_a_child_that_fails_is_not_run(left, right):
    script = Script("failed")
    right.start(esp="aes128gcm16")
    left.start(esp="aes256gcm16", child=f"updown = {script.path}")
    status, _ = left.braid("up", "net")
    expect(status != 0, "up")
    left.stop()
    expect(script.told() == [], script.told())


@test
def updown_is_told_of_the_end_of_the_daemon(left, right):
    ours, theirs = Script("end-left"), Script("end-right")
    right.start(child=f"updown = {theirs.path}")
    left.start(child=f"updown = {ours.path}")
    left.up()
    theirs.wait(2)
    status = left.stop()
    expect(status == 0 and ours.verbs()[2:] == ["down-client", "down-client-v6"], ours.verbs())
    theirs.wait(4)


@test
def updown_is_told_of_the_end_without_the_peer_too(left, right):
    script = Script("alone")
    right.start()
    left.start(child=f"updown = {script.path}")
    left.up()
    script.wait(2)
    right.kill()
    right.clean()
    status = left.stop()
    expect(status == 0 and script.verbs()[2:] == ["down-client", "down-client-v6"], script.verbs())


@test
def updown_that_hangs_holds_nothing_up(left, right):
    script = Script("hangs", more="sleep 1000 & sleep 1000")
    right.start()
    left.start(child=f"updown = {script.path}")
    left.up()
    script.wait(1)
    left.ping()
    for _ in range(2):
        status, output = left.braid("down", "site")
        expect(status == 0, output)
        left.up()
    expect(len(script.told()) == 1, "two at a time")
    status = left.stop()
    expect(status == 0 and "event=updown-unfinished" in left.log(), left.log()[-500:])
    wait_for("the end of what hangs", lambda: left.run("pgrep", "-f", "^sleep 1000")[0] == 1)


@test
def updown_dies_with_a_daemon_that_is_killed(left, right):
    script = Script("orphan", more="exec sleep 1001")
    right.start()
    left.start(child=f"updown = {script.path}")
    left.up()
    script.wait(1)
    left.kill()
    left.clean()
    wait_for("the end of the command", lambda: left.run("pgrep", "-f", "^sleep 1001")[0] == 1)
    wait_for("the end of the runner", lambda: left.run("pgrep", "-x", "braidd-runner")[0] == 1)


@test
def updown_that_does_not_exist_or_fails_is_said(left, right):
    script = Script("fails", more="kill -9 $$")
    right.start(child=f"updown = {script.path}")
    left.start(child="updown = /nowhere/at-all")
    left.up()
    wait_for("failures in the log", lambda: "event=updown-failed" in left.log() and "event=updown-failed" in right.log())
    expect("/nowhere/at-all cannot be run: No such file or directory" in left.log() and "status=127" in left.log(), left.log()[-900:])
    expect("end=signal status=9" in right.log(), right.log()[-900:])
    left.ping()
    status, output = left.run(*left.braid_command("check", left.dir)[4:])
    expect(status == 0 and "/nowhere/at-all cannot be read" in output, output)


@test
def updown_takes_no_harm_from_what_a_peer_calls_itself(left, right):
    script = Script("odd")
    strange = "keyid:0x6d650a504154483d2f746d700a242869642960ff"  # 'me\nPATH=/tmp\n$(id)`\xff'
    right.start(local_id=strange)
    left.start(remote_id=strange, child=f"updown = {script.path}")
    left.up()
    told = script.wait(1)[0]
    expect(told["PATH"].startswith("/usr/local/sbin") and all(" " <= c <= "~" for c in told["PLUTO_PEER_ID"]), told)


@test
def updown_that_was_not_there_at_start_needs_a_restart(left, right):
    first, later = Script("first"), Script("later")
    right.start()
    left.start(child=f"updown = {first.path}")
    left.configure(child=f"updown = {later.path}")
    status, output = left.braid("reload")
    expect(status != 0 and "needs a restart of braidd" in output and re.search(r"swanctl.conf:\d+", output), output)
    left.configure(child=f"updown = {first.path}", ike="aes256-sha384-x25519", **{"more": "rekey_time = 5h"})
    status, output = left.braid("reload")
    expect(status == 0, output)
    with left.client() as client:
        for path, wanted in ((later.path, False), (first.path, True)):
            conn = {"local": {"auth": "psk"}, "remote": {"auth": "psk"}, "children": {"net": {"updown": path}}}
            answer = client.call("load-conn", extra=conn)
            expect((answer["success"] == "yes") == wanted and (wanted or "restart" in answer["errmsg"]), answer)
