# SPDX-License-Identifier: GPL-2.0
"""The initial exchanges with the subject as initiator (RFC 7296 1.2, 2.1, 2.6, 2.7, 2.21)."""
import os

from case import case, check, equal
from peer import crypto, wire
from peer.exchange import ESP_GCM, IKE_GCM, Accept, esp_proposal, ike_proposal
from peer.sa import nat_hash
from peer.wire import Transform as T, Ts
from subject.net import BOTH

SHORT = {"retransmit_first": "200ms", "retransmit_tries": 3}
TWO_GROUPS = "aes128gcm16-prfsha256-x25519-modp2048"
MODP_GCM = (*IKE_GCM[:2], T(wire.DH, wire.MODP_2048))


def begun(t, **options):
    """The subject's IKE_SA_INIT request, not answered yet. Tunnel u is for no_auth."""
    t.start_tunnels(t=options, u={"remote": t.outside.peers[1], "local-ts": "10.3.0.0/24",
                                  "remote-ts": "10.4.0.0/24"})
    t.begun = t.subject.up()
    return Accept(t.peer())


def asked(t, **options):
    """The IKE SA and the subject's IKE_AUTH request, not answered yet."""
    t.start(**options)
    t.begun = t.subject.up()
    sa = t.peer().accept_init()
    request = sa.expect(wire.IKE_AUTH)
    t.peer().check_auth(sa, request)
    return t.peer(), sa, request


def fails(t, *codes):
    """The attempt ends with one of these errors, and nothing is kept."""
    result = t.subject.outcome(t.begun)
    check(result.get("error") in codes, f"it says {result}")
    t.nothing_kept()


def no_auth(t, peer):
    """No IKE_AUTH request comes: it would come before another peer has been authenticated."""
    t.peer(1).connect(tsi=[Ts.net("10.4.0.0/24")], tsr=[Ts.net("10.3.0.0/24")])
    peer.drain()
    found = [m for m in peer.inbox if m.exchange != wire.IKE_SA_INIT and not m.response]
    check(not found, f"it goes on: {[str(m) for m in found]}")


@case(301, "RFC 7296 1.2, 3.1", "IKEv2.SGW.I.1.1.1.1", over=BOTH)
def initiator_sends_init(t):
    """Its IKE_SA_INIT request has SA, KE, Nonce; responder SPI and message id are zero."""
    request = begun(t).request
    check(any(request.spi_i), "an initiator SPI of zero")
    equal((request.spi_r, request.id), (bytes(8), 0), "responder SPI and message id")
    equal((request.flags, request.version), (wire.FLAG_INITIATOR, wire.VERSION), "flags, version")
    offer = wire.parse_sa(request.get(wire.SA))
    equal([(p.number, p.protocol, p.spi) for p in offer], [(1, wire.PROTO_IKE, b"")], "proposals")
    check(offer[0].same(*IKE_GCM), f"it offers {offer[0]}")
    group, public = wire.parse_ke(request.get(wire.KE))
    equal((group, len(public)), (wire.CURVE25519, 32), "the key exchange")
    check(16 <= len(request.get(wire.NONCE)) <= 256, "the nonce's size")
    equal([p.type for p in request.payloads[:3]], [wire.SA, wire.KE, wire.NONCE], "the usual order")
    check(not any(p.critical or p.reserved for p in request.payloads), "critical or reserved bits")


@case(302, "RFC 7296 1.2, 2.15", "IKEv2.SGW.I.1.1.1.2", over=BOTH)
def initiator_sends_auth(t):
    """Its IKE_AUTH request has IDi, AUTH, SA, TSi, TSr inside the Encrypted payload, message id
    1."""
    _, _, request = asked(t)
    equal((request.id, request.flags), (1, wire.FLAG_INITIATOR), "message id, flags")
    equal([p.type for p in request.payloads], [wire.SK], "payloads outside")
    kinds = [p.type for p in request.inner if p.type not in (wire.N, wire.IDR)]
    equal(kinds, [wire.IDI, wire.AUTH, wire.SA, wire.TSI, wire.TSR], "payloads inside")
    offer = wire.parse_sa(request.get(wire.SA))
    equal([(p.protocol, len(p.spi)) for p in offer], [(wire.PROTO_ESP, 4)], "the child's proposals")
    check(offer[0].same(*ESP_GCM), f"it offers {offer[0]}")
    equal(wire.parse_ts(request.get(wire.TSI))[-1], Ts.net("10.1.0.0/24"), "TSi")
    equal(wire.parse_ts(request.get(wire.TSR))[-1], Ts.net("10.2.0.0/24"), "TSr")


@case(303, "RFC 7296 2.8, 2.17", "IKEv2.SGW.I.1.1.1.3")
def initiator_uses_the_child(t):
    """The child's keys are in its kernel when the peer has answered, and it says that it is up."""
    t.called()
    t.subject.wait(lambda: t.subject.state() == "up", "up")


