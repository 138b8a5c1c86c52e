# SPDX-License-Identifier: GPL-2.0
"""Traffic selectors with the subject as responder (RFC 7296 2.9, 3.13)."""
from case import accepted, case, check, equal, refused
from peer import wire
from peer.wire import Ts
from subject.net import BOTH

LOCAL, REMOTE = "10.1.0.0/16", "10.2.0.0/16"


def negotiated(t, tsi, tsr, **options):
    """What the subject answers to these selectors of the peer's, and what its kernel has."""
    t.start(**({"local_ts": LOCAL, "remote_ts": REMOTE} | options))
    peer = t.peer()
    sa = peer.connect(tsi=tsi, tsr=tsr)
    t.has_child(sa)
    return sa.child.local_ts, sa.child.remote_ts, list(t.kernel.policies.values())[0]


@case(901, "RFC 7296 2.9", "IKEv2.SGW.R.1.1.7.1")
def ts_wide_offer_is_narrowed(t):
    """0.0.0.0/0 on both sides is narrowed to what is configured."""
    every = [Ts.net("0.0.0.0/0")]
    tsi, tsr, policy = negotiated(t, every, every)
    equal((tsi, tsr), ([Ts.net(REMOTE)], [Ts.net(LOCAL)]), "selectors")
    equal((policy["local_ts"], policy["remote_ts"]), ([LOCAL], [REMOTE]), "the kernel's")


@case(902, "RFC 7296 2.9")
def ts_narrow_offer_is_taken(t):
    """An offer of less than is configured is taken as it is."""
    tsi, tsr, _ = negotiated(t, [Ts.net("10.2.3.0/24")], [Ts.net("10.1.7.8/32")])
    equal((tsi, tsr), ([Ts.net("10.2.3.0/24")], [Ts.net("10.1.7.8/32")]), "selectors")


@case(903, "RFC 7296 2.9")
def ts_ranges_are_cut(t):
    """A range that begins before what is configured and ends inside it is cut."""
    tsi, _, _ = negotiated(t, [Ts("10.1.255.0", "10.2.0.99")], [Ts.net(LOCAL)])
    equal(tsi, [Ts("10.2.0.0", "10.2.0.99")], "TSi")


@case(904, "RFC 7296 2.9", "IKEv2.SGW.R.1.1.7.3")
def ts_several_are_narrowed(t):
    """Of several selectors those are taken that it has something in common with."""
    tsi, tsr, _ = negotiated(t, [Ts.net("10.2.1.0/24"), Ts.net("10.2.2.0/24"),
                                 Ts.net("172.16.0.0/12")], [Ts.net(LOCAL)])
    equal(set(tsi), {Ts.net("10.2.1.0/24"), Ts.net("10.2.2.0/24")}, "TSi")
    equal(tsr, [Ts.net(LOCAL)], "TSr")


@case(905, "RFC 7296 2.9")
def ts_protocol_and_port(t):
    """Protocol and ports are narrowed like addresses."""
    tsi, tsr, _ = negotiated(t, [Ts.net(REMOTE)], [Ts.net(LOCAL)], local_ts="10.1.0.0/16[tcp/80]")
    equal(tsr, [Ts.net(LOCAL, 6, (80, 80))], "TSr")


@case(906, "RFC 7296 2.9")
def ts_first_specific_selector(t):
    """The selector of the packet that came first, in front of the wide one, is within the
    answer."""
    specific = Ts("10.2.5.5", "10.2.5.5", 6, (1024, 1024))
    tsi, _, _ = negotiated(t, [specific, Ts.net(REMOTE)], [Ts.net(LOCAL)])
    check(any(x.first <= "10.2.5.5" <= x.last or x == Ts.net(REMOTE) for x in tsi), f"TSi {tsi}")


@case(907, "RFC 7296 2.9", "IKEv2.SGW.R.1.1.7.2")
def ts_of_another_family(t):
    """IPv6 selectors where only IPv4 is configured get TS_UNACCEPTABLE."""
    t.start()
    peer = t.peer()
    sa = peer.init().run()
    six = [Ts.net("2001:db8::/64")]
    refused(sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, tsi=six, tsr=six)),
            wire.TS_UNACCEPTABLE)


