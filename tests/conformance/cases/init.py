# SPDX-License-Identifier: GPL-2.0
"""IKE_SA_INIT with the subject as responder (RFC 7296 1.2, 2.5 to 2.7, 2.10, 3)."""
import os

from case import accepted, case, check, equal, refused
from peer import crypto, wire
from peer.exchange import IKE_GCM, ike_proposal
from peer.wire import Transform as T
from subject.net import BOTH

CBC = (T(wire.ENCR, wire.ENCR_AES_CBC, 128), T(wire.PRF, wire.PRF_HMAC_SHA2_256),
       T(wire.INTEG, wire.AUTH_HMAC_SHA2_256_128), T(wire.DH, wire.MODP_2048))


def unheard(t, init, data):
    """Data in place of a good request: no answer; then the good one is answered."""
    t.peer().send(data)
    t.silent(t.peer())
    init.run()


@case(101, "RFC 7296 1.2", "IKEv2.SGW.R.1.1.1.1", over=BOTH)
def init_is_answered(t):
    """It answers IKE_SA_INIT with SA, KE, Nonce, a responder SPI of its own, the same initiator
    SPI."""
    t.start()
    init = t.peer().init()
    answer = init.ask()
    accepted(answer)
    equal(answer.spi_i, init.spi, "initiator SPI")
    check(any(answer.spi_r), "a responder SPI of zero")
    equal(answer.flags, wire.FLAG_RESPONSE, "flags")
    equal(answer.id, 0, "message id")
    sa = init.finish(answer)
    equal(sa.chosen.number, 1, "the proposal's number")
    check(sa.chosen.same(*init.proposals[0].transforms), f"it chose {sa.chosen}")


@case(102, "RFC 7296 2.1", "IKEv2.SGW.R.1.1.2.1")
def init_again_gets_the_same_answer(t):
    """A retransmitted IKE_SA_INIT request gets the same octets again, and makes no second IKE
    SA."""
    t.start()
    init = t.peer().init()
    first = init.ask()
    second = init.ask()
    equal(second.raw, first.raw, "the second answer")


@case(103, "RFC 7296 2.5", "IKEv2.SGW.R.1.1.4.1")
def init_minor_version_is_ignored(t):
    """A higher minor version number is no reason to refuse."""
    t.start()
    init = t.peer().init()
    answer = init.ask(init.message(version=0x21).encode())
    accepted(answer)
    equal(answer.version, wire.VERSION, "the version it answers with")


@case(104, "RFC 7296 2.5", "IKEv2.SGW.R.1.1.4.2")
def init_major_version_is_refused(t):
    """A higher major version gets INVALID_MAJOR_VERSION with the version it speaks, and no IKE
    SA."""
    t.start()
    init = t.peer().init()
    answer = init.ask(init.message(version=0x30).encode())
    equal(answer.error(), wire.INVALID_MAJOR_VERSION, "the error")
    equal(answer.version, wire.VERSION, "the version it answers with")
    check(answer.notifies()[0].data in (b"", b"\x02"), "the notify's data is another version")


@case(105, "RFC 7296 2.5, 3.2")
def init_unknown_payload_is_skipped(t):
    """Payloads of types 1, 32, 50 and 255 that are not critical are skipped."""
    t.start()
    for kind in (1, 32, 50, 255):
        init = t.peer().init()
        init.payloads.insert(1, wire.Payload(kind, b"unknown"))
        accepted(init.ask())


@case(106, "RFC 7296 2.5")
def init_unknown_critical_payload_is_refused(t):
    """An unknown critical payload gets UNSUPPORTED_CRITICAL_PAYLOAD with its type, one octet."""
    t.start()
    for kind in (1, 32, 50, 255):
        init = t.peer().init()
        init.payloads.insert(1, wire.Payload(kind, b"unknown", critical=True))
        answer = init.ask()
        refused(answer, wire.UNSUPPORTED_CRITICAL_PAYLOAD)
        equal(answer.notify(wire.UNSUPPORTED_CRITICAL_PAYLOAD).data, bytes([kind]), "its data")


@case(107, "RFC 7296 2.5")
def init_critical_bit_of_known_payloads_is_ignored(t):
    """The critical bit of payloads that everyone knows is ignored."""
    t.start()
    init = t.peer().init()
    for p in init.payloads:
        p.critical = True
    accepted(init.ask())


@case(108, "RFC 7296 2.5")
def init_payloads_in_any_order(t):
    """Payloads in another order are accepted (IKEv2.SGW.R.1.1.4.5 of RFC 4306's time refuses
    them)."""
    t.start()
    init = t.peer().init()
    init.payloads.reverse()
    accepted(init.ask())


