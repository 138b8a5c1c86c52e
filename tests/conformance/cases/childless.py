# SPDX-License-Identifier: GPL-2.0
"""IKE SAs without a first child (RFC 6023), in both roles."""
from case import accepted, case, check, equal, refused
from peer import wire
from peer.exchange import ESP_GCM
from peer.wire import Transform as T

SAYS = wire.notify(wire.CHILDLESS_IKEV2_SUPPORTED)
PFS = (*ESP_GCM, T(wire.DH, wire.CURVE25519))


def alone(peer, sa):
    """IKE_AUTH's payloads without a child's."""
    return peer.auth_payloads(sa)[:2]


def childless(t, **options):
    """An IKE SA without a child, begun by the peer."""
    t.start(**options)
    peer = t.peer()
    sa = peer.init().run()
    answer = sa.request(wire.IKE_AUTH, alone(peer, sa))
    peer.check_auth(sa, answer)
    return peer, sa, answer


@case(1301, "RFC 6023 3")
def childless_is_said(t):
    """As responder it says CHILDLESS_IKEV2_SUPPORTED in IKE_SA_INIT, asked or not, with no data."""
    t.start()
    said = t.peer().init().ask().notify(wire.CHILDLESS_IKEV2_SUPPORTED)
    check(said is not None, "not said")
    equal((said.protocol, said.spi, said.data), (0, b"", b""), "the notify")


@case(1302, "RFC 6023 3, 4")
def childless_is_answered(t):
    """IKE_AUTH without SA, TSi, TSr makes an IKE SA and no child; the answer has none of them."""
    _, sa, answer = childless(t)
    accepted(answer)
    for kind in (wire.SA, wire.TSI, wire.TSR):
        check(answer.get(kind) is None, f"payload {kind} in the answer")
    t.nothing_kept()
    t.alive(sa)


@case(1303, "RFC 6023 3")
def childless_then_a_child(t):
    """A child follows by CREATE_CHILD_SA, with a key exchange of its own."""
    peer, sa, _ = childless(t, esp="aes128gcm16-x25519-noesn")
    sa.child = peer.new_child(sa, esp=[PFS], group=wire.CURVE25519)
    t.has_child(sa)


@case(1304, "RFC 6023 3")
def childless_needs_the_right_secret(t):
    """Without a child the proof counts all the same."""
    t.start()
    peer = t.peer()
    sa = peer.init().run()
    refused(sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, psk=b"wrong")[:2]),
            wire.AUTHENTICATION_FAILED)
    t.gone(peer, sa)


@case(1305, "RFC 6023 3")
def childless_by_halves(t):
    """SA without selectors, or selectors without SA, is no childless request: INVALID_SYNTAX."""
    for left_out in ((wire.SA,), (wire.TSI, wire.TSR), (wire.TSR,)):
        t.start()
        peer = t.peer()
        sa = peer.init().run()
        payloads = [p for p in peer.auth_payloads(sa) if p.type not in left_out]
        refused(sa.request(wire.IKE_AUTH, payloads), wire.INVALID_SYNTAX)
        t.nothing_kept()
        t.subject.stop()


@case(1306, "RFC 6023 3")
def childless_is_begun(t):
    """With `childless = yes` and a peer that says it, the child comes after IKE_AUTH."""
    t.start(childless="yes")
    peer = t.peer()
    t.subject.up()
    sa = peer.accept_init(extra=[SAYS])
    message = sa.expect(wire.IKE_AUTH)
    peer.check_auth(sa, message)
    for kind in (wire.SA, wire.TSI, wire.TSR):
        check(message.get(kind) is None, f"payload {kind} in IKE_AUTH")
    me = peer.id_payload(wire.IDR)
    sa.respond(message, [me, peer.auth_payload(sa, me.body)])
    sa.child = peer.grant_request(sa, sa.expect(wire.CREATE_CHILD_SA))
    t.has_child(sa)


@case(1307, "RFC 6023 3")
def childless_is_not_forced(t):
    """With `childless = yes` and a peer that does not say it, the child is in IKE_AUTH."""
    t.start(childless="yes")
    peer = t.peer()
    t.subject.up()
    sa = peer.accept()
    t.has_child(sa)


@case(1308, "RFC 6023 3")
def childless_is_the_initiators_choice(t):
    """Without the option the child is in IKE_AUTH, also with a peer that says it."""
    t.start()
    peer = t.peer()
    t.subject.up()
    sa = peer.accept(extra=[SAYS])
    t.has_child(sa)