@case(908, "RFC 7296 3.13.1")
def ts_ipv6_inside(t):
    """IPv6 selectors where they are configured are agreed on."""
    tsi, tsr, policy = negotiated(t, [Ts.net("fd02::/64")], [Ts.net("fd01::/64")],
                                  local_ts="fd01::/64", remote_ts="fd02::/64")
    equal((tsi, tsr), ([Ts.net("fd02::/64")], [Ts.net("fd01::/64")]), "selectors")
    equal(policy["remote_ts"], ["fd02::/64"], "the kernel's")


@case(909, "RFC 7296 3.13.1")
def ts_both_families(t):
    """Selectors of both families in one child are agreed on."""
    tsi, _, _ = negotiated(t, [Ts.net("fd02::/64"), Ts.net(REMOTE)],
                           [Ts.net("fd01::/64"), Ts.net(LOCAL)],
                           local_ts=["fd01::/64", LOCAL], remote_ts=["fd02::/64", REMOTE])
    equal(set(tsi), {Ts.net("fd02::/64"), Ts.net(REMOTE)}, "TSi")


@case(910, "RFC 7296 2.9, 3.13.1")
def ts_unknown_type(t):
    """A selector of an unknown type beside a good one is left out, or TS_UNACCEPTABLE; no more."""
    unknown = b"\xf0\x00\x00\x08abcd"
    t.start(local_ts=LOCAL, remote_ts=REMOTE)
    peer = t.peer()
    sa = peer.init().run()
    answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, tsi=[unknown, Ts.net(REMOTE)]))
    if answer.error() is None:
        equal(wire.parse_ts(answer.get(wire.TSI)), [Ts.net(REMOTE)], "TSi")
    else:
        refused(answer, wire.TS_UNACCEPTABLE)
    t.alive(sa)


@case(911, "RFC 7296 3.13.1")
def ts_upside_down(t):
    """A selector whose first address or port is behind the last one is not accepted."""
    for odd in (Ts("10.2.0.9", "10.2.0.1"), Ts("10.2.0.1", "10.2.0.9", 6, (80, 20))):
        t.start(local_ts=LOCAL, remote_ts=REMOTE)
        peer = t.peer()
        sa = peer.init().run()
        answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, tsi=[odd]))
        check(answer.get(wire.SA) is None and answer.error() is not None, f"it says {answer}")
        t.subject.stop()


@case(912, "RFC 7296 2.9, 3.13")
def ts_two_hundred(t):
    """Two hundred selectors on one side are narrowed to what is configured, or refused, not
    more."""
    t.start(local_ts=LOCAL, remote_ts=REMOTE)
    peer = t.peer()
    sa = peer.init().run()
    many = [Ts(f"10.2.{n}.0", f"10.2.{n}.127") for n in range(200)]
    answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, tsi=many))
    if answer.error() is None:
        check(set(wire.parse_ts(answer.get(wire.TSI))) <= set(many), "more than was offered")
    else:
        check(answer.get(wire.SA) is None, "an SA payload beside an error")
    t.alive(sa)


@case(913, "RFC 7296 3.13.1")
def ts_icmp(t):
    """ICMP type and code stand where ports do."""
    icmp = Ts("10.2.0.0", "10.2.255.255", 1, (8 << 8, 8 << 8 | 255))
    tsi, _, _ = negotiated(t, [icmp], [Ts.net(LOCAL, 1)])
    equal(tsi, [icmp], "TSi")


@case(914, "RFC 7296 2.9.2")
def ts_of_a_rekey(t):
    """A rekey with the selectors of the old child is granted with those."""
    t.start(local_ts=LOCAL, remote_ts=REMOTE)
    peer = t.peer()
    narrow = {"tsi": [Ts.net("10.2.3.0/24")], "tsr": [Ts.net("10.1.3.0/24")]}
    sa = peer.connect(**narrow)
    t.has_child(sa)
    new = peer.child_granted(sa, sa.request(wire.CREATE_CHILD_SA,
                                            peer.child_request(sa, old=sa.child, **narrow)))
    equal((new.local_ts, new.remote_ts), (narrow["tsi"], narrow["tsr"]), "selectors")
    t.receives(new)