@case(304, "RFC 7296 2.1, 2.4", "IKEv2.SGW.I.1.1.2.1", over=BOTH)
def initiator_repeats_init(t):
    """Without an answer the same IKE_SA_INIT request comes again, octet for octet."""
    begun(t, **SHORT)
    peer = t.peer()
    peer.expect_repeats(2)
    equal({(m.exchange, m.id) for m in peer.repeats}, {(wire.IKE_SA_INIT, 0)}, "what is repeated")


@case(305, "RFC 7296 2.1", "IKEv2.SGW.I.1.1.2.2")
def initiator_stops_repeating_init(t):
    """An answer ends the retransmission of IKE_SA_INIT."""
    begun(t, **SHORT).answer()
    peer = t.peer()
    before = len(peer.repeats)
    peer.expect_repeats(before + 1)             # of IKE_AUTH
    equal({m.exchange for m in peer.repeats[before:]}, {wire.IKE_AUTH}, "what is repeated")


@case(306, "RFC 7296 2.1, 2.4", "IKEv2.SGW.I.1.1.2.3")
def initiator_repeats_auth(t):
    """Without an answer the same IKE_AUTH request comes again, octet for octet."""
    peer, _, _ = asked(t, **SHORT)
    peer.expect_repeats(2)
    check(wire.IKE_AUTH in {m.exchange for m in peer.repeats}, "something else is repeated")


@case(307, "RFC 7296 2.1", "IKEv2.SGW.I.1.1.2.4")
def initiator_stops_repeating_auth(t):
    """An answer ends the retransmission of IKE_AUTH."""
    peer, sa, request = asked(t, **SHORT)
    peer.answer_auth(sa, request)
    t.subject.wait(lambda: t.subject.state() == "up", "up")
    peer.drain()
    before = len(peer.repeats)
    t.rest(0.5)                                 # the second wait would be over
    peer.drain()
    equal(len(peer.repeats), before, "retransmissions")


@case(308, "RFC 7296 2.4", "IKEv2.SGW.I.1.1.3.3")
def initiator_gives_up(t):
    """After the last retransmission it gives up and keeps nothing."""
    begun(t, retransmit_first="100ms", retransmit_tries=3)
    fails(t, "timeout")
    peer = t.peer()
    peer.drain()
    equal(len(peer.repeats), 2, "retransmissions")


@case(309, "RFC 7296 2.6", "IKEv2.SGW.I.1.1.5.1", over=BOTH)
def initiator_returns_a_cookie(t):
    """A COOKIE comes back as the first payload; SPI, SA, KE, Nonce are what they were."""
    first = begun(t)
    cookie, before = os.urandom(64), first.request
    first.reply([wire.notify(wire.COOKIE, cookie)], spi=bytes(8))
    after = first.again().request
    equal(wire.Notify.decode(after.payloads[0].body), wire.Notify(wire.COOKIE, cookie), "the first")
    equal((after.spi_i, after.spi_r, after.id), (before.spi_i, bytes(8), 0), "the header")
    equal(after.payloads[1:], before.payloads, "the rest")
    sa = first.answer()
    peer = t.peer()
    request = sa.expect(wire.IKE_AUTH)
    peer.check_auth(sa, request)
    peer.answer_auth(sa, request)
    t.has_child(sa)


@case(310, "RFC 7296 2.6")
def initiator_returns_each_cookie(t):
    """A second COOKIE takes the place of the first one; sizes of 1 and 64 octets do."""
    first = begun(t)
    for cookie in (b"\x01", os.urandom(64)):
        first.reply([wire.notify(wire.COOKIE, cookie)], spi=bytes(8))
        found = first.again().request.notifies()
        equal([n.data for n in found if n.type == wire.COOKIE], [cookie], "cookies")


@case(311, "RFC 7296 2.6")
def initiator_ends_with_cookies(t):
    """A peer that asks for a new COOKIE for ever is given up."""
    first = begun(t)
    for _ in range(64):
        first.reply([wire.notify(wire.COOKIE, os.urandom(8))], spi=bytes(8))
        until = [t.peer().receive(t.soon(2))]
        if until[0] is None:
            return
        first.request = until[0]
    check(False, "it has answered 64 of them")


@case(312, "RFC 7296 2.6.1", "IKEv2.SGW.I.1.1.5.2")
def initiator_cookie_then_group(t):
    """A COOKIE and then INVALID_KE_PAYLOAD: it sends another key exchange, with the cookie."""
    first = begun(t, ike=TWO_GROUPS)
    cookie = os.urandom(16)
    first.reply([wire.notify(wire.COOKIE, cookie)], spi=bytes(8))
    first.again().reply([wire.notify(wire.INVALID_KE_PAYLOAD, b"\0\x0e")], spi=bytes(8))
    request = first.again().request
    equal(wire.parse_ke(request.get(wire.KE))[0], wire.MODP_2048, "the group")
    check(not request.notify(wire.COOKIE) or request.notify(wire.COOKIE).data == cookie, "cookie")
    first.group, first.transforms = wire.MODP_2048, MODP_GCM
    first.answer().expect(wire.IKE_AUTH)


