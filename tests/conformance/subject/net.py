# SPDX-License-Identifier: GPL-2.0
"""Two network namespaces joined by veth: the peer's, which this process moves to, the subject's."""
import ctypes
import os
import subprocess
from dataclasses import dataclass

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Outside:
    """Addresses of one family. @far: one more of the peer's, in another /24 or /64."""
    name: str
    subject: str
    peers: tuple
    far: str
    nowhere: str                # nobody is there
    length: int                 # of the prefix that all are in, but the last


IPV4 = Outside("IPv4", "192.0.2.1", tuple(f"192.0.2.{n}" for n in range(2, 8)), "192.0.3.2",
               "198.51.100.9", 23)
IPV6 = Outside("IPv6", "2001:db8::1", tuple(f"2001:db8::{n}" for n in range(2, 8)),
               "2001:db8:0:1::2", "2001:db8:9::9", 48)
BOTH = (IPV4, IPV6)
SUBJECT, PEERS = IPV4.subject, IPV4.peers
INSIDE = ["10.1.0.1/32", "10.1.1.1/32", "10.1.2.1/32", "10.1.3.1/32", "10.1.7.8/32", "10.3.0.1/32",
          "fd01::1/128"]        # of the subject, behind it


def _call(name, *arguments):
    if getattr(LIBC, name)(*arguments):
        raise OSError(ctypes.get_errno(), name)


def _add(device, addresses):
    """Commands for ip, one a line. IPv6 addresses are there at once, and no others are."""
    return "".join(f"addr add {a} dev {device}{' nodad' if ':' in a else ''}\n" for a in addresses)


class Net:
    def __init__(self):
        _call("unshare", CLONE_NEWNET)
        self.subject = os.open("/proc/self/ns/net", os.O_RDONLY)
        _call("unshare", CLONE_NEWNET)
        self.there("ip -b -", "link set lo up\n"
                   f"link add d0 type veth peer name p0 netns {os.getpid()}\n"
                   "link set d0 addrgenmode none\nlink set d0 up\n" +
                   _add("d0", [f"{o.subject}/{o.length}" for o in BOTH]) + _add("lo", INSIDE))
        subprocess.run(["ip", "-b", "-"], check=True, text=True,
                       input="link set lo up\nlink set p0 addrgenmode none\nlink set p0 up\n" +
                       _add("p0", [f"{a}/{o.length}" for o in BOTH for a in (*o.peers, o.far)]))

    def enter(self):
        """For a child process before its program."""
        _call("setns", self.subject, CLONE_NEWNET)

    def idle(self):
        """What was killed has gone for good: nobody has port 500 or 4500."""
        self.there("for i in $(seq 1000); do grep -q ':\\(01F4\\|1194\\) ' /proc/net/udp "
                   "/proc/net/udp6 || exit 0; sleep 0.01; done; exit 1")

    def there(self, command, text=None):
        return subprocess.run(command, shell=True, check=True, preexec_fn=self.enter, text=True,
                              input=text, capture_output=True).stdout