NETWORKS = ["10.1.0.0/24", "10.1.1.0/24", "10.1.2.0/24"]


@case(915, "RFC 7296 2.9", only="esplaned")
def ts_more_in_another_child(t):
    """With split = yes an offer of all gets one pair and ADDITIONAL_TS_POSSIBLE, until no more is
    to be had."""
    t.start(local_ts=NETWORKS, remote_ts=REMOTE, split="yes")
    peer, offer = t.peer(), [Ts.net(n) for n in NETWORKS]
    sa = peer.init().run()
    answer = sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, tsi=[Ts.net(REMOTE)], tsr=offer))
    peer.finish_auth(sa, answer)
    got = sa.child.remote_ts
    for left in (1, 0):
        equal(answer.notify(wire.ADDITIONAL_TS_POSSIBLE) is not None, True, "more to be had")
        rest = [n for n in offer if n not in got]
        answer = sa.request(wire.CREATE_CHILD_SA, peer.child_request(
            sa, tsi=[Ts.net(REMOTE)], tsr=rest))
        child = peer.child_granted(sa, answer)
        t.has_child(sa, child)
        got = got + child.remote_ts
    equal(sorted(map(str, got)), sorted(map(str, offer)), "what it has granted")
    check(answer.notify(wire.ADDITIONAL_TS_POSSIBLE) is None, "more to be had, where all is up")
    t.has_pairs(3)


@case(916, "RFC 7296 2.9", only="esplaned")
def ts_pairs_side_by_side(t):
    """A peer that asks for one selector after the other of a child gets a CHILD_SA for each, and
    none takes the place of another."""
    t.start(local_ts=NETWORKS, remote_ts=REMOTE)
    peer = t.peer()
    sa = peer.connect(tsi=[Ts.net(REMOTE)], tsr=[Ts.net(NETWORKS[2])])
    t.has_child(sa)
    others = []
    for network in NETWORKS[:2]:
        others.append(peer.new_child(sa, tsi=[Ts.net(REMOTE)], tsr=[Ts.net(network)]))
        equal(others[-1].remote_ts, [Ts.net(network)], "TSr")
    for child in (sa.child, *others):
        t.has_child(sa, child)
    t.has_pairs(3)


@case(917, "RFC 7296 2.9", only="esplaned")
def ts_first_choice_among_children(t):
    """Of several children the one that has the first selectors of an offer is taken."""
    t.start(local_ts=NETWORKS, remote_ts=REMOTE, split="yes")
    offer = [Ts.net("10.1.2.7/32"), *map(Ts.net, NETWORKS)]
    sa = t.peer().connect(tsi=[Ts.net(REMOTE)], tsr=offer)
    equal(sa.child.remote_ts, [Ts.net(NETWORKS[2])], "TSr")


OPAQUE = (65535, 0)


@case(918, "RFC 7296 3.13.1, RFC 4301 4.4.1.1", only="esplaned")
def ts_opaque_ports(t):
    """Ports 65535 to 0 are OPAQUE: within all ports, and not within some; the answer has them so."""
    asked = [Ts.net("10.2.1.0/24", 17, OPAQUE)], [Ts.net(LOCAL, 17)]
    tsi, tsr, policy = negotiated(t, *asked)
    equal((tsi, tsr), asked, "selectors")
    equal(policy["remote_ts"], ["10.2.1.0/24[udp/opaque]"], "the kernel's")
    t.subject.stop()
    t.start(local_ts=LOCAL, remote_ts=REMOTE + "[udp/1-1000]")
    peer = t.peer()
    sa = peer.init().run()
    refused(sa.request(wire.IKE_AUTH, peer.auth_payloads(sa, tsi=asked[0], tsr=asked[1])),
            wire.TS_UNACCEPTABLE)


