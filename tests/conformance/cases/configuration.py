# SPDX-License-Identifier: GPL-2.0
"""The configuration payload (RFC 7296 2.19, 3.15): pools of the subject's, addresses it is given."""
import ipaddress

from case import accepted, case, check, equal, refused
from peer import wire
from peer.wire import (CFG_ACK, CFG_REPLY, CFG_REQUEST, CFG_SET, INTERNAL_IP4_ADDRESS as IP4,
                       INTERNAL_IP4_DNS as DNS4, INTERNAL_IP6_ADDRESS as IP6, Ts)
from subject.net import BOTH

POOL = {"addresses": ["10.9.0.1-10.9.0.3", "fd09::1-fd09::3"], "dns": ["10.1.0.53", "fd01::53"]}
ALL = Ts.net("0.0.0.0/0")
ALICE, BOB = ((wire.ID_RFC822_ADDR, name + b"@example.org") for name in (b"alice", b"bob"))


def packed(text):
    return ipaddress.ip_address(text).packed


def serve(t, pool=None, **options):
    """The subject as server with a pool."""
    t.subject.pools = {"road": pool or POOL}
    t.start(remote="any", pool="road", **options)


def ask(peer, sa, *attributes, kind=CFG_REQUEST, ident=ALICE, tsi=None, **more):
    """IKE_AUTH with a configuration payload; the answer."""
    cp = [wire.cp(kind, *attributes, **more)] if attributes or more else []
    return sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, ident=ident, before=cp,
                                                        tsi=tsi or [ALL], tsr=peer.remote_ts))


def enter(t, *attributes, number=0, **more):
    """A peer that comes and asks; it, its IKE SA, the answer."""
    peer = t.peer(number)
    sa = peer.init().run()
    answer = ask(peer, sa, *attributes, **more)
    return peer, sa, answer


def given(answer, name):
    """The values of one attribute in a reply."""
    check(answer.get(wire.CP) is not None, f"no configuration payload: {answer}")
    kind, attributes = wire.parse_cp(answer.get(wire.CP))
    equal(kind, CFG_REPLY, "the configuration payload's type")
    return [value for found, value in attributes if found == name]


def address(answer, name=IP4):
    """The one address of that kind."""
    values = given(answer, name)
    equal(len(values), 1, f"attributes of type {name}")
    return str(ipaddress.ip_address(values[0][:16] if name == IP6 else values[0]))


@case(1401, "RFC 7296 2.19, 3.15.1", only="esplaned", over=BOTH)
def config_gives_an_address(t):
    """A peer that asks for an IPv4 address gets one of the pool, and its child is narrowed to it."""
    serve(t)
    peer, sa, answer = enter(t, (IP4, b""))
    accepted(answer)
    equal(address(answer), "10.9.0.1", "the address")
    peer.finish_auth(sa, answer)
    equal(sa.child.local_ts, [Ts.net("10.9.0.1/32")], "TSi")
    t.has_child(sa)


@case(1402, "RFC 7296 3.15.1", only="esplaned", over=BOTH)
def config_gives_both_families(t):
    """Who asks for both families gets an address of each; an IPv6 one has a prefix length."""
    serve(t, local_ts=["10.1.0.0/24", "fd01::/64"])
    peer = t.peer()
    peer.remote_ts = [Ts.net("10.1.0.0/24"), Ts.net("fd01::/64")]
    _, sa, answer = enter(t, (IP4, b""), (IP6, b""), tsi=[ALL, Ts.net("::/0")])
    equal((address(answer), address(answer, IP6)), ("10.9.0.1", "fd09::1"), "the addresses")
    equal(len(given(answer, IP6)[0]), 17, "octets of INTERNAL_IP6_ADDRESS")
    peer.finish_auth(sa, answer)
    equal(sa.child.local_ts, [Ts.net("10.9.0.1/32"), Ts.net("fd09::1/128")], "TSi")


