# SPDX-License-Identifier: GPL-2.0
"""Cookies, half-open IKE SAs, NAT, several peers (RFC 7296 2.6, 2.11, 2.23)."""
import os

from case import accepted, case, check, equal
from peer import wire
from peer.sa import nat_hash
from subject.net import BOTH

HALF_OPEN = 200                 # more than any server lets begin without asking for a cookie


def until_pressed(peer):
    """So many begin and do not go on that a COOKIE is asked for: a new IKE_SA_INIT exchange."""
    for _ in range(HALF_OPEN):
        init = peer.init()
        if init.ask().notify(wire.COOKIE):
            return init
    raise AssertionError(f"no COOKIE after {HALF_OPEN} half-open IKE SAs")


def pressed(t):
    t.start()
    return until_pressed(t.peer())


@case(801, "RFC 7296 2.6", over=BOTH)
def cookie_is_asked_for(t):
    """Under many half-open IKE SAs it asks for a COOKIE of 1 to 64 octets, and keeps no state."""
    init = pressed(t)
    answer = init.ask()
    cookie = answer.notify(wire.COOKIE)
    check(1 <= len(cookie.data) <= 64, f"a COOKIE of {len(cookie.data)} octets")
    equal((answer.spi_i, answer.spi_r, answer.id), (init.spi, bytes(8), 0), "the header")
    check(answer.get(wire.SA) is None, "an SA payload beside the COOKIE")


@case(802, "RFC 7296 2.6", over=BOTH)
def cookie_is_accepted(t):
    """The request with the right COOKIE first makes an IKE SA that can be authenticated."""
    init = pressed(t)
    init.with_cookie(init.ask())
    sa = init.run()
    peer = t.peer()
    peer.finish_auth(sa, sa.request(wire.IKE_AUTH, peer.auth_payloads(sa)))
    t.has_child(sa)


@case(803, "RFC 7296 2.6")
def cookie_that_is_wrong(t):
    """A wrong COOKIE is like none: it asks again."""
    init = pressed(t)
    for cookie in (os.urandom(32), b"", bytes(64)):
        init.payloads = [wire.notify(wire.COOKIE, cookie)] + \
            [p for p in init.payloads if not (p.type == wire.N and p.body[2:4] == b"\x40\x06")]
        answer = init.ask()
        check(answer.notify(wire.COOKIE) and answer.get(wire.SA) is None, f"it says {answer}")


@case(804, "RFC 7296 2.6")
def cookie_of_another(t):
    """A COOKIE is bound to the initiator's nonce, address and SPI."""
    first = pressed(t)
    answer = first.ask()
    second = t.peer().init()
    second.payloads.insert(0, wire.notify(wire.COOKIE, answer.notify(wire.COOKIE).data))
    check(second.ask().notify(wire.COOKIE), "another exchange may use it")


@case(815, "RFC 7296 2.6", over=BOTH)
def cookie_of_another_address(t):
    """The same request with its COOKIE from another address is asked for one again."""
    t.start(remote="any")
    first, other = until_pressed(t.peer()), t.peer(1)
    first.with_cookie(first.ask())
    other.send(first.message().encode())
    answer = other.expect(lambda m: m.response and m.spi_i == first.spi, "an answer")
    check(answer.notify(wire.COOKIE) and answer.get(wire.SA) is None, f"it says {answer}")
    first.run()


@case(816, "RFC 7296 2.6, 2.21", only="esplaned", over=BOTH)
def half_open_of_one_network(t):
    """One /24, of IPv6 a /64, has no more than 64 half-open IKE SAs; another one is served."""
    t.start(remote="any")
    for _ in range(64):
        init = t.peer().init()
        answer = init.ask()
        if answer.notify(wire.COOKIE):
            init.with_cookie(answer)
            answer = init.ask()
        check(answer.get(wire.SA), f"it says {answer}")
    near, far = (peer.init() for peer in (t.peer(1), t.peer_at(t.outside.far)))
    for init in (near, far):
        init.with_cookie(init.ask())
        init.send()
    t.silent(near.peer, lambda m: m.get(wire.SA) is not None)
    far.finish(far.response())


@case(805, "RFC 7296 2.6")
def cookie_changes_nothing_else(t):
    """A COOKIE that nobody asked for is ignored."""
    t.start()
    init = t.peer().init()
    init.payloads.insert(0, wire.notify(wire.COOKIE, os.urandom(20)))
    accepted(init.ask())


@case(806, "RFC 7296 2.6, 2.21.2")
def half_open_does_not_harm(t):
    """Sixty half-open IKE SAs do not keep another exchange from its end."""
    t.start()
    peer = t.peer()
    sa = peer.init().run()
    for _ in range(60):
        peer.init().ask()
    peer.finish_auth(sa, sa.request(wire.IKE_AUTH, peer.auth_payloads(sa)))
    t.has_child(sa)


