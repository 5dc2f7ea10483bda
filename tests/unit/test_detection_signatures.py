"""The signatures of connections, each on made-up columns: guilty, and what only looks so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from leakdoc.detection.detectors.table import OF_CONNECTIONS
from leakdoc.detection.diagnosis import diagnose
from leakdoc.model.decision import Basis, Decision
from leakdoc.model.diagnosis import Diagnosis
from leakdoc.model.finding import Finding
from leakdoc.model.sample import Column
from leakdoc.reporting.connections_screen import connections_screen
from leakdoc.testing.series import made_samples, made_trace

ROWS = 120
PG = {"direction": "out", "peer": "10.0.0.5:5432", "peer_kind": "postgres"}
WEB = {"direction": "out", "peer": "10.0.0.8:80", "peer_kind": "http"}
REDIS = {"direction": "out", "peer": "10.0.0.6:6379", "peer_kind": "redis"}
IN = {"direction": "in", "peer": ":8080", "peer_kind": "http"}

Values = Sequence[float | None]


def at(metric: str, labels: Mapping[str, str], **more: str) -> Column:
    return Column.of(metric, **labels, **more)


def judged(columns: Mapping[Column, Values]) -> Diagnosis:
    total = [sum(values[row] or 0.0 for column, values in columns.items() if column.metric == "connections")
             for row in range(ROWS)]  # fmt: skip
    samples = made_samples({Column("connections"): total, **columns})
    return diagnose(made_trace(samples), detectors=OF_CONNECTIONS)


def fault(diagnosis: Diagnosis, detector: str) -> Finding | None:
    return next((each for each in diagnosis.findings if each.detector == detector and each.decision.is_fault), None)


def ramp(step: float = 1.0, start: float = 0.0) -> list[float]:
    return [start + step * row for row in range(ROWS)]


def flat(value: float) -> list[float]:
    return [value] * ROWS


def test_what_the_peer_closed_and_we_do_not_is_found_in_either_direction() -> None:
    for labels in (PG, IN):
        columns = {
            at("connections", labels, state="CLOSE_WAIT"): ramp(0.5),
            at("connection_since_fin_max_s", labels): ramp(),
        }
        found = fault(judged(columns), "close_wait")
        assert found is not None
        assert found.evidence["since_fin_max_s"] == ROWS - 1
        assert found.evidence["states"] == {"CLOSE_WAIT": 59}
        assert found.advice


def test_what_is_closed_late_is_not_leaking() -> None:
    late = {at("connections", PG, state="CLOSE_WAIT"): ramp(0.5), at("connection_since_fin_max_s", PG): flat(2.0)}
    assert fault(judged(late), "close_wait") is None
    standing = {at("connections", PG, state="CLOSE_WAIT"): flat(9.0), at("connection_since_fin_max_s", PG): ramp()}
    assert fault(judged(standing), "close_wait") is None


def test_close_wait_is_not_told_twice() -> None:
    columns = {
        at("connections", PG, state="CLOSE_WAIT"): ramp(0.5),
        at("connections", PG, state="ESTABLISHED"): flat(5.0),
    }
    assert fault(judged(columns), "unclosed_connections") is None


def test_an_end_that_is_gone_is_half_open() -> None:
    lost = [0.0] * 100 + [6.0] * 20
    columns = {
        at("connections", PG, state="ESTABLISHED"): flat(6.0),
        at("connections_lost", PG): lost,
        at("connections_severed", PG): lost,
        at("connections_without_keepalive", PG): flat(6.0),
    }
    found = fault(judged(columns), "half_open")
    assert found is not None and found.decision is Decision.LEAKING
    assert "keepalive is off" in found.reason
    blink = {**columns, at("connections_lost", PG): [*flat(0.0)[:-2], 6.0, 6.0]}
    assert fault(judged(blink), "half_open") is None


def test_lost_transmissions_are_unresponsive() -> None:
    columns = {at("connections", WEB, state="ESTABLISHED"): flat(3.0), at("connections_lost", WEB): flat(3.0)}
    diagnosis = judged(columns)
    assert fault(diagnosis, "half_open") is not None
    found = fault(diagnosis, "upstream_unresponsive")
    assert found is not None and "acknowledges nothing" in found.reason


@pytest.mark.parametrize(
    ("labels", "rate", "is_fault"), [(PG, 20, True), (PG, 1, False), (WEB, 10, False), (WEB, 50, True)]
)
def test_churn_is_told_by_its_rate_and_what_it_connects_to(labels: dict[str, str], rate: int, is_fault: bool) -> None:
    columns = {
        at("connections", labels, state="ESTABLISHED"): flat(1.0),
        at("connections_opened_total", labels): ramp(rate),
        at("time_wait", labels): [min(60.0, row) * rate for row in range(ROWS)],
        at("local_ports", labels): flat(28_232.0),
    }
    found = fault(judged(columns), "connection_churn")
    assert (found is not None) is is_fault
    if found is not None:
        assert found.evidence["opened_per_s"] == pytest.approx(rate, rel=0.05)
        assert found.evidence["local_ports"] == 28_232.0


@pytest.mark.parametrize(
    ("entered", "own", "others", "lived", "keeps", "is_fault"),
    [
        (40.0, 8, 0, 0.004, False, True),  # nobody else: what stands there is its own
        (40.0, 8, 8, 0.004, False, True),  # half of it is
        (40.0, 2, 40, 0.004, False, False),  # another churns, and this one hardly opens any
        (40.0, 8, 8, 0.3, False, False),  # they live long enough to have been seen
        (40.0, 8, 0, 0.004, True, False),  # it closes none, so that none of its own stands there
        (0.0, 8, 0, 0.004, False, False),  # all of it stood there before: whoever left it is gone
    ],
)
def test_what_others_left_in_time_wait_is_not_laid_to_the_subject(
    entered: float, own: int, others: int, lived: float, keeps: bool, is_fault: bool
) -> None:
    seen = [float(min(own, row * own // 100)) for row in range(ROWS)]
    columns: dict[Column, Values] = {
        at("connections", PG, state="ESTABLISHED"): flat(1.0),
        at("connections_opened_total", PG): seen,
        at("connections_closed_total", PG): flat(0.0) if keeps else seen,
        at("connections_opened_elsewhere_total", PG): [float(min(others, row * others // 100)) for row in range(ROWS)],
        at("connection_new_idle_s", PG): [lived if row % 10 == 0 else None for row in range(ROWS)],
        at("time_wait", PG): flat(2_000.0),
        at("time_wait_entered_total", PG): ramp(entered),
    }
    found = fault(judged(columns), "connection_churn")
    assert (found is not None) is is_fault
    if found is not None:
        assert found.evidence["opened_elsewhere"] == others


def test_connections_that_are_opened_fast_and_kept_are_no_churn() -> None:
    columns = {at("connections", PG, state="ESTABLISHED"): ramp(9), at("connections_opened_total", PG): ramp(9)}
    assert fault(judged(columns), "connection_churn") is None


def waiting(labels: dict[str, str], count: Values, age: Values) -> dict[Column, Values]:
    return {
        at("connections", labels, state="ESTABLISHED"): count,
        at("connections_awaiting", labels): count,
        at("connection_awaiting_max_s", labels): age,
        at("connection_idle_max_s", labels): age,
    }


CALLERS = {
    at("connections", IN, state="ESTABLISHED"): ramp(1),
    at("connections_awaiting", IN): ramp(1),
    at("connection_awaiting_max_s", IN): ramp(),
}


def test_an_upstream_is_named_when_callers_pile_up_behind_it() -> None:
    found = fault(judged({**waiting(WEB, flat(8.0), ramp()), **CALLERS}), "upstream_unresponsive")
    assert found is not None
    assert found.decision is Decision.UNRESPONSIVE
    assert "http 10.0.0.8:80 does not answer" in found.reason
    assert found.evidence["awaiting"] == 8.0


def test_the_culprit_is_told_from_what_waits_with_it() -> None:
    later = [max(0.0, row - 20.0) for row in range(ROWS)]
    diagnosis = judged({**waiting(WEB, flat(8.0), ramp()), **waiting(PG, flat(4.0), later), **CALLERS})
    said = {
        str(each.evidence["peer"]): each.decision
        for each in diagnosis.findings
        if each.detector == "upstream_unresponsive"
    }
    assert said == {"10.0.0.8:80": Decision.UNRESPONSIVE, "10.0.0.5:5432": Decision.INCONCLUSIVE}


def test_polling_and_blocking_reads_are_no_faults() -> None:
    poll = [float(row % 20) for row in range(ROWS)]
    assert not judged(waiting(WEB, flat(8.0), poll)).decision.is_fault
    assert not judged(waiting(REDIS, flat(8.0), [1e5 + row for row in range(ROWS)])).decision.is_fault


def test_an_upstream_that_accepts_nobody_is_certain() -> None:
    found = fault(judged({at("connections", WEB, state="SYN_SENT"): flat(3.0)}), "upstream_unresponsive")
    assert found is not None and "does not accept connections" in found.reason
    more = judged({at("connections", WEB, state="SYN_SENT"): ramp(0.5)})
    assert {each.detector for each in more.findings if each.decision.is_fault} == {"upstream_unresponsive"}


POOL = {"pool": "pool-1", **PG}


def test_a_pool_that_says_so_is_exhausted() -> None:
    columns = {
        at("connections", PG, state="ESTABLISHED"): flat(4.0),
        at("pool_size", POOL): flat(4.0),
        at("pool_in_use", POOL): flat(4.0),
        at("pool_waiting", POOL): [0.0] * 100 + [7.0] * 20,
        at("pool_wait_max_s", POOL): [None] * 100 + [float(row) for row in range(20)],
        at("pool_checkouts_total", POOL): ramp(2),
        at("pool_checkins_total", POOL): ramp(2),
        at("pool_held_seconds_total", POOL): ramp(6),
        at("connections_held_at", PG, file="charge.py", line="7", function="charge"): flat(4.0),
    }
    found = fault(judged(columns), "pool_exhausted")
    assert found is not None
    assert (found.decision, found.basis) == (Decision.EXHAUSTED, Basis.MEASURED)
    assert found.evidence["need"] == pytest.approx(6.0)
    assert found.evidence["held_at"] == [{"file": "charge.py", "line": 7, "function": "charge", "count": 4}]
    assert any("Little" in text for text in found.advice)


def test_a_pool_that_is_full_while_nobody_waits_is_not() -> None:
    columns = {
        at("connections", PG, state="ESTABLISHED"): flat(4.0),
        at("pool_size", POOL): flat(4.0),
        at("pool_in_use", POOL): flat(4.0),
        at("pool_waiting", POOL): flat(0.0),
    }
    assert fault(judged(columns), "pool_exhausted") is None


def test_a_pool_that_is_not_given_back_tells_when_its_last_connection_is_taken() -> None:
    taken = [float(row // 4) for row in range(ROWS)]
    columns = {
        at("connections", PG, state="ESTABLISHED"): flat(60.0),
        at("pool_size", POOL): flat(60.0),
        at("pool_in_use", POOL): taken,
        at("pool_waiting", POOL): flat(0.0),
    }
    found = fault(judged(columns), "pool_exhausted")
    assert found is not None and found.decision is Decision.LEAKING
    assert found.time_to_limit_s is not None
    assert found.time_to_limit_s.estimate == pytest.approx((60 - taken[-1]) * 4.0, rel=0.1)
    assert "limit in" in found.reason
    busy = {**columns, at("pool_in_use", POOL): [float(row * 7 % 5) for row in range(ROWS)]}
    assert fault(judged(busy), "pool_exhausted") is None


def test_from_outside_a_pool_is_suspected_where_requests_have_waited_since_it_was_emptied() -> None:
    since = [max(0.0, row - 60.0) for row in range(ROWS)]
    columns = {
        at("connections", PG, state="ESTABLISHED"): flat(4.0),
        at("connection_idle_max_s", PG): ramp(),
        at("connection_idle_min_s", PG): since,
        at("connections_resting", PG): flat(4.0),
        at("connections", IN, state="ESTABLISHED"): since,
        at("connections_awaiting", IN): since,
        at("connection_awaiting_max_s", IN): since,
    }
    found = fault(judged(columns), "pool_exhausted")
    assert found is not None and found.basis is Basis.INFERRED
    assert "suspected" in found.reason
    resting = {**columns, at("connection_idle_min_s", PG): ramp(start=1_000.0)}
    assert fault(judged(resting), "pool_exhausted") is None  # a service that polls by design, and a pool at rest


IN_USE = {
    at("connections", PG, state="ESTABLISHED"): flat(4.0),
    at("connection_idle_max_s", PG): flat(0.1),
    at("connections_resting", PG): flat(0.0),
}
SERVED = {**CALLERS, at("connection_awaiting_max_s", IN): [12.0 + row % 3 for row in range(ROWS)]}


def test_from_outside_a_pool_is_suspected_where_all_is_in_use_and_callers_are_served_late() -> None:
    found = fault(judged({**IN_USE, **SERVED}), "pool_exhausted")
    assert found is not None and "all are in use" in found.reason
    never_served = judged({**IN_USE, **CALLERS})  # words on websockets, beside one connection that all share
    assert fault(never_served, "pool_exhausted") is None


def test_callers_may_starve_while_those_who_came_last_are_served() -> None:
    passing = {**CALLERS, at("connections_opened_total", IN): [5.0 * row for row in range(ROWS)]}
    found = fault(judged({**IN_USE, **passing}), "pool_exhausted")
    assert found is not None and "all are in use" in found.reason
    few = {**CALLERS, at("connections_opened_total", IN): [0.1 * row for row in range(ROWS)]}
    assert fault(judged({**IN_USE, **few}), "pool_exhausted") is None  # a websocket comes and goes, now and then


def test_nobody_waits_for_a_pool_that_was_last_taken_when_the_last_caller_came() -> None:
    columns = {
        at("connections", PG, state="ESTABLISHED"): flat(4.0),
        at("connection_idle_max_s", PG): ramp(),
        at("connection_idle_min_s", PG): [max(0.0, row - 4.0) for row in range(ROWS)],
        at("connections_resting", PG): flat(4.0),
        at("connections", IN, state="ESTABLISHED"): [min(row * 3.0, 12.0) for row in range(ROWS)],
        at("connections_awaiting", IN): [min(row * 3.0, 12.0) for row in range(ROWS)],
        at("connection_awaiting_max_s", IN): ramp(),
    }
    assert fault(judged(columns), "pool_exhausted") is None


WAIT_IN_A_CHECKOUT = {Column.of("waiting_at", file="charge.py", line="7", function="charge"): flat(12.0)}
STANDING = {at("connections", each, state="ESTABLISHED"): flat(4.0) for each in (PG, WEB)}


def test_threads_in_a_checkout_wait_for_the_pool_that_says_so_and_for_no_other() -> None:
    told = {
        at("pool_size", POOL): flat(4.0),
        at("pool_in_use", POOL): flat(4.0),
        at("pool_waiting", POOL): flat(12.0),
        at("pool_wait_max_s", POOL): flat(15.0),
    }
    diagnosis = judged({**STANDING, **told, **WAIT_IN_A_CHECKOUT})
    assert [each.evidence["peer"] for each in diagnosis.findings if each.decision.is_fault] == [PG["peer"]]


def test_threads_in_a_checkout_wait_for_no_connections_that_each_call_makes_anew() -> None:
    diagnosis = judged({**STANDING, at("connections_opened_total", WEB): ramp(1.4), **WAIT_IN_A_CHECKOUT})
    (found,) = [each for each in diagnosis.findings if each.decision.is_fault]
    assert (found.evidence["peer"], found.basis) == (PG["peer"], Basis.MEASURED)
    lines = list(connections_screen(diagnosis, ()))
    assert "    12 wait for postgres 10.0.0.5:5432 at charge.py:7 in charge" in lines


def test_for_which_of_two_pools_threads_wait_is_suspected() -> None:
    found = [each for each in judged({**STANDING, **WAIT_IN_A_CHECKOUT}).findings if each.decision.is_fault]
    assert [each.basis for each in found] == [Basis.INFERRED] * 2
    assert all("suspected" in each.reason for each in found)
    lines = list(connections_screen(judged({**STANDING, **WAIT_IN_A_CHECKOUT}), ()))
    assert "    12 wait at charge.py:7 in charge" in lines


@pytest.mark.parametrize(("parked", "idle", "is_said"), [(15.0, 0.8, True), (3.0, 0.8, False), (15.0, 30.0, False)])
def test_threads_that_may_wait_for_a_pool_in_use_are_not_passed_over(parked: float, idle: float, is_said: bool) -> None:
    columns = {
        at("connections", PG, state="ESTABLISHED"): flat(5.0),
        at("connection_idle_max_s", PG): flat(idle),
        Column.of("threads_parked", on="lock"): flat(parked),
    }
    found = judged(columns)
    assert not found.decision.is_fault
    assert any("threads that wait for a lock" in spot for spot in found.blind_spots) is is_said


@pytest.mark.parametrize(("peer", "is_one"), [(PG, True), (WEB, False)])
def test_one_connection_that_all_share_is_no_pool(peer: dict[str, str], is_one: bool) -> None:
    columns = {
        at("connections", peer, state="ESTABLISHED"): flat(1.0),
        Column.of("threads_parked", on="lock"): ramp(0.5),
    }
    assert (fault(judged(columns), "pool_exhausted") is not None) is is_one


def test_a_busy_process_lets_callers_wait_by_itself() -> None:
    columns = {**IN_USE, **SERVED}
    assert fault(judged(columns), "pool_exhausted") is not None
    assert fault(judged({**columns, Column("cpu_seconds_total"): ramp(0.9)}), "pool_exhausted") is None


def test_the_pool_that_an_upstream_has_emptied_is_its_victim() -> None:
    columns = {
        **waiting(WEB, flat(8.0), ramp()),
        **IN_USE,
        **SERVED,
    }
    diagnosis = judged(columns)
    assert diagnosis.decision is Decision.UNRESPONSIVE
    said = [each for each in diagnosis.findings if each.detector == "pool_exhausted"]
    assert said and all(each.decision is Decision.INCONCLUSIVE for each in said)


@pytest.mark.parametrize(("oldest", "decision"), [(300.0, Decision.LEAKING), (2.0, Decision.STABLE)])
def test_transactions_left_open_are_told_by_the_database(oldest: float, decision: Decision) -> None:
    state = {**PG, "state": "idle in transaction", "application": "billing"}
    columns = {
        at("connections", PG, state="ESTABLISHED"): flat(4.0),
        at("database_sessions", state): flat(4.0),
        at("database_transaction_max_s", state): flat(oldest),
    }
    (found,) = [each for each in judged(columns).findings if each.detector == "idle_in_transaction"]
    assert found.decision is decision
    assert found.evidence["applications"] == ["billing"]


def test_the_kind_that_grows_is_named_even_where_the_sum_does_not() -> None:
    pipes = ramp(0.5, 2.0)
    rest = [200.0 - pipe + (row * 7 % 5) for row, pipe in enumerate(pipes)]
    columns = {
        Column("open_fds"): [a + b for a, b in zip(pipes, rest, strict=True)],
        Column.of("open_fds", kind="pipe"): pipes,
        Column.of("open_fds", kind="file"): rest,
    }
    found = fault(judged(columns), "descriptor_growth")
    assert found is not None and "of the kind pipe" in found.reason


def test_descriptors_are_told_with_what_most_of_them_are() -> None:
    columns = {
        Column("open_fds"): ramp(1, 10),
        Column.of("open_fds", kind="file"): ramp(1, 5),
        Column.of("descriptors_to", kind="file", target="/var/log/*"): ramp(1, 1),
    }
    found = fault(judged(columns), "descriptor_growth")
    assert found is not None and "120 of /var/log/*" in found.reason
    assert found.evidence["kind"] == "file"


def test_threads_are_told_with_what_they_are_parked_on_and_zombies_once() -> None:
    columns = {
        Column("threads"): ramp(0.5, 5),
        Column.of("threads_parked", on="lock"): ramp(0.5, 1),
        Column("children"): ramp(0.5),
        Column("zombies"): ramp(0.5),
    }
    found = [each for each in judged(columns).findings if each.decision.is_fault]
    assert [each.metric for each in found] == ["threads", "zombies"]
    assert "60 are parked on lock" in found[0].reason


def test_openers_are_named_the_most_frequent_first() -> None:
    columns = {
        at("connections", PG, state="ESTABLISHED"): ramp(0.5, 4),
        at("connection_idle_max_s", PG): ramp(),
        at("connections_opened_at", PG, file="a.py", line="3", function="f"): flat(9.0),
        at("connections_opened_at", PG, file="charge.py", line="7", function="charge"): flat(50.0),
    }
    found = fault(judged(columns), "unclosed_connections")
    assert found is not None
    assert found.reason.endswith("opened at charge.py:7 in charge (50)")
    assert [place["file"] for place in found.evidence["opened_at"]] == ["charge.py", "a.py"]  # type: ignore[union-attr,index,call-overload]


def test_threads_and_connections_that_wait_for_an_answer_are_no_leaks_of_their_own() -> None:
    waits = {**waiting(WEB, ramp(0.5), ramp()), Column("threads"): ramp(0.5, 3)}
    diagnosis = judged(waits)
    assert [each.detector for each in diagnosis.findings if each.decision.is_fault] == ["upstream_unresponsive"]
    late = {**waiting(WEB, ramp(0.5, 100), ramp(start=60.0)), Column("threads"): ramp(0.5, 100)}
    assert fault(judged(late), "upstream_unresponsive") is not None  # begun long before the look
    answered = {**waits, at("connections_awaiting", WEB): flat(0.0)}
    assert {each.detector for each in judged(answered).findings if each.decision.is_fault} == {
        "unclosed_connections",
        "concurrency_growth",
    }


def test_tasks_that_pile_up_are_told_with_the_line_they_wait_at() -> None:
    place = {"file": "notify.py", "line": "7", "function": "reply"}
    columns = {
        Column("tasks"): ramp(2.0),
        at("tasks_at", place): ramp(2.0),
        Column.of("threads_parked", on="epoll"): flat(1.0),
    }
    found = fault(judged(columns), "concurrency_growth")
    assert found is not None
    assert found.reason.endswith("; 238 of them wait at notify.py:7 in reply")
    assert found.evidence["tasks_at"] == [{"file": "notify.py", "line": 7, "function": "reply", "count": 238}]


def test_silent_connections_may_be_an_empty_pool_and_who_would_tell_is_said() -> None:
    silent = {
        at("connections", PG, state="ESTABLISHED"): flat(4.0),
        at("connection_idle_max_s", PG): ramp(start=60.0),
        at("connection_idle_min_s", PG): ramp(start=60.0),
        at("connections_awaiting", PG): flat(0.0),
    }
    found = judged(silent)
    assert any("--stacks" in spot and "4 connections to postgres" in spot for spot in found.blind_spots)
    busy = {**silent, at("connection_idle_min_s", PG): flat(0.2)}
    asked = {**silent, Column.of("waiting_at", file="charge.py", line="7", function="charge"): flat(0.0)}
    alone = {**silent, at("connections", PG, state="ESTABLISHED"): flat(1.0)}
    for each in (busy, asked, alone):
        assert not any("--stacks" in spot for spot in judged(each).blind_spots)


def test_callers_that_pile_up_for_no_reason_that_was_found_are_told_and_no_verdict_reassures_about_them() -> None:
    shared = {at("connections", WEB, state="ESTABLISHED"): flat(1.0), at("connection_idle_max_s", WEB): flat(0.1)}
    found = judged({**CALLERS, **shared})  # many calls on one connection, which is busy with each new one
    assert not found.decision.is_fault
    assert any("requests that wait here" in each for each in found.blind_spots)
    assert judged({**shared}).blind_spots == ()


def test_a_peer_that_answers_and_merely_never_closes_is_not_given_up_on() -> None:
    given_up = {
        at("connections", WEB, state="ESTABLISHED"): flat(2.0),
        at("connections_abandoned", WEB): ramp(0.5),
        at("connections_awaiting", WEB): flat(2.0),
        at("connection_awaiting_max_s", WEB): flat(1.8),
    }
    found = fault(judged(given_up), "upstream_unresponsive")
    assert found is not None and "given up on" in found.reason
    answers = {
        **given_up,
        at("connections_awaiting", WEB): [float(row % 9 == 0) for row in range(ROWS)],
        at("connection_awaiting_max_s", WEB): flat(0.02),
    }
    assert fault(judged(answers), "upstream_unresponsive") is None


def test_the_threshold_of_a_breaker_follows_from_the_waits_that_were_seen_before() -> None:
    ages = [0.4 if row < 80 else float(row - 80) for row in range(ROWS)]
    found = fault(judged({**waiting(WEB, flat(8.0), ages), **CALLERS}), "upstream_unresponsive")
    assert found is not None and found.evidence["answered_within_s"] == pytest.approx(0.4)
    assert "circuit breaker at 1.2 s" in found.advice[0]
    ever = fault(judged({**waiting(WEB, flat(8.0), ramp()), **CALLERS}), "upstream_unresponsive")
    assert ever is not None and not any("measured" in text for text in ever.advice)


def test_a_pool_is_multiplied_out_against_what_the_server_takes() -> None:
    columns = {**IN_USE, **SERVED, at("database_max_connections", PG): flat(100.0)}
    found = fault(judged(columns), "pool_exhausted")
    assert found is not None
    assert "1 process x 4 = 4 connections at most, of 100 that the server takes" in found.advice[-1]


@pytest.mark.parametrize(("still", "is_fault"), [(ramp(0.5), True), (flat(1.0), False)])
def test_threads_that_work_are_not_those_that_were_forgotten(still: list[float], is_fault: bool) -> None:
    columns = {
        Column("threads"): ramp(0.5, 2),
        Column.of("threads_parked", on="read"): ramp(0.5, 1),
        Column("threads_still"): still,
    }
    (found,) = [each for each in judged(columns).findings if each.detector == "concurrency_growth"]
    assert found.decision.is_fault is is_fault
    assert ("they work" in found.reason) is not is_fault
