# SPDX-License-Identifier: GPL-2.0
"""
strongSwan in the subject's namespace, its ESP in its own process (kernel-libipsec, over TUN). Its
SAs are seen by their SPIs only: it does not tell keys.
"""
import os
import signal
import subprocess
import time

from .esplaned import ESP, IKE, QUIET
from .vici import CMD_REQUEST, Vici

PLUGINS = ("random nonce aes sha1 sha2 hmac kdf gmp curve25519 openssl gcm chapoly pem pkcs1 x509 "
           "pubkey constraints vici kernel-libipsec kernel-netlink socket-default")
CHARON = "/usr/sbin/charon-systemd"


class AnyCode(str):
    """strongSwan has sentences, no codes: each is right."""
    __hash__ = str.__hash__

    def __eq__(self, other):
        return True


def seconds(text):
    """200ms, 2s, never."""
    if text == "never":
        return 0
    return float(text[:-2]) / 1000 if text.endswith("ms") else float(text[:-1])


class Sas:
    """In place of subject/kernel.py."""
    def __init__(self, swan):
        self.swan = swan
        self.policies, self.inbound, self.outbound, self.spis = {}, {}, {}, set()
        self.names = {}

    def read(self):
        self.policies, self.inbound, self.outbound, self.names = {}, {}, {}, {}
        for ike in self.swan.vici.listed("list-sas", "list-sa").values():
            for child in ike.get("child-sas", {}).values():
                if child.get("state") not in ("INSTALLED", "REKEYED", "REKEYING", "DELETING"):
                    continue
                number = int(child["uniqueid"])
                port = ike.get("remote-port", "500")
                self.policies[number] = {
                    "udp": child.get("encap") == "yes", "local_ts": child.get("local-ts", []),
                    "remote_ts": child.get("remote-ts", []),
                    "remote": f"{ike['remote-host']}:{port}"}
                self.inbound[int(child["spi-in"], 16)] = {
                    "spi": int(child["spi-in"], 16), "policy": number,
                    "esn": child.get("esn") == "1"}
                self.outbound[number] = {"spi": int(child["spi-out"], 16)}
                self.names[number] = child["name"]
        return True

    def wait(self, wanted, what, patience):
        until = time.monotonic() + min(patience, 5)
        self.read()
        while not wanted(self):
            if time.monotonic() > until:
                raise AssertionError(f"strongSwan: {what} did not happen; it has {self}")
            time.sleep(0.05)
            self.read()

    def has(self, child):
        return self.receives(child) and any(sa["spi"] == int.from_bytes(child.spi_in, "big")
                                            for sa in self.outbound.values())

    def receives(self, child):
        return int.from_bytes(child.spi_out, "big") in self.inbound

    def expire(self, policy, spi, out=True, hard=False):
        self.swan.request("terminate" if hard else "rekey", **{"child-id": policy})

    def __str__(self):
        return (f"in {[f'{s:08x}' for s in self.inbound]}, "
                f"out {[format(sa['spi'], '08x') for sa in self.outbound.values()]}")


