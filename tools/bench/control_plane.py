"""Rendezvous and CPU share of the control plane; see tools/bench/control_plane.

usage: control_plane.py BATON PROCESSES
"""

import os
import re
import signal
import statistics
import subprocess
import sys
import time

RUNS = 5
SECONDS = 20
# Threads of a device or of a connection's bytes. Threads without a name of their own have the main thread's: Gloo's among
# them. All others of a process are the control plane: its own thread, and those of gRPC.
DATA = re.compile(r"^baton-(\d+|read|write|sum)$")


def rendezvous(baton, processes):
    """Seconds from the start of `baton launch` until rank 0 has all processes."""
    command = [baton, "launch", "-n", str(processes), "--", "rehearse", f"--stages={processes}", "--micro-batches=1"]
    begin = time.monotonic()
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    met = None
    for line in run.stdout:
        # Rank 0 says it once all have joined.
        if met is None and "rehearsing" in line:
            met = time.monotonic() - begin
    errors = run.stderr.read()
    if run.wait() != 0 or met is None:
        sys.exit(f"{' '.join(command)} failed: {errors}")
    return met, time.monotonic() - begin


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def cpu_of_threads(pid):
    """[(name, clock ticks)] of a process's threads."""
    threads = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/stat", encoding="utf-8") as file:
            text = file.read()
        name = text[text.index("(") + 1 : text.rindex(")")]
        fields = text[text.rindex(")") + 2 :].split()
        threads.append((name, int(fields[11]) + int(fields[12])))
    return threads


def ticks(pids):
    control = total = 0
    for pid in pids:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
            main_name = file.read().strip()
        for name, cpu in cpu_of_threads(pid):
            total += cpu
            control += 0 if name == main_name or DATA.match(name) else cpu
    return control, total


def share(baton):
    """The control plane's share of the CPU time of a training run in four processes."""
    command = [baton, "launch", "-n", "4", "--", "train", "examples/gpt_host.textproto", "--set", "run.steps=100000"]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in run.stdout:
        if "step" in line and "loss" in line:
            break
    pids = children(run.pid)
    # Nobody reads the output meanwhile; a pipe holds what is printed in so short a time.
    control, total = ticks(pids)
    time.sleep(SECONDS)
    control_end, total_end = ticks(pids)
    run.send_signal(signal.SIGTERM)
    run.communicate()
    return (control_end - control) / (total_end - total)


def main():
    baton, processes = sys.argv[1], int(sys.argv[2])
    times = [rendezvous(baton, processes) for _ in range(RUNS)]
    met = sorted(met for met, _ in times)
    print(f"rendezvous of {processes} processes: {met[0]:.2f} to {met[-1]:.2f} s, median {statistics.median(met):.2f} s")
    print(f"with a rehearsed run to its end: median {statistics.median(all_ for _, all_ in times):.2f} s")
    print(f"control plane in a training run of 4 processes: {100 * share(baton):.2f} % of the CPU time")


if __name__ == "__main__":
    main()
