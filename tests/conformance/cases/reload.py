# SPDX-License-Identifier: GPL-2.0
"""A new configuration of a living tunnel: what the peer sees of it (RFC 7296 1.3.1, 1.4.1)."""
from case import case, check, equal, refused
from peer import wire
from peer.wire import Ts


def ends(number):
    return {"local-ts": f"10.1.{number}.0/24", "remote-ts": f"10.2.{number}.0/24"}


def selectors(number):
    return {"tsi": [Ts.net(f"10.2.{number}.0/24")], "tsr": [Ts.net(f"10.1.{number}.0/24")]}


TWO = {"one": ends(1), "two": ends(2)}


def connected(t, children=None, **options):
    """The peer and its IKE SA with the children one and two, begun by the peer."""
    t.start(children=children or TWO, **options)
    peer = t.peer()
    sa = peer.connect(**selectors(1))
    t.has_child(sa)
    two = peer.new_child(sa, **selectors(2))
    t.has_child(sa, two)
    return peer, sa, two


def called(t, **options):
    """Likewise with child one, begun by the subject, which is to be up."""
    t.start(children={"one": ends(1)}, start="up", **options)
    peer = t.peer()
    sa = peer.accept()
    t.has_child(sa)
    return peer, sa


def reload(t, **options):
    """What it says of tunnel t."""
    t.subject.configure({"t": {k.replace("_", "-"): v for k, v in options.items()}})
    answer = t.subject.ask(command="reload")
    equal(answer["result"], "ok", f"the result: {answer}")
    return answer["changes"][0]


def deleted(sa, child):
    """Its next INFORMATIONAL deletes this child, which is answered."""
    request = sa.expect(wire.INFORMATIONAL)
    check(request.get(wire.D), f"it sends {request}")
    equal(wire.parse_delete(request.get(wire.D)), (wire.PROTO_ESP, [child.spi_out]), "Delete")
    sa.respond(request, [wire.delete(wire.PROTO_ESP, [child.spi_in])])


def no_request(t, peer, sa):
    """Nothing is asked on the IKE SA, which is there."""
    t.alive(sa)
    peer.drain()
    found = [str(m) for m in peer.inbox if not m.response]
    check(not found, f"it sends {found}")


def changes(tunnel):
    return {c["name"]: c["change"] for c in tunnel["children"]}


@case(2101, "RFC 7296 2.8", only="esplaned")
def reload_of_the_same(t):
    """A configuration that says the same changes nothing: no request comes, the children stay."""
    peer, sa, two = connected(t)
    equal(reload(t, children=TWO)["change"], "unchanged", "the tunnel")
    no_request(t, peer, sa)
    t.has_child(sa)
    t.has_child(sa, two)


@case(2102, "RFC 7296 1.4.1", only="esplaned")
def reload_deletes_a_child(t):
    """A child that is gone is deleted, and refused from then on; the other one is not touched."""
    peer, sa, two = connected(t)
    said = reload(t, children={"one": ends(1)})
    equal((said["change"], changes(said)), ("changed", {"one": "unchanged", "two": "removed"}),
          "what it says")
    deleted(sa, two)
    t.has_pairs(1)
    t.has_child(sa)
    refused(sa.request(wire.CREATE_CHILD_SA, peer.child_request(sa, **selectors(2))),
            wire.TS_UNACCEPTABLE)
    no_request(t, peer, sa)
    t.has_child(sa)


@case(2103, "RFC 7296 1.3.1", only="esplaned")
def reload_makes_a_child(t):
    """A child that is new is made in the IKE SA that there is, where its tunnel is to be up."""
    peer, sa = called(t)
    equal(changes(reload(t, children=TWO, start="up")), {"one": "unchanged", "two": "new"},
          "the children")
    request = sa.expect(wire.CREATE_CHILD_SA)
    equal(request.notify(wire.REKEY_SA), None, "REKEY_SA")
    equal(wire.parse_ts(request.get(wire.TSR))[-1], Ts.net("10.2.2.0/24"), "TSr")
    t.has_child(sa, peer.grant_request(sa, request))
    t.has_pairs(2)
    t.has_child(sa)
    no_request(t, peer, sa)