@case(313, "RFC 7296 2.6.1", "IKEv2.SGW.I.1.1.5.3")
def initiator_cookie_again_after_group(t):
    """COOKIE, INVALID_KE_PAYLOAD, another COOKIE for the new request: it goes on."""
    first = begun(t, ike=TWO_GROUPS)
    first.reply([wire.notify(wire.COOKIE, b"first cookie")], spi=bytes(8))
    first.again().reply([wire.notify(wire.INVALID_KE_PAYLOAD, b"\0\x0e")], spi=bytes(8))
    first.again().reply([wire.notify(wire.COOKIE, b"second cookie")], spi=bytes(8))
    request = first.again().request
    cookies = [n.data for n in request.notifies() if n.type == wire.COOKIE]
    equal(cookies, [b"second cookie"], "cookies")
    equal(wire.parse_ke(request.get(wire.KE))[0], wire.MODP_2048, "the group")
    first.group, first.transforms = wire.MODP_2048, MODP_GCM
    first.answer().expect(wire.IKE_AUTH)


@case(314, "RFC 7296 1.2, 2.7", "IKEv2.SGW.I.1.1.6.11")
def initiator_takes_another_group(t):
    """INVALID_KE_PAYLOAD with a group that it has offered: again with that, and the whole offer."""
    first = begun(t, ike=TWO_GROUPS)
    offer = [set(map(str, p.transforms)) for p in wire.parse_sa(first.request.get(wire.SA))]
    first.reply([wire.notify(wire.INVALID_KE_PAYLOAD, b"\0\x0e")], spi=bytes(8))
    request = first.again().request
    equal(wire.parse_ke(request.get(wire.KE))[0], wire.MODP_2048, "the group")
    equal([set(map(str, p.transforms)) for p in wire.parse_sa(request.get(wire.SA))], offer,
          "the offer")
    first.group, first.transforms = wire.MODP_2048, MODP_GCM
    peer, sa = t.peer(), first.answer()
    request = sa.expect(wire.IKE_AUTH)
    peer.check_auth(sa, request)
    peer.answer_auth(sa, request)
    t.has_child(sa)


@case(315, "RFC 7296 1.2, 2.7")
def initiator_takes_no_foreign_group(t):
    """INVALID_KE_PAYLOAD with a group that it has not offered brings no key exchange of that."""
    first = begun(t, **SHORT)
    first.reply([wire.notify(wire.INVALID_KE_PAYLOAD, b"\0\x0e")], spi=bytes(8))
    t.silent(t.peer(), lambda m: m.get(wire.KE) and
             wire.parse_ke(m.get(wire.KE))[0] != wire.CURVE25519)


@case(316, "RFC 7296 1.2")
def initiator_malformed_invalid_ke(t):
    """INVALID_KE_PAYLOAD without a group, or with one octet, does not crash it or move it."""
    for data in (b"", b"\x0e", b"\0\x0e\0"):
        first = begun(t, ike=TWO_GROUPS, **SHORT)
        first.reply([wire.notify(wire.INVALID_KE_PAYLOAD, data)], spi=bytes(8))
        no_auth(t, t.peer())
        t.peer().inbox.clear()
        t.subject.stop()


@case(317, "RFC 7296 2.7", "IKEv2.SGW.I.1.1.6.8")
def initiator_no_proposal_chosen(t):
    """NO_PROPOSAL_CHOSEN ends the attempt, and it says so."""
    begun(t).reply([wire.notify(wire.NO_PROPOSAL_CHOSEN)], spi=bytes(8))
    fails(t, "no-proposal-ike")


@case(318, "RFC 7296 2.7", "IKEv2.SGW.I.1.1.6.9")
def initiator_inconsistent_choice(t):
    """A response with what it has not offered makes no IKE SA: other id, length, number, type."""
    for choice in (ike_proposal(T(wire.ENCR, wire.ENCR_AES_GCM_16, 256), *IKE_GCM[1:]),
                   ike_proposal(T(wire.ENCR, wire.ENCR_CHACHA20_POLY1305), *IKE_GCM[1:]),
                   ike_proposal(IKE_GCM[0], T(wire.PRF, wire.PRF_HMAC_SHA1), IKE_GCM[2]),
                   ike_proposal(*IKE_GCM[:2]),
                   ike_proposal(*IKE_GCM, T(wire.INTEG, wire.AUTH_HMAC_SHA1_96)),
                   wire.Proposal(wire.PROTO_ESP, list(IKE_GCM), b"spi.")):
        first = begun(t, **SHORT)
        key = crypto.dh(wire.CURVE25519)
        first.reply([wire.sa(choice), wire.ke(wire.CURVE25519, key.public), wire.nonce()])
        no_auth(t, t.peer())
        t.peer().inbox.clear()
        t.subject.stop()


