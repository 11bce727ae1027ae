#!/usr/bin/env python3
"""A wire between two hosts that delays and loses Ethernet frames. Used by hosts.sh, since few kernels have netem.

    slow_wire.py DELAY_MS LOSS_PERCENT STATS NAME NAME

Makes two TAP interfaces of these names, which the caller moves into the hosts' network namespaces, prints "ready", and
carries frames between them until SIGTERM. Then it writes "FRAMES LOST" to the file STATS.
"""
import collections
import fcntl
import os
import random
import select
import signal
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TAP_WITHOUT_HEADER = 0x0002 | 0x1000


def open_tap(name):
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TAP_WITHOUT_HEADER))
    return descriptor


def main():
    delay = float(sys.argv[1]) / 1e3
    loss = float(sys.argv[2]) / 100
    stats = sys.argv[3]
    taps = [open_tap(name) for name in sys.argv[4:6]]
    other = {taps[0]: taps[1], taps[1]: taps[0]}
    chance = random.Random(7)
    waiting = collections.deque()  # (when it arrives, where, frame), in the order of arrival
    frames = lost = 0
    ends = []
    signal.signal(signal.SIGTERM, lambda *_: ends.append(True))
    print("ready", flush=True)
    while not ends:
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, to, frame = waiting.popleft()
            try:
                os.write(to, frame)
            except OSError:
                lost += 1  # an interface that is down, or full
        timeout = max(0.0, waiting[0][0] - now) if waiting else 0.1
        for tap in select.select(taps, [], [], timeout)[0]:
            try:
                frame = os.read(tap, 65536)
            except OSError:
                continue
            frames += 1
            if chance.random() < loss:
                lost += 1
            else:
                waiting.append((time.monotonic() + delay, other[tap], frame))
    with open(stats, "w", encoding="ascii") as file:
        file.write(f"{frames} {lost}\n")


if __name__ == "__main__":
    main()