@case(2104, "RFC 7296 1.3.1, 1.4.1", only="esplaned")
def reload_replaces_a_child(t):
    """A child whose selectors are others is deleted and made with these; the other one stays."""
    peer, sa, two = connected(t)
    equal(changes(reload(t, children={"one": ends(1), "two": ends(7)})),
          {"one": "unchanged", "two": "replaced"}, "the children")
    made = None
    for _ in range(2):
        request = peer.expect(lambda m: not m.response and sa.is_ours(m), "a request")
        sa.next_in = request.id + 1
        if request.exchange == wire.CREATE_CHILD_SA:
            equal(wire.parse_ts(request.get(wire.TSR))[-1], Ts.net("10.2.7.0/24"), "TSr")
            made = peer.grant_request(sa, request)
        else:
            equal(wire.parse_delete(request.get(wire.D)), (wire.PROTO_ESP, [two.spi_out]), "Delete")
            sa.respond(request, [wire.delete(wire.PROTO_ESP, [two.spi_in])])
    check(made, "no child is made")
    t.has_child(sa, made)
    t.has_pairs(2)
    t.has_child(sa)


@case(2105, "RFC 7296 2.4, 2.8", only="esplaned")
def reload_of_options(t):
    """Lifetimes and the like are taken over as they are: no request comes, the children stay."""
    peer, sa, two = connected(t)
    said = reload(t, children={"one": ends(1) | {"rekey": "2h"}, "two": ends(2)}, dpd="300s",
                  ike_rekey="5h", retransmit_tries=3, fragment_size=1000)
    equal((said["change"], said["options"], changes(said)),
          ("changed", True, {"one": "changed", "two": "unchanged"}), "what it says")
    no_request(t, peer, sa)
    t.has_child(sa)
    t.has_child(sa, two)


@case(2106, "RFC 7296 1.4.1, 2.15", only="esplaned")
def reload_of_an_identity(t):
    """Another identity takes another IKE SA: the first one is deleted, and a new one begun."""
    peer, sa, _ = connected(t)
    equal(reload(t, children=TWO, local_id="other.example.org")["change"], "replaced", "the tunnel")
    request = sa.expect(wire.INFORMATIONAL)
    equal(wire.parse_delete(request.get(wire.D))[0], wire.PROTO_IKE, "what is deleted")
    sa.respond(request)
    new = peer.accept()
    check(new.spi_i != sa.spi_i, "it is the same IKE SA")
    t.has_child(new)


@case(2107, "RFC 7296 1.3.1, 1.4.1", only="esplaned")
def reload_amid_a_request(t):
    """A child that is taken out while it asks for it is deleted when the peer has granted it."""
    peer, sa = called(t)
    reload(t, children=TWO, start="up")
    request = sa.expect(wire.CREATE_CHILD_SA)
    reload(t, children={"one": ends(1)}, start="up")
    made = peer.grant_request(sa, request)
    deleted(sa, made)
    t.has_pairs(1)
    t.has_child(sa)
    no_request(t, peer, sa)


@case(2108, "RFC 7296 2.8, 2.25.1", only="esplaned")
def reload_amid_a_rekey(t):
    """A child that is taken out while it is rekeyed is deleted, and so is what the rekey makes."""
    peer, sa, two = connected(t)
    t.subject.rekey("t/two")
    request = sa.expect(wire.CREATE_CHILD_SA)
    reload(t, children={"one": ends(1)})
    made = peer.grant_request(sa, request)
    wanted = {two.spi_out: two, made.spi_out: made}
    while wanted:
        request = sa.expect(wire.INFORMATIONAL)
        _, spis = wire.parse_delete(request.get(wire.D))
        check(all(s in wanted for s in spis), f"it deletes {spis}")
        sa.respond(request, [wire.delete(wire.PROTO_ESP, [wanted.pop(s).spi_in for s in spis])])
    t.has_pairs(1)
    t.has_child(sa)
    no_request(t, peer, sa)


@case(2109, "RFC 7296 1.3.1", only="esplaned")
def reload_leaves_down_what_is(t):
    """A child that a person has taken down stays down, also with other selectors."""
    peer, sa, two = connected(t)
    t.subject.down("t/two")
    deleted(sa, two)
    t.has_pairs(1)
    reload(t, children={"one": ends(1), "two": ends(7)}, start="up")
    no_request(t, peer, sa)
    refused(sa.request(wire.CREATE_CHILD_SA, peer.child_request(sa, **selectors(7))),
            wire.TS_UNACCEPTABLE)
    t.has_child(sa)