@case(319, "RFC 7296 2.7")
def initiator_two_choices(t):
    """A response with two proposals, or two transforms of one type, makes no IKE SA."""
    for choice in ([ike_proposal(), ike_proposal()],
                   [ike_proposal(*IKE_GCM, T(wire.DH, wire.MODP_2048))]):
        first = begun(t, ike=TWO_GROUPS, **SHORT)
        key = crypto.dh(wire.CURVE25519)
        first.reply([wire.sa(*choice), wire.ke(wire.CURVE25519, key.public), wire.nonce()])
        no_auth(t, t.peer())
        t.peer().inbox.clear()
        t.subject.stop()


@case(320, "RFC 7296 3.4")
def initiator_wrong_public_value(t):
    """A response whose KE is of another group, or of another size, makes no IKE SA."""
    for payload in (wire.ke(wire.MODP_2048, os.urandom(256)), wire.ke(wire.CURVE25519, bytes(31)),
                    wire.ke(wire.CURVE25519, b""), wire.ke(wire.CURVE25519, bytes(32))):
        first = begun(t, **SHORT)
        first.reply([wire.sa(ike_proposal(number=1)), payload, wire.nonce()])
        no_auth(t, t.peer())
        t.peer().inbox.clear()
        t.subject.stop()


@case(321, "RFC 7296 2.10, 3", "IKEv2.SGW.I.1.1.11.1")
def initiator_init_reserved_bits(t):
    """Reserved fields of the IKE_SA_INIT response that are not zero are ignored."""
    first = begun(t)
    key, nonce = crypto.dh(wire.CURVE25519), os.urandom(32)
    payloads = first.payloads(key, nonce)
    payloads[0] = wire.sa(ike_proposal(*[T(x.type, x.id, x.key_bits, reserved=(9, 7))
                                         for x in IKE_GCM], number=1))
    payloads[1] = wire.ke(wire.CURVE25519, key.public, reserved=0xabcd)
    for p in payloads:
        p.reserved = 0x7f
    sent = first.reply(payloads, flags=wire.FLAG_RESPONSE | 0xc7)
    public = wire.parse_ke(first.request.get(wire.KE))[1]
    first.established(key, nonce, public, sent).expect(wire.IKE_AUTH)


@case(322, "RFC 7296 2.10, 3", "IKEv2.SGW.I.1.1.11.2")
def initiator_auth_reserved_bits(t):
    """Reserved fields of the IKE_AUTH response that are not zero are ignored."""
    peer, sa, request = asked(t)
    me = wire.identity(wire.IDR, wire.ID_FQDN, b"x.example.org", reserved=b"\x01\x02\x03")
    proof = peer.auth_payload(sa, me.body)
    proof.body = proof.body[:1] + b"\xff\xff\xff" + proof.body[4:]
    payloads = [me, proof]
    sa.child = peer.grant_child(sa, request, (sa.nonce_i, sa.nonce_r), payloads)
    for p in payloads:
        p.reserved = 0x7f
    sa.respond(request, payloads, reserved=0x7f)
    t.has_child(sa)


@case(323, "RFC 7296 3.1, 2.5", "IKEv2.SGW.I.1.1.11.3")
def initiator_version_bit(t):
    """The version flag in a response changes nothing; nor does a higher minor version."""
    for header in ({"flags": wire.FLAG_RESPONSE | wire.FLAG_VERSION}, {"version": 0x21}):
        begun(t).answer(**header).expect(wire.IKE_AUTH)
        t.subject.stop()


@case(324, "RFC 7296 2.5, 3.10.1", "IKEv2.SGW.I.1.1.11.4")
def initiator_unknown_error(t):
    """An unknown error notify in the IKE_AUTH response is taken as an error: there is no child."""
    peer, sa, request = asked(t)
    sa.respond(request, [wire.notify(8191)])
    check("error" in t.subject.outcome(t.begun), "it says that it is up")
    t.nothing_kept()


@case(325, "RFC 7296 2.5, 3.10.1", "IKEv2.SGW.I.1.1.11.5")
def initiator_unknown_status(t):
    """Unknown status notifies in both responses are ignored."""
    t.start()
    t.subject.up()
    peer = t.peer()
    sa = peer.accept_init(extra=[wire.notify(40959, b"x"), wire.notify(16431 + 400)])
    request = sa.expect(wire.IKE_AUTH)
    me = peer.id_payload(wire.IDR)
    payloads = [wire.notify(40959), me, peer.auth_payload(sa, me.body), wire.notify(65535, b"x")]
    sa.child = peer.grant_child(sa, request, (sa.nonce_i, sa.nonce_r), payloads)
    sa.respond(request, payloads)
    t.has_child(sa)