@case(1403, "RFC 7296 3.15.1", only="esplaned")
def config_gives_servers_asked_for(t):
    """Name servers are given where they are asked for, and only there."""
    serve(t)
    *_, answer = enter(t, (IP4, b""), (DNS4, b""))
    equal(given(answer, DNS4), [packed("10.1.0.53")], "DNS servers")
    *_, answer = enter(t, (IP4, b""), number=1, ident=BOB)
    equal(given(answer, DNS4), [], "DNS servers nobody asked for")


@case(1404, "RFC 7296 2.19", only="esplaned")
def config_address_of_another(t):
    """An address that another peer has is not given to who would like it."""
    serve(t)
    *_, answer = enter(t, (IP4, b""))
    equal(address(answer), "10.9.0.1", "the address")
    *_, answer = enter(t, (IP4, packed("10.9.0.1")), number=1, ident=BOB)
    equal(address(answer), "10.9.0.2", "the other's address")


@case(1405, "RFC 7296 2.19", only="esplaned")
def config_foreign_address_is_not_given(t):
    """An address that is not of the pool is not given because somebody asks for it."""
    serve(t)
    *_, answer = enter(t, (IP4, packed("10.1.0.53")))
    equal(address(answer), "10.9.0.1", "the address")


@case(1406, "RFC 7296 2.19", only="esplaned")
def config_same_identity_same_address(t):
    """An identity that comes again gets the address that it had."""
    serve(t)
    _, sa, answer = enter(t, (IP4, b""))
    accepted(sa.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)]))
    *_, answer = enter(t, (IP4, b""), number=1, ident=BOB)
    equal(address(answer), "10.9.0.2", "the other's address")
    *_, answer = enter(t, (IP4, b""))
    equal(address(answer), "10.9.0.1", "the address")


@case(1407, "RFC 7296 3.10.1", only="esplaned")
def config_pool_is_full(t):
    """Of a pool that is full nothing is given: INTERNAL_ADDRESS_FAILURE, and no child."""
    serve(t, {"addresses": ["10.9.0.1-10.9.0.1"]})
    enter(t, (IP4, b""))
    *_, answer = enter(t, (IP4, b""), number=1, ident=BOB)
    refused(answer, wire.INTERNAL_ADDRESS_FAILURE)
    t.has_pairs(1)


@case(1408, "RFC 7296 2.19", only="esplaned")
def config_is_required(t):
    """A peer of a tunnel with a pool that asks for nothing hears FAILED_CP_REQUIRED."""
    serve(t)
    *_, answer = enter(t)
    refused(answer, wire.FAILED_CP_REQUIRED)
    t.has_pairs(0)


@case(1409, "RFC 7296 3.10.1", only="esplaned")
def config_without_a_pool(t):
    """Where there is no pool, who asks for an address hears INTERNAL_ADDRESS_FAILURE."""
    t.start()
    peer = t.peer()
    sa = peer.init().run()
    answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(
        sa, before=[wire.cp(CFG_REQUEST, (IP4, b""))]))
    refused(answer, wire.INTERNAL_ADDRESS_FAILURE)


@case(1410, "RFC 7296 3.15", only="esplaned")
def config_attributes_nobody_knows(t):
    """Attributes that it does not know are left out of the answer."""
    serve(t)
    *_, answer = enter(t, (IP4, b""), (77, b""), (16384, b"private"))
    equal(address(answer), "10.9.0.1", "the address")
    equal(given(answer, 77) + given(answer, 16384), [], "unknown attributes")


