# SPDX-License-Identifier: GPL-2.0
"""Two network namespaces joined by veth: the peer's, which this process moves to, the subject's."""
import ctypes
import os
import subprocess

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
SUBJECT = "192.0.2.1"
INSIDE = ["10.1.0.1/32", "10.1.1.1/32", "10.1.2.1/32", "10.1.3.1/32", "10.1.7.8/32", "10.3.0.1/32",
          "fd01::1/128"]        # of the subject, behind it
PEERS = [f"192.0.2.{n}" for n in range(2, 8)]


def _call(name, *arguments):
    if getattr(LIBC, name)(*arguments):
        raise OSError(ctypes.get_errno(), name)


class Net:
    def __init__(self):
        _call("unshare", CLONE_NEWNET)
        self.subject = os.open("/proc/self/ns/net", os.O_RDONLY)
        _call("unshare", CLONE_NEWNET)
        self.there("ip link set lo up &&"
                   f" ip link add d0 type veth peer name p0 netns {os.getpid()} &&"
                   f" ip addr add {SUBJECT}/24 dev d0 && ip link set d0 up && " +
                   " && ".join(f"ip addr add {a} dev lo" for a in INSIDE))
        subprocess.run("ip link set lo up && ip link set p0 up && " +
                       " && ".join(f"ip addr add {a}/24 dev p0" for a in PEERS), shell=True,
                       check=True)

    def enter(self):
        """For a child process before its program."""
        _call("setns", self.subject, CLONE_NEWNET)

    def idle(self):
        """What was killed has gone for good: nobody has port 500 or 4500."""
        self.there("for i in $(seq 1000); do grep -q ':\\(01F4\\|1194\\) ' /proc/net/udp || "
                   "exit 0; sleep 0.01; done; exit 1")

    def there(self, command):
        return subprocess.run(command, shell=True, check=True, preexec_fn=self.enter, text=True,
                              capture_output=True).stdout