@case(326, "RFC 7296 2.5, 3.2")
def initiator_unknown_payload(t):
    """Payloads of types 1, 32, 50 and 255 in a response that are not critical are skipped."""
    for kind in (1, 32, 50, 255):
        begun(t).answer(extra=[wire.Payload(kind, b"unknown")]).expect(wire.IKE_AUTH)
        t.subject.stop()


@case(327, "RFC 7296 2.5")
def initiator_unknown_critical_payload(t):
    """A response with an unknown critical payload makes no IKE SA."""
    for kind in (1, 32, 50, 255):
        first = begun(t, **SHORT)
        first.answer(extra=[wire.Payload(kind, b"unknown", critical=True)])
        no_auth(t, t.peer())
        t.peer().inbox.clear()
        t.subject.stop()


@case(328, "RFC 7296 2.15, 2.21.2")
def initiator_wrong_proof(t):
    """A responder with another secret gets no child, and hears that the IKE SA is closed."""
    peer, sa, request = asked(t)
    me = peer.id_payload(wire.IDR)
    payloads = [me, peer.auth_payload(sa, me.body, psk=b"wrong")]
    peer.grant_child(sa, request, (sa.nonce_i, sa.nonce_r), payloads)
    sa.respond(request, payloads)
    closing = sa.expect(wire.INFORMATIONAL)
    check(closing.error() == wire.AUTHENTICATION_FAILED or closing.get(wire.D) is not None,
          f"it says {closing}")
    sa.respond(closing)
    fails(t, "auth-local")


@case(329, "RFC 7296 3.5, 2.21.2")
def initiator_wrong_identity(t):
    """A responder that has the secret and another identity than is configured gets no child."""
    peer, sa, request = asked(t, remote_id="gw.example.org")
    peer.answer_auth(sa, request)
    sa.respond(sa.expect(wire.INFORMATIONAL))
    fails(t, "identity")


@case(330, "RFC 7296 2.21.2")
def initiator_is_refused(t):
    """AUTHENTICATION_FAILED in the response ends the attempt; no Delete follows."""
    peer, sa, request = asked(t)
    sa.respond(request, [wire.notify(wire.AUTHENTICATION_FAILED)])
    fails(t, "auth-remote")
    t.silent(peer)


@case(331, "RFC 7296 2.21.2")
def initiator_unprotected_refusal(t):
    """AUTHENTICATION_FAILED that is not protected ends nothing."""
    peer, sa, request = asked(t)
    forged = wire.Message(sa.spi_i, sa.spi_r, wire.IKE_AUTH, wire.FLAG_RESPONSE, 1,
                          [wire.notify(wire.AUTHENTICATION_FAILED)])
    peer.send(forged.encode(), to=sa.to)
    peer.answer_auth(sa, request)
    t.has_child(sa)


@case(332, "RFC 7296 1.2, 2.21.2", "IKEv2.SGW.I.1.1.6.12")
def initiator_without_a_child(t):
    """IDr, AUTH and an error in place of the child: the responder is authenticated, there is no
    child."""
    for error in (wire.NO_PROPOSAL_CHOSEN, wire.TS_UNACCEPTABLE, wire.INTERNAL_ADDRESS_FAILURE):
        peer, sa, request = asked(t)
        me = peer.id_payload(wire.IDR)
        sa.respond(request, [me, peer.auth_payload(sa, me.body), wire.notify(error)])
        check("error" in t.subject.outcome(t.begun), "it says that it is up")
        t.has_pairs(0)
        t.subject.stop()


@case(333, "RFC 7296 2.7", "IKEv2.SGW.I.1.1.6.10")
def initiator_inconsistent_child(t):
    """A child of other transforms than it has offered is not used."""
    for choice in (esp_proposal(b"1234", T(wire.ENCR, wire.ENCR_AES_GCM_16, 256), ESP_GCM[1]),
                   esp_proposal(b"1234", *ESP_GCM, T(wire.INTEG, wire.AUTH_HMAC_SHA1_96)),
                   esp_proposal(b"1234", ESP_GCM[0], T(wire.ESN, wire.WITH_ESN)),
                   esp_proposal(bytes(4), *ESP_GCM)):
        peer, sa, request = asked(t)
        me = peer.id_payload(wire.IDR)
        sa.respond(request, [me, peer.auth_payload(sa, me.body), wire.sa(choice),
                             wire.ts(wire.TSI, *peer.remote_ts), wire.ts(wire.TSR, *peer.local_ts)])
        check("error" in t.subject.outcome(t.begun), f"it says that it is up with {choice}")
        t.has_pairs(0)
        t.subject.stop()


