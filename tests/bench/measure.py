"""What the benchmarks with real daemons ask the kernel about them."""

import os
import subprocess
import time

from world import PEER_ROOT, Trouble


def children_of(process):
    """The process and all below it: a daemon may sit behind ip netns exec and the lab's scripts."""
    found = [process]
    for task in found:
        try:
            with open(f"/proc/{task}/task/{task}/children", encoding="ascii") as file:
                found += [int(child) for child in file.read().split()]
        except OSError:
            pass
    return found


def daemon_of(daemon):
    """The process id of the program that does the work."""
    for process in reversed(children_of(daemon.process.pid)):
        with open(f"/proc/{process}/comm", encoding="ascii") as file:
            if file.read().strip().startswith(("braidd", "charon")):
                return process
    raise Trouble("the daemon is not there")


def cpu_of(process):
    """Seconds of processor time, all threads, to the nanosecond: the clock clock_getcpuclockid(3) names."""
    return time.clock_gettime(~process << 3 | 2)


def memory_of(process):
    """Octets it has in memory for itself alone: no shared libraries, no page cache."""
    with open(f"/proc/{process}/smaps_rollup", encoding="ascii") as file:
        fields = dict(line.split(":", 1) for line in file.read().splitlines()[1:])
    return sum(int(fields[key].split()[0]) for key in ("Private_Clean", "Private_Dirty")) * 1024


def peak_of(process):
    """Octets it had in memory when it had most."""
    with open(f"/proc/{process}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:")) * 1024


def has_peer():
    return subprocess.run([*PEER_ROOT, "true"], capture_output=True, check=False).returncode == 0