class Strongswan:
    name = "strongswan"
    threads = True

    def __init__(self, net, folder, outside):
        self.net, self.folder, self.outside = net, folder, outside
        self.process = self.vici = self.kernel = None
        self.open = []

    def path(self, name):
        return os.path.join(self.folder, "swan-" + name)

    def configure(self, options):
        lines = [f"load = {PLUGINS}", "cookie_threshold = 32", "half_open_timeout = 30",
                 f"retransmit_timeout = {seconds(options.get('retransmit-first', '1s'))}",
                 "retransmit_base = 2",
                 f"retransmit_tries = {int(options.get('retransmit-tries', 6)) - 1}",
                 "install_routes = no",
                 f"filelog {{ log {{ path = {self.path('log')} \n default = 1 \n ike = 2 \n "
                 "flush_line = yes } }",
                 f"plugins {{ vici {{ socket = unix://{self.path('vici')} }} }}"]
        with open(self.path("conf"), "w", encoding="utf-8") as f:
            f.write("charon-systemd {\n" + "\n".join(lines) + "\n}\n")

    def start(self, **tunnels):
        self.configure(next(iter(tunnels.values())))
        for name in ("vici", "log"):
            if os.path.exists(self.path(name)):
                os.unlink(self.path(name))
        self.process = subprocess.Popen(
            [CHARON], env=dict(os.environ, STRONGSWAN_CONF=self.path("conf")),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=self.net.enter, start_new_session=True)
        until = time.monotonic() + 20
        while not self.vici:
            try:
                self.vici = Vici(self.path("vici"))
            except OSError:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise AssertionError("strongSwan does not start") from None
                time.sleep(0.02)
        self.kernel = Sas(self)
        for name, options in tunnels.items():
            self.load(name, {"remote": self.outside.peers[0], "local": self.outside.subject,
                             "psk": "conformance secret", "ike": IKE, "esp": ESP,
                             "local-ts": "10.1.0.0/24", "remote-ts": "10.2.0.0/24", **QUIET} | options)

    @staticmethod
    def list(value):
        return list(value) if isinstance(value, (list, tuple)) else [value]

    def child(self, o):
        return {"local_ts": self.list(o["local-ts"]), "remote_ts": self.list(o["remote-ts"]),
                "esp_proposals": self.list(o["esp"]), "rekey_time": f"{seconds(o['rekey']):.0f}s",
                "mode": "tunnel", "dpd_action": "clear"}

    def load(self, name, o):
        children = {n: self.child(o | c) for n, c in o.get("children", {}).items()} or \
            {name: self.child(o)}
        psk = o["psk"]
        ends = {"local": {"auth": "psk", "id": o.get("local-id", o["local"])},
                "remote": {"auth": "psk", "id": o.get("remote-id", "%any")}}
        self.must("load-conn", **{name: {
            "version": 2, "local_addrs": [o["local"]],
            "remote_addrs": ["%any" if o["remote"] == "any" else o["remote"]],
            "proposals": self.list(o["ike"]), "rekey_time": f"{seconds(o['ike-rekey']):.0f}s",
            "dpd_delay": f"{seconds(o['dpd']):.0f}s", "mobike": "no", "fragmentation": "no",
            **ends, "children": children}})
        data = bytes.fromhex(psk[2:]) if psk.startswith("0x") else psk.encode()
        self.must("load-shared", id=name, type="IKE", data=data)

    def must(self, command, **message):
        answer = self.vici.ask(command, **message)
        if answer.get("success") != "yes":
            raise AssertionError(f"strongSwan: {command}: {answer.get('errmsg')}")

    def stop(self):
        if not self.process:
            return
        alive = self.process.poll() is None
        if alive:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for s in self.open + [self.vici]:
            if s:
                s.close()
        self.process = self.vici = self.kernel = None
        self.open = []
        self.net.idle()
        self.net.there("ip xfrm policy flush; ip -o link show type tun | sed 's/^[0-9]*: //; "
                       "s/[:@].*//' | while read n; do ip link del $n; done; true")
        if not alive:
            raise AssertionError("strongSwan has crashed")

    def log(self):
        if not os.path.exists(self.path("log")):
            return ""
        with open(self.path("log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    # --- commands ---

    def request(self, command, **message):
        s = Vici(self.path("vici"))
        self.open.append(s)
        s.send(CMD_REQUEST, command, message)
        return s

    def up(self, tunnel="t"):
        conns = self.vici.listed("list-conns", "list-conn")
        last = None
        for conn in conns.values():
            for child in conn.get("children", {}):
                if tunnel in (child, "t"):
                    last = last or self.request("initiate", child=child, ike="t")
        return last

    def down(self, tunnel="t"):
        return self.request("terminate", ike=tunnel)

    @staticmethod
    def outcome(s):
        answer = s.answer()
        return {"result": "ok"} if answer.get("success") == "yes" else \
            {"result": "error", "error": AnyCode(answer.get("errmsg", ""))}

    def state(self, name="t"):
        sas = [sa for key, sa in self.vici.listed("list-sas", "list-sa").items()
               if key.split("/")[0] == name and sa.get("state") != "CONNECTING"]
        return "up" if any(sa.get("child-sas") for sa in sas) else "down"

    def wait(self, wanted, what, patience=20):
        until = time.monotonic() + min(patience, 5)
        while not (value := wanted()):
            if time.monotonic() > until:
                raise AssertionError(f"strongSwan: {what} did not happen")
            time.sleep(0.05)
        return value