@case(919, "RFC 7296 3.13.1, RFC 4301 4.4.1.1", only="esplaned")
def ts_opaque_ports_are_offered(t):
    """What is configured as opaque is asked for with ports 65535 to 0."""
    t.start(local_ts=LOCAL + "[udp]", remote_ts=REMOTE + "[udp/opaque]")
    t.subject.up()
    request = t.peer().accept_init().expect(wire.IKE_AUTH)
    equal(wire.parse_ts(request.get(wire.TSR)), [Ts.net(REMOTE, 17, OPAQUE)], "TSr")
    equal(wire.parse_ts(request.get(wire.TSI)), [Ts.net(LOCAL, 17)], "TSi")


@case(920, "RFC 7296 2.9")
def ts_subnets_of_one_selector(t):
    """A peer with a CHILD_SA for each of its networks, all within one selector of the subject's, has
    them side by side."""
    t.start(local_ts=LOCAL, remote_ts=REMOTE)
    peer = t.peer()
    asked = [([Ts.net(f"10.2.{n}.0/24")], [Ts.net(f"10.1.{n}.0/24")]) for n in (1, 2, 3)]
    sa = peer.connect(tsi=asked[0][0], tsr=asked[0][1])
    children = [sa.child]
    for tsi, tsr in asked[1:]:
        children.append(peer.new_child(sa, tsi=tsi, tsr=tsr))
    for child, (tsi, tsr) in zip(children, asked):
        equal((child.local_ts, child.remote_ts), (tsi, tsr), "selectors")
        t.has_child(sa, child)
    t.has_pairs(3)


def subnets(number):
    """Of a peer's networks and the subject's, each within the one selector that is configured."""
    return {"tsi": [Ts.net(f"10.2.{number}.0/24")], "tsr": [Ts.net(f"10.1.{number}.0/24")]}


@case(921, "RFC 7296 2.9", only="esplaned", over=BOTH)
def ts_subnets_of_many_peers(t):
    """Of many peers each has its CHILD_SAs within one selector side by side, until it deletes them;
    what another one has is refused."""
    t.start(remote="any", local_ts=LOCAL, remote_ts=REMOTE)
    peers, sas = (t.peer(0), t.peer(1)), []
    for peer, first in zip(peers, (1, 11)):
        sa = peer.connect(**subnets(first))
        sa.children = [sa.child] + [peer.new_child(sa, **subnets(first + n)) for n in (1, 2)]
        sas.append(sa)
    for sa in sas:
        for child in sa.children:
            t.has_child(sa, child)
    t.has_pairs(6)
    refused(sas[0].request(wire.CREATE_CHILD_SA, peers[0].child_request(sas[0], **subnets(12))),
            wire.TS_UNACCEPTABLE)
    accepted(sas[0].request(wire.INFORMATIONAL,
                            [wire.delete(wire.PROTO_ESP, [sas[0].children[1].spi_in])]))
    t.has_pairs(5)
    t.has_child(sas[0], peers[0].new_child(sas[0], **subnets(2)))
    t.has_pairs(6)
    accepted(sas[0].request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_IKE)]))
    t.has_pairs(3)
    t.alive(sas[1])


@case(922, "RFC 7296 2.9.1")
def ts_one_within_another(t):
    """A peer with a CHILD_SA for a network and another one for a host of it, which it asks for on the
    same IKE SA, has both; whichever is first, and either can go."""
    net, host = [Ts.net("10.2.0.0/24")], [Ts.net("10.2.0.66/32")]
    for first, second in ((net, host), (host, net)):
        t.start(local_ts=LOCAL, remote_ts=REMOTE)
        peer = t.peer()
        sa = peer.connect(tsi=first)
        other = peer.new_child(sa, tsi=second)
        equal((sa.child.local_ts, other.local_ts), (first, second), "selectors")
        for child in (sa.child, other):
            t.has_child(sa, child)
        t.has_pairs(2)
        accepted(sa.request(wire.INFORMATIONAL, [wire.delete(wire.PROTO_ESP, [other.spi_in])]))
        t.has_pairs(1)
        t.has_child(sa)
        t.has_child(sa, peer.new_child(sa, tsi=second))
        t.has_pairs(2)
        t.subject.stop()
