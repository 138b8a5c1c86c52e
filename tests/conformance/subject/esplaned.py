# SPDX-License-Identifier: GPL-2.0
"""esplaned as it is, but for its kernel, in the subject's namespace; a new one for each case."""
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import time

from .kernel import Kernel
from .net import IPV4

QUIET = {"dpd": "never", "rekey": "never", "ike-rekey": "never"}
IKE, ESP = "aes128gcm16-prfsha256-x25519", "aes128gcm16-noesn"


class Esplaned:
    name = "esplaned"
    threads = False             # it answers in order

    def __init__(self, net, folder, program, outside=IPV4):
        self.net, self.folder, self.program = net, folder, program
        self.outside = outside          # where it and its peers are
        self.process = self.kernel = self.monitor = None
        self.pools = {}                 # name to options, for the tunnels

    def path(self, name):
        return os.path.join(self.folder, name)

    # --- the process ---

    @staticmethod
    def value(value):
        if isinstance(value, (list, tuple)):
            return "{ " + ", ".join(f'"{v}"' for v in value) + " }"
        return f'"{value}"'

    def section(self, name, options, kind="tunnel"):
        lines = [f'{kind} "{name}" {{']
        for child, inside in options.pop("children", {}).items():
            lines += [f'child "{child}" {{'] + \
                [f"{k} = {self.value(v)}" for k, v in inside.items()] + ["}"]
        lines += [f"{k} = {self.value(v)}" for k, v in options.items()]
        return lines + ["}"]

    def configure(self, tunnels):
        """@tunnels: name to options, which are added to what each needs and what keeps it quiet."""
        text = []
        for name, options in self.pools.items():
            text += self.section(name, dict(options), "pool")
        for name, options in tunnels.items():
            whole = {"remote": self.outside.peers[0], "local": self.outside.subject,
                     "psk": "conformance secret", "ike": IKE, "esp": ESP, **QUIET}
            if "children" not in options:
                whole |= {"local-ts": "10.1.0.0/24", "remote-ts": "10.2.0.0/24"}
            whole |= options
            if "pool" in whole:
                del whole["remote-ts"]
            if whole.get("address") == "request":
                del whole["local-ts"]
            text += self.section(name, {k: v for k, v in whole.items() if v is not None})
        with open(self.path("esplane.conf"), "w", encoding="utf-8") as f:
            os.fchmod(f.fileno(), 0o600)
            f.write("\n".join(text) + "\n")

    def start(self, **tunnels):
        self.configure(tunnels)
        self.kernel = Kernel(self.path("kernel"))
        environment = dict(os.environ, CONFORMANCE_KERNEL=self.kernel.path,
                           ASAN_OPTIONS="detect_leaks=0", UBSAN_OPTIONS="print_stacktrace=1")
        with open(self.path("log"), "wb") as log:
            self.process = subprocess.Popen(
                [self.program, "--foreground", "--log-level", "debug", "--config",
                 self.path("esplane.conf"), "--control", self.path("control"),
                 "--state", self.path("state")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
                preexec_fn=self.net.enter, start_new_session=True)
        self.kernel.connected(lambda: self.process.poll() is None)
        self.monitor = self.connect()
        self.say(self.monitor, {"command": "monitor"})

    def stop(self):
        """Ends it, without a word to its peers. What ended badly is an error of its own."""
        if not self.process:
            return
        self.kernel.read()
        alive = self.process.poll() is None
        if alive:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None
        self.net.idle()
        for s in (self.monitor, self.kernel):
            if s:
                s.close()
        self.monitor = None
        log = self.log()
        if not alive or "ERROR: AddressSanitizer" in log or "runtime error" in log:
            raise AssertionError("esplaned has crashed")
        self.clear_away()

    @contextlib.contextmanager
    def paused(self):
        """It does not run: as if it computed all the time."""
        os.killpg(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self.process.pid, signal.SIGCONT)

    def clear_away(self):
        """Interfaces, routes and rules that it left."""
        self.net.there("ip -o link show type bridge | sed 's/^[0-9]*: //; s/[:@].*//' | "
                       "while read n; do ip link del $n; done; for n in 4 6; do "
                       "ip -$n route flush table all proto 73 2>/dev/null; done; true")

    def log(self):
        with open(self.path("log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    # --- its control socket ---

    def connect(self):
        s = socket.socket(socket.AF_UNIX)
        until = time.monotonic() + 20
        while True:
            try:
                s.connect(self.path("control"))
                return s
            except OSError:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise AssertionError("esplaned does not start") from None
                time.sleep(0.005)

    @staticmethod
    def say(s, request):
        s.sendall(json.dumps(request).encode() + b"\n")

    def ask(self, **request):
        """One request, its result; its events are forgotten."""
        with self.connect() as s:
            self.say(s, request)
            return self.outcome(s)

    def begin(self, **request):
        """Likewise, but its result is left for later: the connection."""
        s = self.connect()
        self.say(s, request)
        return s

    @staticmethod
    def outcome(s):
        """The result of what has begun."""
        s.settimeout(20)
        with s, s.makefile() as lines:
            for line in lines:
                answer = json.loads(line)
                if "result" in answer:
                    return answer
        raise AssertionError("esplaned has closed the connection")

    def up(self, tunnel="t"):
        return self.begin(command="up", tunnel=tunnel)

    def down(self, tunnel="t"):
        return self.begin(command="down", tunnel=tunnel)

    def rekey(self, tunnel="t"):
        return self.begin(command="rekey", tunnel=tunnel)

    def tunnel(self, name="t"):
        return self.ask(command="status", tunnel=name)["tunnels"][0]

    def counters(self):
        return self.ask(command="status")["counters"]

    def wait(self, wanted, what, patience=20):
        """Until @wanted(), which is asked again at each event."""
        until = time.monotonic() + patience
        while not (value := wanted()):
            if time.monotonic() > until:
                raise AssertionError(f"esplaned: {what} did not happen")
            if select.select([self.monitor], [], [], 0.05)[0]:
                self.monitor.recv(65536)
        return value

    def state(self, name="t"):
        return self.tunnel(name)["state"]
