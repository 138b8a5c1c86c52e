# SPDX-License-Identifier: GPL-2.0
"""Transport mode (RFC 7296 1.3.1), and through a NAT (2.23.1), in both roles."""
from case import case, check, equal, refused
from cases.rekey import expire
from peer import wire
from peer.wire import Ts
from subject.net import BOTH

USE = wire.notify(wire.USE_TRANSPORT_MODE)
GRE = 47
MODE = {"mode": "transport", "local_ts": "[gre]", "remote_ts": "[gre]"}


def host(address):
    return [Ts(address, address, GRE)]


def hosts(peer):
    """What the peer that has begun asks for."""
    return {"tsi": host(peer.address), "tsr": host(peer.subject)}


def policy(t):
    return list(t.kernel.policies.values())[0]


def asked(t, before=(USE,), mode=None, **more):
    """The peer, its IKE SA, and the answer to an IKE_AUTH of its with such selectors."""
    t.start(**(MODE if mode is None else mode))
    peer = t.peer()
    sa = peer.init().run()
    answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, before=before,
                                                          **(more or hosts(peer))))
    return peer, sa, answer


def granted(t):
    peer, sa, answer = asked(t)
    peer.finish_auth(sa, answer)
    t.has_child(sa)
    return peer, sa, answer


def called(t):
    """The subject's IKE_AUTH request, not answered yet."""
    t.start(**MODE)
    t.begun = t.subject.up()
    sa = t.peer().accept_init()
    request = sa.expect(wire.IKE_AUTH)
    t.peer().check_auth(sa, request)
    return sa, request


@case(3101, "RFC 7296 1.3.1", over=BOTH, only="esplaned")
def transport_is_granted(t):
    """USE_TRANSPORT_MODE of a child in transport mode is in the answer; the kernel has the mode."""
    peer, sa, answer = granted(t)
    check(answer.notify(wire.USE_TRANSPORT_MODE), "it does not grant it")
    equal((sa.child.local_ts, sa.child.remote_ts), (host(peer.address), host(peer.subject)),
          "selectors")
    check(policy(t)["transport"], "the kernel has tunnel mode")


@case(3102, "RFC 7296 1.3.1", over=BOTH, only="esplaned")
def transport_asked_as_tunnel(t):
    """A request without it for a child in transport mode gets TS_UNACCEPTABLE, and no child."""
    _, _, answer = asked(t, before=())
    equal(answer.error(), wire.TS_UNACCEPTABLE, "the error")
    check(answer.get(wire.SA) is None, "there is a child")
    t.has_pairs(0)


@case(3103, "RFC 7296 1.3.1", over=BOTH, only="esplaned")
def transport_not_granted_is_deleted(t):
    """Where the answer has tunnel mode it deletes what the responder has made, and says why."""
    sa, request = called(t)
    check(request.notify(wire.USE_TRANSPORT_MODE), "it does not ask for it")
    t.peer().answer_auth(sa, request)
    last = sa.expect(wire.INFORMATIONAL)
    check(last.get(wire.D) is not None, "it deletes nothing")
    sa.respond(last)
    t.has_pairs(0)
    equal(t.subject.outcome(t.begun).get("error"), "mode", "what it says")


@case(3104, "RFC 7296 1.3.1", over=BOTH, only="esplaned")
def transport_asked_for(t):
    """It asks for the addresses of both ends, and takes a grant."""
    sa, request = called(t)
    peer = t.peer()
    equal((wire.parse_ts(request.get(wire.TSI)), wire.parse_ts(request.get(wire.TSR))),
          (host(peer.subject), host(peer.address)), "selectors")
    peer.answer_auth(sa, request, after=[USE])
    t.has_child(sa)
    check(policy(t)["transport"], "the kernel has tunnel mode")


@case(3105, "RFC 7296 1.3.1, 2.8", over=BOTH, only="esplaned")
def transport_rekey_keeps_it(t):
    """A rekey of the peer's with it is granted with it; one without it is refused, the old stays."""
    peer, sa, _ = granted(t)
    payloads = peer.child_request(sa, old=sa.child, **hosts(peer))
    refused(sa.request(wire.CREATE_CHILD_SA, payloads), wire.NO_PROPOSAL_CHOSEN)
    t.has_pairs(1)
    payloads = peer.child_request(sa, old=sa.child, **hosts(peer))
    answer = sa.request(wire.CREATE_CHILD_SA, [payloads[0], USE, *payloads[1:]])
    new = peer.child_granted(sa, answer)
    check(answer.notify(wire.USE_TRANSPORT_MODE), "the new one has tunnel mode")
    t.receives(new)


@case(3106, "RFC 7296 1.3.1, 2.8", over=BOTH, only="esplaned")
def transport_rekey_asks_for_it(t):
    """Its own rekey asks for the mode of the old child."""
    sa, request = called(t)
    t.peer().answer_auth(sa, request, after=[USE])
    t.has_child(sa)
    expire(t, sa.child)
    request = sa.expect(wire.CREATE_CHILD_SA)
    check(request.notify(wire.USE_TRANSPORT_MODE), "it asks for tunnel mode")
    t.has_child(sa, t.peer().grant_request(sa, request, extra=[USE]))


@case(3107, "RFC 7296 2.23.1", over=BOTH, only="esplaned")
def transport_peer_behind_nat(t):
    """The selectors of a peer behind NAT have its own address, in the answer too; the kernel has
    the one that it is seen at."""
    t.start(**MODE)
    peer, inside = t.peer(), t.outside.nowhere
    init = peer.init(nat=False)
    init.payloads += peer.nat_payloads(init.spi, bytes(8), local=inside)
    sa = init.run()
    sa.port = 4500
    answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(
        sa, before=[USE], tsi=host(inside), tsr=host(peer.subject)))
    peer.finish_auth(sa, answer)
    t.has_child(sa)
    equal((sa.child.local_ts, sa.child.remote_ts), (host(inside), host(peer.subject)),
          "selectors of the answer")
    check(str(peer.address) in str(policy(t)["remote_ts"]), "the kernel has another address")


@case(3108, "RFC 7296 2.23.1", over=BOTH, only="esplaned")
def transport_other_addresses(t):
    """Without NAT selectors of other addresses than the IKE SA's are refused."""
    peer = t.peer()
    _, _, answer = asked(t, tsi=host(t.outside.nowhere), tsr=host(peer.subject))
    equal(answer.error(), wire.TS_UNACCEPTABLE, "the error")
    t.has_pairs(0)


@case(3109, "RFC 7296 1.3.1", over=BOTH, only="esplaned")
def transport_of_a_tunnel_child(t):
    """A child in tunnel mode that is asked for transport mode answers with tunnel mode."""
    t.start()
    peer = t.peer()
    sa = peer.init().run()
    answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, before=[USE]))
    peer.finish_auth(sa, answer)
    t.has_child(sa)
    check(not answer.notify(wire.USE_TRANSPORT_MODE), "it grants it")
    check(not policy(t)["transport"], "the kernel has transport mode")