@case(109, "RFC 7296 2.10, 3.2", "IKEv2.SGW.R.1.1.11.1")
def init_reserved_bits_are_ignored(t):
    """Reserved fields that are not zero are ignored: of payloads, header flags, KE, transforms."""
    t.start()
    transforms = [T(x.type, x.id, x.key_bits, reserved=(0xa5, 0x5a)) for x in IKE_GCM]
    init = t.peer().init(ike_proposal(*transforms))
    init.payloads[1] = wire.ke(init.group, init.dh.public, reserved=0xffff)
    for p in init.payloads:
        p.reserved = 0x7f
    init.send(init.message(flags=wire.FLAG_INITIATOR | 0xc7).encode())
    accepted(init.response())


@case(110, "RFC 7296 3.1", "IKEv2.SGW.R.1.1.11.3")
def init_version_bit_is_ignored(t):
    """The flag that a higher version could be spoken changes nothing."""
    t.start()
    init = t.peer().init()
    answer = init.ask(init.message(flags=wire.FLAG_INITIATOR | wire.FLAG_VERSION).encode())
    accepted(answer)
    check(not answer.flags & wire.FLAG_VERSION, "it says itself that it speaks a higher version")


@case(111, "RFC 7296 3.1", "IKEv2.SGW.R.1.1.11.4")
def init_response_nobody_asked_for(t):
    """An IKE_SA_INIT with the response flag, for an IKE SA that is not there, gets no answer."""
    t.start()
    init = t.peer().init()
    unheard(t, init, init.message(flags=wire.FLAG_INITIATOR | wire.FLAG_RESPONSE).encode())


@case(112, "RFC 7296 2.5, 3.10.1")
def init_unknown_notifies_are_ignored(t):
    """Unknown status and error notifies in a request are ignored."""
    t.start()
    init = t.peer().init(extra=[wire.notify(8191), wire.notify(16383), wire.notify(40959, b"x"),
                                wire.notify(65535, b"private")])
    accepted(init.ask())


@case(113, "RFC 7296 3.12")
def init_vendor_ids_are_ignored(t):
    """Any number of unknown Vendor ID payloads is accepted, empty ones too."""
    t.start()
    init = t.peer().init(extra=[wire.Payload(wire.V, os.urandom(n)) for n in range(32)])
    accepted(init.ask())


@case(114, "RFC 7296 2.10, 3.9")
def init_nonce_sizes(t):
    """Nonces of 16 and of 256 octets are accepted."""
    t.start()
    for size in (16, 256):
        sa = t.peer().init(nonce=os.urandom(size)).run()
        accepted(sa.request(wire.IKE_AUTH, t.peer().auth_payloads(sa)))


@case(115, "RFC 7296 3.9")
def init_nonce_too_short_or_long(t):
    """Nonces of 0, 15 and 257 octets make no IKE SA."""
    t.start()
    for size in (0, 15, 257):
        init = t.peer().init(nonce=os.urandom(size))
        init.send()
        t.silent(t.peer(), lambda m: m.get(wire.SA) is not None)
        t.peer().inbox.clear()


@case(116, "RFC 7296 2.10")
def init_own_nonce_is_long_enough(t):
    """Its own nonce has at least half the size of the PRF's key and 16 octets, and is another each
    time."""
    t.start()
    nonces = [t.peer().init().run().nonce_r for _ in range(3)]
    check(all(16 <= len(n) <= 256 for n in nonces), "its size")
    equal(len(set(nonces)), 3, "different nonces")


@case(117, "RFC 7296 1.2, 2.7", "IKEv2.SGW.R.1.1.6.8")
def init_wrong_group_is_named(t):
    """A KE payload of another group than it chooses gets INVALID_KE_PAYLOAD with the right one."""
    t.start()
    init = t.peer().init(ike_proposal(*IKE_GCM[:2], T(wire.DH, wire.MODP_2048),
                                      T(wire.DH, wire.CURVE25519)), group=wire.MODP_2048)
    answer = init.ask()
    refused(answer, wire.INVALID_KE_PAYLOAD)
    equal(answer.notify(wire.INVALID_KE_PAYLOAD).data, bytes([0, wire.CURVE25519]), "its data")
    init.with_group(wire.CURVE25519)
    init.run()


@case(118, "RFC 7296 1.2, 2.6")
def init_wrong_group_makes_no_state(t):
    """After INVALID_KE_PAYLOAD there is no IKE SA: the responder SPI is zero, nothing is half
    open."""
    t.start()
    init = t.peer().init(ike_proposal(*IKE_GCM[:2], T(wire.DH, wire.MODP_2048),
                                      T(wire.DH, wire.CURVE25519)), group=wire.MODP_2048)
    equal(init.ask().spi_r, bytes(8), "the responder SPI")