@case(1411, "RFC 7296 3.15", only="esplaned")
def config_every_attribute_twice(t):
    """Every attribute twice, 200 times over: one address of each family, and it lives."""
    serve(t, local_ts=["10.1.0.0/24", "fd01::/64"])
    t.peer().remote_ts = [Ts.net("10.1.0.0/24"), Ts.net("fd01::/64")]
    many = [(name, b"") for name in [*range(1, 26)] * 2] * 200
    peer = t.peer()
    sa = peer.init().run()
    data = sa.seal(wire.IKE_AUTH, peer.auth_payloads(
        sa, ident=ALICE, before=[wire.cp(CFG_REQUEST, *many)], tsi=[ALL]), 1)
    check(len(data) > 40000, "not long enough for this case")
    sa.transmit(data)
    sa.next_out = 2
    t.silent(peer, lambda m: m.get(wire.CP) is not None and len(given(m, IP4)) > 1)
    _, sa, answer = enter(t, *[(name, b"") for name in [*range(1, 26)] * 2], number=1, ident=BOB,
                          tsi=[ALL, Ts.net("::/0")])
    address(answer)
    address(answer, IP6)


@case(1412, "RFC 7296 2.21, 3.15", only="esplaned")
def config_malformed(t):
    """Attributes that end beyond their payload get INVALID_SYNTAX."""
    for tail in (b"\0\1\0\4\12", b"\0\1"):
        serve(t)
        *_, answer = enter(t, tail=tail)
        refused(answer, wire.INVALID_SYNTAX)
        t.has_pairs(0)
        t.subject.stop()


@case(1422, "RFC 7296 3.15.1", only="esplaned")
def config_wrong_length(t):
    """An attribute of a length that its type does not have counts as left out."""
    serve(t)
    *_, answer = enter(t, (IP4, b"\12\11\0"), (DNS4, b"\0"))
    refused(answer, wire.FAILED_CP_REQUIRED)
    *_, answer = enter(t, (IP4, b"\12\11\0"), (IP4, b""), (DNS4, b"\0"))
    equal(address(answer), "10.9.0.1", "the address")
    equal(given(answer, DNS4), [], "DNS servers")


@case(1413, "RFC 7296 2.19", only="esplaned")
def config_limits_selectors(t):
    """A peer cannot have selectors beside the address that it was given."""
    serve(t)
    *_, answer = enter(t, (IP4, packed("10.9.0.2")), tsi=[Ts.net("10.9.0.3/32")])
    refused(answer, wire.TS_UNACCEPTABLE)
    t.has_pairs(0)


@case(1414, "RFC 7296 3.15", only="esplaned")
def config_later_request(t):
    """CFG_REQUEST in INFORMATIONAL is answered with what the peer has."""
    serve(t)
    _, sa, _ = enter(t, (IP4, b""))
    answer = sa.request(wire.INFORMATIONAL, [wire.cp(CFG_REQUEST, (IP4, b""), (DNS4, b""))])
    equal(address(answer), "10.9.0.1", "the address")
    equal(given(answer, DNS4), [packed("10.1.0.53")], "DNS servers")


@case(1415, "RFC 7296 3.15", only="esplaned")
def config_set_changes_nothing(t):
    """CFG_SET is acknowledged without the attributes, which are not accepted."""
    serve(t)
    _, sa, _ = enter(t, (IP4, b""))
    answer = sa.request(wire.INFORMATIONAL, [wire.cp(CFG_SET, (IP4, packed("10.1.0.1")))])
    equal(wire.parse_cp(answer.get(wire.CP)), (CFG_ACK, []), "the answer")
    answer = sa.request(wire.INFORMATIONAL, [wire.cp(CFG_REQUEST, (IP4, b""))])
    equal(address(answer), "10.9.0.1", "the address")


@case(1416, "RFC 7296 3.15.1", only="esplaned")
def config_version_and_list(t):
    """SUPPORTED_ATTRIBUTES and APPLICATION_VERSION are answered once the peer has proved itself."""
    serve(t)
    *_, answer = enter(t, (IP4, b""), (wire.SUPPORTED_ATTRIBUTES, b""),
                       (wire.APPLICATION_VERSION, b""))
    listed = given(answer, wire.SUPPORTED_ATTRIBUTES)[0]
    equal(len(listed) % 2, 0, "octets of SUPPORTED_ATTRIBUTES, odd")
    check(IP4 in [int.from_bytes(listed[i:i + 2], "big") for i in range(0, len(listed), 2)],
          "INTERNAL_IP4_ADDRESS is not in the list")
    check(given(answer, wire.APPLICATION_VERSION)[0].isascii(), "no version")