@case(334, "RFC 7296 2.9", "IKEv2.SGW.I.1.1.7.1")
def initiator_is_narrowed(t):
    """Selectors that the responder narrows are what its kernel gets."""
    peer, sa, request = asked(t)
    peer.answer_auth(sa, request, tsi=[Ts.net("10.1.0.0/28")], tsr=[Ts.net("10.2.0.128/25")])
    t.has_child(sa)
    policy = list(t.kernel.policies.values())[0]
    equal((policy["local_ts"], policy["remote_ts"]), (["10.1.0.0/28"], ["10.2.0.128/25"]),
          "the kernel's selectors")


@case(335, "RFC 7296 2.9")
def initiator_is_not_widened(t):
    """Selectors beyond what it has asked for make no child."""
    peer, sa, request = asked(t)
    peer.answer_auth(sa, request, tsr=[Ts.net("10.0.0.0/8")])
    check("error" in t.subject.outcome(t.begun), "it says that it is up")
    t.has_pairs(0)


@case(336, "RFC 7296 2.3, 2.21.2")
def initiator_other_responses_are_ignored(t):
    """Responses with another message id, a wrong checksum or other SPIs do not answer its
    request."""
    peer, sa, request = asked(t)
    me = peer.id_payload(wire.IDR)
    good = [me, peer.auth_payload(sa, me.body)]
    sa.child = peer.grant_child(sa, request, (sa.nonce_i, sa.nonce_r), good)
    sa.transmit(sa.seal(wire.IKE_AUTH, good, 2, response=True))
    sa.transmit(sa.seal(wire.IKE_AUTH, good, 1, response=True,
                        spoil=lambda d: d[:-1] + bytes([d[-1] ^ 1])))
    sa.transmit(sa.seal(wire.IKE_AUTH, good, 1, response=True,
                        spoil=lambda d: d[:8] + bytes(8) + d[16:]))
    sa.transmit(sa.seal(wire.IKE_AUTH, good, 1, flags=wire.FLAG_RESPONSE | wire.FLAG_INITIATOR))
    t.silent(peer)
    t.has_pairs(0)
    sa.respond(request, good)
    t.has_child(sa)


@case(337, "RFC 7296 2.21.1")
def initiator_malformed_init_response(t):
    """Octets that are no message do not end the attempt: the good response does what it does."""
    first = begun(t)
    good = wire.Message(first.request.spi_i, first.spi, wire.IKE_SA_INIT, wire.FLAG_RESPONSE, 0,
                        [wire.Payload(wire.SA, b"")])
    for data in (good.encode()[:27], good.encode(length=4000), good.encode()[:-4]):
        t.peer().send(data, to=first.request.source)
    first.answer().expect(wire.IKE_AUTH)


@case(338, "RFC 7296 2.2, 2.21.1")
def initiator_init_response_of_wrong_header(t):
    """An IKE_SA_INIT response with message id 1, or with a responder SPI of zero, makes no IKE
    SA."""
    for header in ({"id": 1}, {"spi_r": bytes(8)}):
        first = begun(t, **SHORT)
        first.answer(**header)
        no_auth(t, t.peer())
        t.peer().inbox.clear()
        t.subject.stop()


@case(339, "RFC 7296 2.23", over=BOTH)
def initiator_says_where_it_is(t):
    """NAT_DETECTION_SOURCE_IP and _DESTINATION_IP are the hashes of SPIs, addresses and ports."""
    request = begun(t).request
    source, to = request.source, (t.peer().address, 500)
    for kind, where in ((wire.NAT_DETECTION_SOURCE_IP, source),
                        (wire.NAT_DETECTION_DESTINATION_IP, to)):
        equal(request.notify(kind).data, nat_hash(request.spi_i, bytes(8), *where),
              f"notify {kind}")


@case(340, "RFC 7296 2.23", over=BOTH)
def initiator_floats(t):
    """Where the responder sees another address than it has, IKE_AUTH and ESP go to port 4500."""
    first = begun(t)
    peer, key, nonce = t.peer(), crypto.dh(wire.CURVE25519), os.urandom(32)
    payloads = first.payloads(key, nonce, nat=False)
    payloads += [wire.notify(wire.NAT_DETECTION_SOURCE_IP,
                             nat_hash(first.request.spi_i, first.spi, peer.address, 500)),
                 wire.notify(wire.NAT_DETECTION_DESTINATION_IP,
                             nat_hash(first.request.spi_i, first.spi, t.outside.nowhere, 500))]
    public = wire.parse_ke(first.request.get(wire.KE))[1]
    sa = first.established(key, nonce, public, first.reply(payloads))
    request = sa.expect(wire.IKE_AUTH)
    equal((request.port, request.source[1]), (4500, 4500), "ports")
    sa.port, sa.to = 4500, request.source
    peer.check_auth(sa, request)
    peer.answer_auth(sa, request)
    t.has_child(sa)
    policy = list(t.kernel.policies.values())[0]
    check(policy["udp"], "ESP is not in UDP")
    equal(policy["remote"], peer.at(4500), "where ESP goes to")