@case(119, "RFC 7296 2.7")
def init_no_proposal_chosen(t):
    """An offer of nothing that it has gets NO_PROPOSAL_CHOSEN, and no IKE SA."""
    t.start()
    init = t.peer().init(ike_proposal(*CBC))
    answer = init.ask()
    refused(answer, wire.NO_PROPOSAL_CHOSEN)
    equal(answer.spi_r, bytes(8), "the responder SPI")


@case(120, "RFC 7296 2.7, 3.3", "IKEv2.SGW.R.1.1.6.3")
def init_chooses_among_transforms(t):
    """Of several transforms of each type it takes one of each, among those that it has."""
    t.start()
    init = t.peer().init(ike_proposal(
        T(wire.ENCR, wire.ENCR_AES_GCM_16, 256), T(wire.ENCR, wire.ENCR_AES_GCM_16, 128),
        T(wire.PRF, wire.PRF_HMAC_SHA1), T(wire.PRF, wire.PRF_HMAC_SHA2_256),
        T(wire.DH, wire.CURVE25519), T(wire.DH, wire.MODP_2048)))
    sa = init.run()
    check(sa.chosen.same(*IKE_GCM), f"it chose {sa.chosen}")


@case(121, "RFC 7296 2.7, 3.3.1", "IKEv2.SGW.R.1.1.6.4")
def init_chooses_among_proposals(t):
    """Of several proposals it takes one that it has, and answers with that one's number."""
    t.start()
    sa = t.peer().init(ike_proposal(*CBC), ike_proposal(*IKE_GCM), group=wire.CURVE25519).run()
    equal(sa.chosen.number, 2, "the proposal's number")


@case(122, "RFC 7296 3.3.2, 3.3.6")
def init_unknown_transforms_are_skipped(t):
    """Unknown transform ids, and a proposal with an unknown transform type, do not spoil the
    others."""
    t.start()
    init = t.peer().init(ike_proposal(*IKE_GCM, T(77, 1)),
                         ike_proposal(T(wire.ENCR, 1023, 128), T(wire.PRF, 1023), T(wire.DH, 1023),
                                      *IKE_GCM), group=wire.CURVE25519)
    sa = init.run()
    equal(sa.chosen.number, 2, "the proposal's number")
    check(sa.chosen.same(*IKE_GCM), f"it chose {sa.chosen}")


@case(143, "RFC 7296 3.3")
def init_any_number_of_proposals(t):
    """Of 200 proposals it takes the one that it has, the first, the 17th or the last."""
    t.start()
    other = T(wire.ENCR, wire.ENCR_3DES)
    for place in (1, 17, 200):
        offer = [ike_proposal(*(IKE_GCM if n == place else [other])) for n in range(1, 201)]
        sa = t.peer().init(*offer, group=wire.CURVE25519).run()
        equal(sa.chosen.number, place, "the proposal's number")
        check(sa.chosen.same(*IKE_GCM), f"it chose {sa.chosen}")


@case(144, "RFC 7296 2.7, 3.3")
def init_chooses_the_strongest(t):
    """Of 91 proposals that it could take it takes the strongest; with prefer = peer the first."""
    weak = [ike_proposal(*IKE_GCM[:2], T(wire.DH, wire.MODP_2048))] * 90
    for prefer, place, group in (("strongest", 91, wire.CURVE25519), ("peer", 1, wire.MODP_2048)):
        t.start(ike=["aes128gcm16-prfsha256-modp2048", "aes128gcm16-prfsha256-x25519"],
                prefer=prefer)
        sa = t.peer().init(*weak, ike_proposal(*IKE_GCM), group=group).run()
        equal(sa.chosen.number, place, "the proposal's number")
        t.subject.stop()


@case(123, "RFC 7296 3.3.5")
def init_key_lengths_are_told_apart(t):
    """A key length that it has not is another algorithm; so is a missing one."""
    t.start()
    for bits in (192, 256, 0, None):
        init = t.peer().init(ike_proposal(T(wire.ENCR, wire.ENCR_AES_GCM_16, bits), *IKE_GCM[1:]))
        refused(init.ask(), wire.NO_PROPOSAL_CHOSEN)