@case(1417, "RFC 7296 2.19", only="esplaned")
def config_nothing_for_strangers(t):
    """Who cannot prove himself hears of no address, and takes none."""
    serve(t, {"addresses": ["10.9.0.1-10.9.0.1"]})
    peer = t.peer()
    sa = peer.init().run()
    answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(
        sa, ident=ALICE, psk=b"wrong", before=[wire.cp(CFG_REQUEST, (IP4, b""))], tsi=[ALL]))
    refused(answer, wire.AUTHENTICATION_FAILED)
    check(answer.get(wire.CP) is None, "a configuration payload")
    *_, answer = enter(t, (IP4, b""), number=1, ident=BOB)
    equal(address(answer), "10.9.0.1", "the address")


# --- the subject is who asks ---

def called(t):
    """The subject's IKE_AUTH request."""
    t.start(address="request")
    peer = t.peer()
    t.subject.up()
    sa = peer.accept_init()
    message = sa.expect(wire.IKE_AUTH)
    peer.check_auth(sa, message)
    return peer, sa, message


def reply(peer, sa, message, *attributes, tsi=None):
    """Grants it; with a configuration payload if there are @attributes."""
    me = peer.id_payload(wire.IDR)
    payloads = [me, peer.auth_payload(sa, me.body)]
    if attributes:
        payloads.append(wire.cp(CFG_REPLY, *attributes))
    sa.child = peer.grant_child(sa, message, (sa.nonce_i, sa.nonce_r), payloads, tsi=tsi)
    sa.respond(message, payloads)


@case(1418, "RFC 7296 2.19, 3.15.1", only="esplaned")
def config_is_asked_for(t):
    """It asks for an empty IPv4 address, proposes all addresses, and uses what it is given."""
    peer, sa, message = called(t)
    kind, attributes = wire.parse_cp(message.get(wire.CP))
    equal(kind, CFG_REQUEST, "the configuration payload's type")
    check((IP4, b"") in attributes, f"asked for {attributes}")
    equal(wire.parse_ts(message.get(wire.TSI))[-1], ALL, "TSi")
    own = [Ts.net("10.9.0.7/32")]
    reply(peer, sa, message, (IP4, packed("10.9.0.7")), tsi=own)
    t.has_child(sa)
    policy = next(iter(t.kernel.policies.values()))
    equal(policy["local_ts"], ["10.9.0.7"], "the policy's selector")


@case(1419, "RFC 7296 2.19", only="esplaned")
def config_is_not_answered(t):
    """Without a configuration payload in the answer no child is made."""
    peer, sa, message = called(t)
    reply(peer, sa, message)
    t.subject.wait(lambda: t.subject.state() != "connecting", "the end of the attempt")
    t.has_pairs(0)


@case(1420, "RFC 7296 2.19", only="esplaned")
def config_answer_is_no_address(t):
    """Loopback, multicast and 0.0.0.0 are not taken for an address."""
    for text in ("127.0.0.1", "224.0.0.1", "0.0.0.0", "255.255.255.255"):
        peer, sa, message = called(t)
        reply(peer, sa, message, (IP4, packed(text)))
        t.subject.wait(lambda: t.subject.state() != "connecting", "the end of the attempt")
        t.has_pairs(0)
        t.subject.stop()


@case(1421, "RFC 7296 2.19", only="esplaned")
def config_child_is_within_the_address(t):
    """The child protects the address that was given, though the answer's TSi has more."""
    peer, sa, message = called(t)
    reply(peer, sa, message, (IP4, packed("10.9.0.7")), tsi=[Ts.net("10.9.0.0/24")])
    t.has_child(sa)
    policy = next(iter(t.kernel.policies.values()))
    equal(policy["local_ts"], ["10.9.0.7"], "the policy's selector")