@case(341, "RFC 7296 2.23", over=BOTH)
def initiator_without_nat_notifies(t):
    """A responder that says nothing of NAT has it on port 500 without encapsulation."""
    sa = begun(t).answer(nat=False)
    request = sa.expect(wire.IKE_AUTH)
    equal(request.port, 500, "the port")
    t.peer().answer_auth(sa, request)
    t.has_child(sa)
    check(not list(t.kernel.policies.values())[0]["udp"], "ESP is in UDP")


@case(342, "RFC 7296 2.4, 2.6")
def initiator_takes_the_first_response(t):
    """A second IKE_SA_INIT response with other keys does not take the place of the first."""
    first = begun(t)
    sa = first.answer()
    other = Accept.__new__(Accept)
    other.__dict__.update(first.__dict__, spi=os.urandom(8))
    sa.expect(wire.IKE_AUTH)
    other.answer()
    t.silent(t.peer())


@case(343, "RFC 7296 2.15", "IKEv2.SGW.I.1.1.10.4")
def initiator_hexadecimal_secret(t):
    """A secret that is written in hexadecimal is its octets."""
    t.start(psk="0x00ff10a5deadbeef0011223344556677")
    peer = t.peer(psk=bytes.fromhex("00ff10a5deadbeef0011223344556677"))
    t.subject.up()
    t.has_child(peer.accept())


@case(344, "RFC 7296 2.7, 3.3", "IKEv2.SGW.I.1.1.6.4")
def initiator_several_proposals(t):
    """It offers its list in order, numbered from 1, and takes the one that the responder
    chooses."""
    first = begun(t, ike=["aes256-sha512-modp2048", "aes128gcm16-prfsha256-x25519-modp2048"])
    offer = wire.parse_sa(first.request.get(wire.SA))
    equal([p.number for p in offer], [1, 2], "numbers")
    equal(wire.parse_ke(first.request.get(wire.KE))[0], wire.MODP_2048, "the group")
    check(offer[0].same(T(wire.ENCR, wire.ENCR_AES_CBC, 256), T(wire.PRF, wire.PRF_HMAC_SHA2_512),
                        T(wire.INTEG, wire.AUTH_HMAC_SHA2_512_256), T(wire.DH, wire.MODP_2048)),
          f"it offers {offer[0]}")
    first.group, first.transforms = wire.MODP_2048, MODP_GCM
    sa = first.answer()
    peer, request = t.peer(), sa.expect(wire.IKE_AUTH)
    peer.check_auth(sa, request)
    peer.answer_auth(sa, request)
    t.has_child(sa)


@case(345, "RFC 7296 2.7, 3.3", "IKEv2.SGW.I.1.1.6.3")
def initiator_several_transforms(t):
    """It offers several transforms of a type in one proposal, and takes the one that is chosen."""
    first = begun(t, ike="aes256gcm16-aes128gcm16-prfsha384-prfsha256-x25519")
    offer = wire.parse_sa(first.request.get(wire.SA))
    equal(len(offer), 1, "proposals")
    equal([x.key_bits for x in offer[0].of(wire.ENCR)], [256, 128], "key lengths")
    peer, sa = t.peer(), first.answer()
    request = sa.expect(wire.IKE_AUTH)
    peer.check_auth(sa, request)
    peer.answer_auth(sa, request)
    t.has_child(sa)


@case(346, "RFC 7296 2.4", only="esplaned")
def initiator_says_initial_contact(t):
    """Its first IKE_AUTH with a peer that it has no IKE SA with has INITIAL_CONTACT."""
    _, _, request = asked(t)
    check(request.notify(wire.INITIAL_CONTACT), "no INITIAL_CONTACT")


@case(347, "RFC 7296 2.9", only="esplaned")
def initiator_single_pair_required(t):
    """After SINGLE_PAIR_REQUIRED in place of the child each pair of selectors is asked for by
    itself."""
    peer, sa, request = asked(t, local_ts=["10.1.0.0/24", "10.3.0.0/24"])
    me = peer.id_payload(wire.IDR)
    sa.respond(request, [me, peer.auth_payload(sa, me.body),
                         wire.notify(wire.SINGLE_PAIR_REQUIRED)])
    asked_for = set()
    for _ in range(2):
        request = sa.expect(wire.CREATE_CHILD_SA)
        tsi, tsr = (wire.parse_ts(request.get(kind)) for kind in (wire.TSI, wire.TSR))
        equal((len(tsi), len(tsr)), (1, 1), "selectors")
        asked_for.add(tsi[0])
        t.has_child(sa, peer.grant_request(sa, request))
    equal(asked_for, {Ts.net("10.1.0.0/24"), Ts.net("10.3.0.0/24")}, "what it asks for")
    equal(t.subject.outcome(t.begun)["result"], "ok", "the result")
    t.has_pairs(2)