@case(124, "RFC 7296 3.3.6")
def init_unknown_attribute_spoils_its_transform(t):
    """A transform with an attribute that is unknown is not chosen; the one without is."""
    t.start()
    odd = T(wire.ENCR, wire.ENCR_AES_GCM_16, 128, attributes=b"\x80\x63\0\x01")
    refused(t.peer().init(ike_proposal(odd, *IKE_GCM[1:])).ask(), wire.NO_PROPOSAL_CHOSEN)
    sa = t.peer().init(ike_proposal(odd, *IKE_GCM)).run()
    check(sa.chosen.same(*IKE_GCM), f"it chose {sa.chosen}")


@case(125, "RFC 7296 3.3.3")
def init_missing_transform_types(t):
    """A proposal without PRF, or without a group, is not chosen."""
    t.start()
    for left_out in (wire.PRF, wire.DH):
        init = t.peer().init(ike_proposal(*(x for x in IKE_GCM if x.type != left_out)))
        refused(init.ask(), wire.NO_PROPOSAL_CHOSEN)


@case(126, "RFC 7296 3.3.3, RFC 5282 8")
def init_integrity_none_beside_aead(t):
    """With a combined-mode cipher integrity may be left out or offered as NONE."""
    t.start()
    sa = t.peer().init(ike_proposal(*IKE_GCM, T(wire.INTEG, wire.AUTH_NONE))).run()
    accepted(sa.request(wire.IKE_AUTH, t.peer().auth_payloads(sa)))


@case(127, "RFC 7296 3.3.3, RFC 5282 8")
def init_integrity_beside_aead(t):
    """A combined-mode cipher beside a real integrity algorithm, which nobody may offer, goes
    alone."""
    t.start()
    init = t.peer().init(ike_proposal(*IKE_GCM, T(wire.INTEG, wire.AUTH_HMAC_SHA2_256_128)))
    answer = init.ask()
    if answer.error() is not None:
        refused(answer, wire.NO_PROPOSAL_CHOSEN)
        return
    sa = init.finish(answer)
    check(sa.suite.integ is None or sa.suite.integ.id == wire.AUTH_NONE, f"it chose {sa.chosen}")
    accepted(sa.request(wire.IKE_AUTH, t.peer().auth_payloads(sa)))


@case(128, "RFC 7296 3.3.1")
def init_proposal_of_another_protocol(t):
    """A proposal for ESP or AH in IKE_SA_INIT is not chosen."""
    t.start()
    for protocol in (wire.PROTO_AH, wire.PROTO_ESP):
        init = t.peer().init(wire.Proposal(protocol, list(IKE_GCM), bytes(4)))
        check(init.ask().get(wire.SA) is None, "it was chosen")


@case(129, "RFC 7296 3.3.1")
def init_proposal_with_an_spi(t):
    """In IKE_SA_INIT the SPI size is zero: it answers with none itself."""
    t.start()
    sa = t.peer().init().run()
    equal(sa.chosen.spi, b"", "the SPI of the proposal it chose")


@case(130, "RFC 7296 3.4, RFC 8031 2")
def init_public_value_of_wrong_size(t):
    """A KE payload whose public value has not the size of its group makes no IKE SA."""
    t.start()
    for size in (0, 31, 33, 256):
        init = t.peer().init()
        init.payloads[1] = wire.ke(wire.CURVE25519, os.urandom(size))
        init.send()
        t.silent(t.peer(), lambda m: m.get(wire.SA) is not None)
        t.peer().inbox.clear()


@case(131, "RFC 6989 2.1")
def init_degenerate_modp_value(t):
    """Public values 0, 1, p - 1 and p of a MODP group make no IKE SA."""
    t.start(ike="aes128-sha256-modp2048")
    prime = crypto.modp_prime(wire.MODP_2048)
    for value in (0, 1, prime - 1, prime):
        init = t.peer().init(ike_proposal(*CBC))
        init.payloads[1] = wire.ke(wire.MODP_2048, value.to_bytes(256, "big"))
        init.send()
        t.silent(t.peer(), lambda m: m.get(wire.SA) is not None)
        t.peer().inbox.clear()


@case(132, "RFC 6989 2.3")
def init_point_off_the_curve(t):
    """A point that is not on the curve makes no IKE SA."""
    t.start(ike="aes128gcm16-prfsha256-ecp256")
    init = t.peer().init(ike_proposal(*IKE_GCM[:2], T(wire.DH, wire.ECP_256)))
    good = init.dh.public
    init.payloads[1] = wire.ke(wire.ECP_256, good[:-1] + bytes([good[-1] ^ 1]))
    init.send()
    t.silent(t.peer(), lambda m: m.get(wire.SA) is not None)


