# SPDX-License-Identifier: GPL-2.0
"""Redirect (RFC 5685): the subject as gateway that sends clients on, and as client that is sent."""
import ipaddress

from case import accepted, case, check, equal
from peer import wire
from peer.exchange import Accept
from subject.net import BOTH, IPV4, IPV6

SUPPORTED = wire.notify(wire.REDIRECT_SUPPORTED)


def gateway(address):
    """An address as the identity of a gateway: RFC 5685 9.2."""
    packed = ipaddress.ip_address(address).packed
    return bytes([2 if ":" in address else 1, len(packed)]) + packed


def redirect(address, nonce=b""):
    return wire.notify(wire.REDIRECT, gateway(address) + nonce)


def asks(t, *said):
    """The peer's IKE_SA_INIT with these notifies, and the answer."""
    init = t.peer().init(extra=said)
    return init, init.ask()


# --- the subject as gateway

@case(1801, "RFC 5685 3", only="esplaned", over=BOTH)
def redirect_at_init(t):
    """Who follows redirects gets REDIRECT with the gateway and its own nonce, and no IKE SA."""
    t.start(redirect_to=t.outside.nowhere)
    init, answer = asks(t, SUPPORTED)
    equal([p.type for p in answer.payloads], [wire.N], "the answer's payloads")
    equal(answer.notify(wire.REDIRECT).data, gateway(t.outside.nowhere) + init.nonce, "the notify")
    equal(answer.spi_r, bytes(8), "the responder's SPI")


@case(1802, "RFC 5685 3", only="esplaned")
def redirect_of_nobody_else(t):
    """Who has not said that it follows is served."""
    t.start(redirect_to=t.outside.nowhere)
    sa = t.peer().connect()
    t.has_child(sa)


@case(1803, "RFC 5685 3, 7", only="esplaned", over=BOTH)
def redirect_not_to_and_fro(t):
    """Who comes from another gateway is served."""
    t.start(redirect_to=t.outside.nowhere)
    _, answer = asks(t, SUPPORTED, wire.notify(wire.REDIRECTED_FROM, gateway(t.outside.nowhere)))
    check(answer.notify(wire.REDIRECT) is None and answer.get(wire.SA), f"not served: {answer}")


@case(1804, "RFC 5685 6", only="esplaned")
def redirect_at_auth(t):
    """Where another tunnel may be meant, REDIRECT goes with its proof, and no child is made."""
    t.start_tunnels(t={"redirect-to": t.outside.nowhere},
                    u={"remote-id": "other.example.org", "local-ts": "10.3.0.0/24",
                       "remote-ts": "10.4.0.0/24"})
    peer = t.peer()
    init, said = asks(t, SUPPORTED)
    sa = init.finish(said)
    answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(sa))
    peer.check_auth(sa, answer)
    equal(answer.notify(wire.REDIRECT).data, gateway(t.outside.nowhere), "the notify")
    for kind in (wire.SA, wire.TSI, wire.TSR):
        check(answer.get(kind) is None, f"payload {kind} in the answer")
    t.nothing_kept()


@case(1805, "RFC 5685 5", only="esplaned", over=BOTH)
def redirect_of_one_that_is_up(t):
    """A client that is up is told in INFORMATIONAL; one that does not follow is not."""
    t.start()
    peer = t.peer()
    init, answer = asks(t, SUPPORTED)
    sa = init.finish(answer)
    peer.finish_auth(sa, sa.request(wire.IKE_AUTH, peer.auth_payloads(sa)))
    t.has_child(sa)
    said = t.subject.ask(command="redirect", tunnel="t", to=t.outside.nowhere)
    equal(said.get("peers"), 1, "peers")
    request = sa.expect(wire.INFORMATIONAL)
    equal(request.notify(wire.REDIRECT).data, gateway(t.outside.nowhere), "the notify")
    sa.respond(request)
    t.alive(sa)


@case(1806, "RFC 5685 5", only="esplaned")
def redirect_of_the_deaf(t):
    """Who has not said that it follows is not told."""
    _, sa = t.connected()
    said = t.subject.ask(command="redirect", tunnel="t", to=t.outside.nowhere)
    equal(said.get("error"), "failed", "the result")
    t.alive(sa)