MINE = [Ts.net("10.1.0.0/24", 6), Ts.net("fd01::/64"), Ts.net("10.1.1.0/24", 17)]
ITS = [Ts.net("10.2.0.0/24", 17), Ts.net("fd02::/64"), Ts.net("10.2.1.0/24", 6)]
PAIRS = {(MINE[0], ITS[2]), (MINE[1], ITS[1]), (MINE[2], ITS[0])}


def of_unlike_kinds(t):
    """The request for a child of two families and two protocols, and what begins an answer."""
    peer, sa, request = asked(t, local_ts=["10.1.0.0/24[tcp]", "fd01::/64", "10.1.1.0/24[udp]"],
                              remote_ts=["10.2.0.0/24[udp]", "fd02::/64", "10.2.1.0/24[tcp]"])
    me = peer.id_payload(wire.IDR)
    return peer, sa, request, [me, peer.auth_payload(sa, me.body)]


def asks_for(t, sa, pairs):
    """Each of @pairs is asked for by itself, and nothing else."""
    pairs = set(pairs)
    while pairs:
        request = sa.expect(wire.CREATE_CHILD_SA)
        tsi, tsr = (wire.parse_ts(request.get(kind)) for kind in (wire.TSI, wire.TSR))
        equal((len(tsi), len(tsr)), (1, 1), "selectors")
        check((tsi[0], tsr[0]) in pairs, f"it asks for {tsi[0]} === {tsr[0]}")
        pairs.remove((tsi[0], tsr[0]))
        t.has_child(sa, t.peer().grant_request(sa, request))
    t.silent(t.peer(), lambda m: not m.response)
    t.has_pairs(3)


@case(350, "RFC 7296 2.9", only="esplaned")
def initiator_pairs_are_of_one_kind(t):
    """After SINGLE_PAIR_REQUIRED no pair of two families and none of two protocols is asked for."""
    _, sa, request, payloads = of_unlike_kinds(t)
    sa.respond(request, payloads + [wire.notify(wire.SINGLE_PAIR_REQUIRED)])
    asks_for(t, sa, PAIRS)


@case(351, "RFC 7296 2.9", only="esplaned")
def initiator_rest_is_of_one_kind(t):
    """Likewise after ADDITIONAL_TS_POSSIBLE."""
    peer, sa, request, payloads = of_unlike_kinds(t)
    sa.child = peer.grant_child(sa, request, (sa.nonce_i, sa.nonce_r), payloads, tsi=MINE[:1],
                                tsr=ITS[2:])
    sa.respond(request, payloads + [wire.notify(wire.ADDITIONAL_TS_POSSIBLE)])
    asks_for(t, sa, PAIRS - {(MINE[0], ITS[2])})


@case(348, "RFC 7296 2.9", only="esplaned")
def initiator_single_pair_refused(t):
    """SINGLE_PAIR_REQUIRED for a single pair too: there is no child, and it says so."""
    peer, sa, request = asked(t)
    me = peer.id_payload(wire.IDR)
    sa.respond(request, [me, peer.auth_payload(sa, me.body),
                         wire.notify(wire.SINGLE_PAIR_REQUIRED)])
    request = sa.expect(wire.CREATE_CHILD_SA)
    sa.respond(request, [wire.notify(wire.SINGLE_PAIR_REQUIRED)])
    check("one pair of selectors" in str(t.subject.outcome(t.begun)), "it does not say why")
    t.has_pairs(0)


@case(349, "RFC 7296 2.9", only="esplaned")
def initiator_additional_ts_possible(t):
    """After ADDITIONAL_TS_POSSIBLE it asks for the selectors that it has not got; without it it
    is content."""
    networks = ["10.2.0.0/24", "10.4.0.0/24", "10.5.0.0/24"]
    for more in (False, True):
        peer, sa, request = asked(t, remote_ts=networks)
        me = peer.id_payload(wire.IDR)
        payloads = [me, peer.auth_payload(sa, me.body)]
        sa.child = peer.grant_child(sa, request, (sa.nonce_i, sa.nonce_r), payloads,
                                    tsr=[Ts.net(networks[1])])
        sa.respond(request, payloads + [wire.notify(wire.ADDITIONAL_TS_POSSIBLE)] * more)
        t.has_child(sa)
        asked_for = set()
        for _ in range(2 if more else 0):
            request = sa.expect(wire.CREATE_CHILD_SA)
            asked_for.update(wire.parse_ts(request.get(wire.TSR)))
            t.has_child(sa, peer.grant_request(sa, request))
        equal(asked_for, {Ts.net(networks[0]), Ts.net(networks[2])} if more else set(),
              "what it asks for")
        t.silent(peer, lambda m: not m.response)
        t.subject.stop()