@case(133, "RFC 8031 5, RFC 7748 6.1")
def init_all_zero_secret(t):
    """X25519 with a point of small order, whose secret is all zero, makes no IKE SA."""
    t.start()
    for value in (bytes(32), bytes([1]) + bytes(31)):
        init = t.peer().init()
        init.payloads[1] = wire.ke(wire.CURVE25519, value)
        init.send()
        t.silent(t.peer(), lambda m: m.get(wire.SA) is not None)
        t.peer().inbox.clear()


@case(134, "RFC 7296 2.21.1, 3", over=BOTH)
def init_broken_length_of_header(t):
    """A message whose header says another length than it has is no message."""
    t.start()
    init = t.peer().init()
    good = init.message()
    for length in (0, 27, len(good.encode()) - 1, len(good.encode()) + 1, 0xffffffff):
        t.peer().send(good.encode(length=length))
    unheard(t, init, good.encode()[:20])


@case(135, "RFC 7296 2.21.1, 3.2")
def init_broken_length_of_payload(t):
    """A payload whose length is below 4, or beyond the message, makes no IKE SA."""
    t.start()
    for at in range(3):
        for length in (0, 3, 0xffff):
            init = t.peer().init()
            init.payloads[at].length = length
            init.send()
            t.silent(t.peer(), lambda m: m.get(wire.SA) is not None)
            t.peer().inbox.clear()


@case(136, "RFC 7296 1.2, 2.21.1")
def init_missing_payload(t):
    """Without SA, KE or Nonce there is no IKE SA."""
    t.start()
    for at in range(3):
        init = t.peer().init()
        del init.payloads[at]
        init.send()
        t.silent(t.peer(), lambda m: m.get(wire.SA) is not None)
        t.peer().inbox.clear()


@case(137, "RFC 7296 2.21.1")
def init_payload_twice(t):
    """Two SA, KE or Nonce payloads make no IKE SA."""
    t.start()
    for at in range(3):
        init = t.peer().init()
        init.payloads.append(init.payloads[at])
        init.send()
        t.silent(t.peer(), lambda m: m.get(wire.SA) is not None)
        t.peer().inbox.clear()


@case(138, "RFC 7296 1.2, 2.2, 3.1")
def init_with_wrong_header(t):
    """IKE_SA_INIT with message id 1, initiator SPI zero or a responder SPI makes no IKE SA."""
    t.start()
    for field in ({"id": 1}, {"spi_i": bytes(8)}, {"spi_r": os.urandom(8)}):
        init = t.peer().init()
        t.peer().send(init.message(**field).encode())
        t.silent(t.peer(), lambda m: m.get(wire.SA) is not None)
        t.peer().inbox.clear()


@case(139, "RFC 7296 2.6", over=BOTH)
def init_spis_differ(t):
    """Two peers with the same initiator SPI get IKE SAs of their own."""
    t.start_tunnels(t={}, u={"remote": t.outside.peers[1], "local-ts": "10.3.0.0/24",
                             "remote-ts": "10.4.0.0/24"})
    one, two = t.peer(0).init(), t.peer(1).init()
    two.spi = one.spi
    two.payloads[3:] = t.peer(1).nat_payloads(two.spi, bytes(8))
    first, second = one.run(), two.run()
    check(first.spi_r != second.spi_r, "one responder SPI for both")
    for peer, sa in ((t.peer(0), first), (t.peer(1), second)):
        peer.check_auth(sa, sa.request(wire.IKE_AUTH, peer.auth_payloads(sa)))


@case(140, "RFC 7296 2.21.1", over=BOTH)
def init_from_a_stranger(t):
    """A peer that no tunnel is for gets no IKE SA."""
    t.start()
    init = t.peer(3).init()
    init.send()
    t.silent(t.peer(0))
    check(not any(m.get(wire.SA) is not None for m in t.peer(3).inbox), "an IKE SA")


@case(142, "RFC 7296 2", over=BOTH)
def init_of_3000_octets(t):
    """Requests of 1280 and of 3000 octets are processed."""
    t.start()
    for size in (1280, 3000):
        init = t.peer().init()
        rest = size - len(init.message().encode()) - 4
        init.payloads.append(wire.Payload(wire.V, bytes(rest)))
        equal(len(init.message().encode()), size, "the size")
        accepted(init.ask())


@case(141, "RFC 7296 2.2, 1.5")
def init_of_unknown_exchange(t):
    """A request of an exchange type that does not exist gets no IKE SA and no state."""
    t.start()
    init = t.peer().init()
    t.peer().send(init.message(exchange=99).encode())
    t.silent(t.peer(), lambda m: m.get(wire.SA) is not None)