@case(807, "RFC 7296 2.23", over=BOTH)
def nat_notifies_are_answered(t):
    """Its IKE_SA_INIT response has both NAT_DETECTION notifies, with the right hashes."""
    t.start()
    peer = t.peer()
    init = peer.init()
    answer = init.ask()
    for kind, where in ((wire.NAT_DETECTION_SOURCE_IP, (peer.subject, 500)),
                        (wire.NAT_DETECTION_DESTINATION_IP, (peer.address, 500))):
        equal(answer.notify(kind).data, nat_hash(init.spi, answer.spi_r, *where),
              f"notify {kind}")


def behind_nat(t, **options):
    """The peer behind a NAT: its hash is of another address, IKE_AUTH comes from another port."""
    t.start(**options)
    peer = t.peer()
    init = peer.init(nat=False)
    init.payloads += peer.nat_payloads(init.spi, bytes(8), local=t.outside.nowhere)
    sa = init.run()
    sa.port = 4500
    peer.finish_auth(sa, sa.request(wire.IKE_AUTH, peer.auth_payloads(sa)))
    t.has_child(sa)
    return peer, sa


@case(808, "RFC 7296 2.23, RFC 3948", over=BOTH)
def nat_in_front_of_the_peer(t):
    """With NAT in front of the peer IKE goes on at port 4500, and ESP in UDP to the peer's port."""
    peer, _ = behind_nat(t)
    policy = list(t.kernel.policies.values())[0]
    check(policy["udp"], "ESP is not in UDP")
    equal(policy["remote"], peer.at(4500), "where ESP goes to")


@case(809, "RFC 7296 2.23", over=BOTH)
def nat_moves_the_peer(t):
    """A request from another port of a peer behind NAT is answered there, and ESP follows."""
    peer, sa = behind_nat(t)
    peer.open(40000)
    sa.port, sa.to = 40000, (peer.subject, 4500)
    answer = sa.request(wire.INFORMATIONAL)
    equal(answer.port, 40000, "where the answer comes to")
    t.kernel.wait(lambda k: list(k.policies.values())[0]["remote"] == peer.at(40000),
                  "ESP to the new port", 20)


@case(810, "RFC 7296 2.23", over=BOTH)
def nat_moves_nobody_by_forgery(t):
    """A forged request, or a copy of an old one, from another port moves nothing."""
    peer, sa = behind_nat(t)
    peer.open(40001)
    old = sa.send(wire.INFORMATIONAL, [])
    accepted(sa.answer_to(2))
    accepted(sa.request(wire.INFORMATIONAL))
    peer.send(old, 40001, (peer.subject, 4500))
    bad = sa.seal(wire.INFORMATIONAL, [], 4, spoil=lambda d: d[:-1] + bytes([d[-1] ^ 1]))
    peer.send(bad, 40001, (peer.subject, 4500))
    t.silent(peer)
    equal(list(t.kernel.policies.values())[0]["remote"], peer.at(4500), "where ESP goes")
    t.alive(sa)


@case(811, "RFC 7296 2.11")
def answers_go_where_requests_come_from(t):
    """Without NAT a request to port 4500 is answered from there, with the marker."""
    _, sa = t.connected()
    sa.port = 4500
    equal(sa.request(wire.INFORMATIONAL).port, 4500, "the port")


@case(812, "RFC 7296 2.23, RFC 3948 2.2", over=BOTH)
def marker_is_needed_on_4500(t):
    """On port 4500 what has no marker of four zero octets is not IKE; a keepalive is eaten."""
    t.start()
    peer = t.peer()
    init = peer.init()
    peer.send(init.message().encode(), 4500, marker=False)
    peer.send(b"\xff", 4500, marker=False)
    t.silent(peer)
    init.port = 4500
    accepted(init.ask())


@case(813, "RFC 7296 2.4")
def initial_contact_of_another_identity(t):
    """INITIAL_CONTACT of one peer does not end the IKE SA of another one with the same secret."""
    t.start(remote="any")
    one, two = t.peer(0), t.peer(1)
    two.local_ts = [wire.Ts.net("10.2.0.128/25")]
    one.local_ts = [wire.Ts.net("10.2.0.0/25")]
    first = one.connect(ident=(wire.ID_FQDN, b"one.example.org"))
    second = two.connect(ident=(wire.ID_FQDN, b"two.example.org"),
                         before=[wire.notify(wire.INITIAL_CONTACT)])
    t.has_pairs(2)
    t.alive(first)
    t.alive(second)


@case(814, "RFC 7296 2.1, 2.3")
def answers_are_sent_once(t):
    """An answer is never repeated without a repeated request."""
    peer, sa = t.connected()
    accepted(sa.request(wire.INFORMATIONAL))
    t.rest(1.2)
    t.silent(peer)
