"""Connections added up by peer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from leakdoc.model.sample import Column
from leakdoc.model.trace import FloatArray, Life, Trace
from leakdoc.reporting.peers import MOST_PEERS, pair_rows, peer_rows, peer_total, peers_of
from tests import reporting_values as values


def of(columns: dict[Column, FloatArray], lives: tuple[Life, ...] | None = None) -> Trace:
    trace = values.trace(samples=4)
    return replace(trace, columns=columns, **({"lives": lives} if lives else {}))


def connections(peer: str, counts: Sequence[float], **labels: str) -> dict[Column, FloatArray]:
    return {Column.of("connections", peer=peer, **labels): np.array(counts, dtype=np.float64)}


def test_states_are_those_of_the_last_reading() -> None:
    up = connections("a:1", [5, 6, 7, np.nan], state="ESTABLISHED")
    closing = connections("a:1", [0, 9, 2, np.nan], state="CLOSE_WAIT")
    (peer,) = peers_of(of(up | closing))
    assert peer.states == {"CLOSE_WAIT": 2, "ESTABLISHED": 7}
    assert (peer.count, peer.most) == (9, 15)


def test_workers_add_up_and_the_dead_do_not_count() -> None:
    counts = connections("a:1", [3, 4, 10, 20])
    together = (Life(first=0, stop=2), Life(first=2, stop=4))
    overlapping = replace(of(counts, together), times=np.array([0.0, 10.0, 0.0, 10.0]))
    one_after_the_other = of(counts, together)
    assert [peer.count for trace in (overlapping, one_after_the_other) for peer in peers_of(trace)] == [24, 20]


def test_who_connects_to_us_stands_apart() -> None:
    both = connections("a:1", [1, 1, 1, 1], direction="out") | connections("a:1", [2, 2, 2, 2], direction="in")
    assert [row[0] for row in peer_rows(of(both))] == ["from a:1", "to a:1"]
    total = peer_total(of(both), "a:1")
    assert total is not None
    assert total.tolist() == [1, 1, 1, 1]
    assert peer_total(of(both), "b:2") is None


def test_a_side_that_did_not_see_a_peer_says_so() -> None:
    before, after = of(connections("a:1", [1, 2, 3, 4])), of(connections("b:2", [1, 1, 1, 1]))
    assert pair_rows(before, after) == [
        ("to a:1", "4", "not seen", "4", "not seen"),
        ("to b:2", "not seen", "1", "not seen", "1"),
    ]


def test_peers_that_are_left_out_are_counted() -> None:
    many: dict[Column, FloatArray] = {}
    for place in range(MOST_PEERS + 3):
        many |= connections(f"a:{place}", [float(place)] * 4)
    rows = peer_rows(of(many))
    assert rows[0][:2] == (f"to a:{MOST_PEERS + 2}", str(MOST_PEERS + 2))
    assert rows[-1] == ("and 3 more with fewer connections", "", "", "", "")
    assert pair_rows(of(many), of(many))[-1][0] == "and 3 more with fewer connections"


def test_a_peer_that_is_gone_has_none_where_connections_were_read() -> None:
    every = {Column("connections"): np.array([9.0, 9.0, 2.0, np.nan])}
    before = of(connections("a:1", [7, 7, np.nan, np.nan]) | every)
    assert peers_of(before)[0].count == 0
    total = peer_total(before, "a:1")
    assert total is not None
    assert total.tolist()[:3] == [7, 7, 0]
    assert np.isnan(total[3])
    assert pair_rows(before, of(every)) == [("to a:1", "0", "0", "7", "0")]
