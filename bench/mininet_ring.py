"""A ring of N hosts in Mininet, links and addresses only: no switch, no controller. Prints seconds as JSON."""

import json
import sys
import time

import mininet.net
from mininet.net import Mininet

# Mininet raises limits of the whole machine; a benchmark leaves the machine as it was.
mininet.net.fixLimits = lambda: None


def loopback(i):
    return "10.90.%d.%d/32" % (i >> 8, i & 255)


def link_address(i, side):
    number = (i - 1) * 4 + side
    return "172.30.%d.%d/30" % (number >> 8, number & 255)


def main(count):
    begin = time.monotonic()
    net = Mininet(controller=None, build=False)
    try:
        hosts = [net.addHost("vb%d" % i, ip=None) for i in range(1, count + 1)]
        for i in range(1, count + 1):
            net.addLink(
                hosts[i - 1],
                hosts[i % count],
                params1={"ip": link_address(i, 1)},
                params2={"ip": link_address(i, 2)},
            )
        net.build()
        for i, host in enumerate(hosts, 1):
            host.cmd("ip addr add %s dev lo" % loopback(i))
        built = time.monotonic()
        addresses = hosts[0].cmd("ip -4 -br addr").split()
        if loopback(1) not in addresses or link_address(1, 1) not in addresses:
            raise SystemExit("Mininet did not build the ring: %s" % addresses)
        stop_begin = time.monotonic()
    finally:
        net.stop()
    stopped = time.monotonic()
    print(json.dumps({"build": built - begin, "stop": stopped - stop_begin}))


main(int(sys.argv[1]))