# --- the subject as client

def begun(t, **options):
    """Its IKE_SA_INIT request."""
    t.start(follow_redirect="yes", **options)
    t.begun = t.subject.up()
    return Accept(t.peer())


@case(1811, "RFC 5685 3", only="esplaned", over=BOTH)
def redirect_is_followed(t):
    """It says REDIRECT_SUPPORTED, follows an answer with its nonce, and says where it comes from."""
    first = begun(t)
    check(first.request.notify(wire.REDIRECT_SUPPORTED), "REDIRECT_SUPPORTED is not said")
    check(first.request.notify(wire.REDIRECTED_FROM) is None, "REDIRECTED_FROM is said")
    other = t.peer(1)
    first.reply([redirect(t.peer(1).address, first.request.get(wire.NONCE))], spi=bytes(8))
    second = Accept(other)
    said = second.request.notify(wire.REDIRECTED_FROM)
    check(said is not None, "REDIRECTED_FROM is not said")
    equal(said.data, gateway(t.peer().address), "REDIRECTED_FROM")
    check(second.request.spi_i != first.request.spi_i, "the same SPI")
    sa = second.answer()
    message = sa.expect(wire.IKE_AUTH)
    other.check_auth(sa, message)
    other.answer_auth(sa, message)
    t.has_child(sa)


@case(1812, "RFC 5685 3", only="esplaned", over=BOTH)
def redirect_needs_the_nonce(t):
    """An answer with another nonce, or with none, is not followed."""
    first = begun(t)
    t.peer(1)
    nonce = first.request.get(wire.NONCE)
    for wrong in (b"", nonce[:-1], nonce[:-1] + bytes([nonce[-1] ^ 1]), nonce + b"\0"):
        first.reply([redirect(t.peer(1).address, wrong)], spi=bytes(8))
    sa = first.answer()
    message = sa.expect(wire.IKE_AUTH)
    t.peer().check_auth(sa, message)
    t.peer().answer_auth(sa, message)
    t.has_child(sa)
    t.peer(1).drain()
    equal(list(t.peer(1).inbox), [], "what the second address gets")


@case(1813, "RFC 5685 3", only="esplaned")
def redirect_is_not_followed(t):
    """Without follow-redirect it says nothing of it, and follows nowhere."""
    t.start()
    t.begun = t.subject.up()
    first = Accept(t.peer())
    check(first.request.notify(wire.REDIRECT_SUPPORTED) is None, "REDIRECT_SUPPORTED is said")
    first.reply([redirect(t.peer(1).address, first.request.get(wire.NONCE))], spi=bytes(8))
    sa = first.answer()
    sa.expect(wire.IKE_AUTH)


@case(1814, "RFC 5685 6", only="esplaned", over=BOTH)
def redirect_with_the_proof(t):
    """REDIRECT in IKE_AUTH is followed, when the gateway has proved who it is."""
    first = begun(t)
    peer, other = t.peer(), t.peer(1)
    sa = first.answer()
    request = sa.expect(wire.IKE_AUTH)
    me = peer.id_payload(wire.IDR)
    sa.respond(request, [me, peer.auth_payload(sa, me.body), redirect(t.peer(1).address)])
    second = Accept(other)
    equal(second.request.notify(wire.REDIRECTED_FROM).data, gateway(peer.address),
          "REDIRECTED_FROM")


@case(1815, "RFC 5685 6", only="esplaned")
def redirect_with_a_wrong_proof(t):
    """REDIRECT beside a proof that is wrong is not followed."""
    first = begun(t)
    peer, other = t.peer(), t.peer(1)
    sa = first.answer()
    request = sa.expect(wire.IKE_AUTH)
    me = peer.id_payload(wire.IDR)
    wrong = peer.auth_payload(sa, me.body, psk=b"wrong")
    sa.respond(request, [me, wrong, redirect(other.address)])
    equal(t.subject.outcome(t.begun).get("result"), "error", "the attempt")
    other.drain()
    equal(list(other.inbox), [], "what the second address gets")


@case(1816, "RFC 5685 5", only="esplaned", over=BOTH)
def redirect_in_informational(t):
    """It answers REDIRECT, deletes the IKE SA and goes to the other gateway."""
    _, sa = t.called(follow_redirect="yes")
    other = t.peer(1)
    accepted(sa.request(wire.INFORMATIONAL, [redirect(t.peer(1).address)]))
    request = sa.expect(wire.INFORMATIONAL)
    check(request.get(wire.D) is not None, f"no DELETE: {request}")
    sa.respond(request)
    second = Accept(other)
    equal(second.request.notify(wire.REDIRECTED_FROM).data, gateway(t.peer().address),
          "REDIRECTED_FROM")


@case(1817, "RFC 5685 7", only="esplaned", over=BOTH)
def redirect_to_and_fro(t):
    """Sent on and on, it follows five times and no more, and then asks without a word of it."""
    at = begun(t)
    for number in range(6):
        there = (number + 1) % 2
        check(at.request.notify(wire.REDIRECT_SUPPORTED), f"not said at {number}")
        at.reply([redirect(t.peer(there).address, at.request.get(wire.NONCE))], spi=bytes(8))
        at = Accept(t.peer(0 if number == 5 else there))
    for kind in (wire.REDIRECT_SUPPORTED, wire.REDIRECTED_FROM):
        check(at.request.notify(kind) is None, f"{wire.NOTIFY_NAMES[kind]} is said")


@case(1818, "RFC 5685 6", only="esplaned")
def redirect_that_nobody_asked_for(t):
    """Sent on where it has not said that it follows, it fails, and does not ask again at once."""
    first = begun(t)
    peer, other = t.peer(), t.peer(1)
    first.reply([redirect(peer.address, first.request.get(wire.NONCE))], spi=bytes(8))
    second = Accept(peer)
    check(second.request.notify(wire.REDIRECT_SUPPORTED) is None, "REDIRECT_SUPPORTED is said")
    sa = second.answer()
    request = sa.expect(wire.IKE_AUTH)
    me = peer.id_payload(wire.IDR)
    sa.respond(request, [me, peer.auth_payload(sa, me.body), redirect(t.peer(1).address)])
    equal(t.subject.outcome(t.begun).get("result"), "error", "the attempt")
    other.drain()
    equal(list(other.inbox), [], "what the second address gets")


@case(1819, "RFC 5685 3, 9.2", only="esplaned", over=BOTH)
def redirect_to_the_other_family(t):
    """From a gateway of one family to one of the other it goes where `local` says nothing."""
    there = IPV4 if t.outside is IPV6 else IPV6
    first = begun(t, local=None)
    other = t.peer_at(there.peers[1], there.subject)
    first.reply([redirect(other.address, first.request.get(wire.NONCE))], spi=bytes(8))
    second = Accept(other)
    equal(second.request.notify(wire.REDIRECTED_FROM).data, gateway(t.peer().address),
          "REDIRECTED_FROM")
    sa = second.answer()
    message = sa.expect(wire.IKE_AUTH)
    other.check_auth(sa, message)
    other.answer_auth(sa, message)
    t.has_child(sa)


@case(1820, "RFC 5685 9.2", only="esplaned", over=BOTH)
def redirect_to_no_address(t):
    """A gateway of a wrong size, of no type, cut short, or that no host can be is not gone to."""
    peer, sa = t.called(follow_redirect="yes")
    there = ipaddress.ip_address(t.peer(1).address).packed
    for wrong in (b"", b"\1", bytes([1, 16]) + there.ljust(16, b"\0"),
                  bytes([2, 4]) + there[:4], bytes([2, 15]) + there[-15:], bytes([9, 4]) + there,
                  bytes([2, 16]) + there[:3], gateway("0.0.0.0"), gateway("::"),
                  gateway("ff02::1"), gateway("fe80::2"), gateway("127.0.0.1"), gateway("::1")):
        accepted(sa.request(wire.INFORMATIONAL, [wire.notify(wire.REDIRECT, wrong)]))
        t.alive(sa)
    t.silent(peer)
    t.peer(1).drain()
    equal(list(t.peer(1).inbox), [], "what the second address gets")
