"""Whatever a caller gives, it is read, or refused by name; nothing else comes out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from hypothesis import given
from hypothesis import strategies as st

from leakdoc.errors import UsageError
from leakdoc.model.decision import Outcome
from leakdoc.model.step import StepResult
from leakdoc.playbook import Duration, Earlier, Param, Rate, Size, StepContext
from leakdoc.playbook.conversion import convert, parameters_of

KNOWN = ("trace", "for", "limit", "rate", "count", "before")
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["10m", "1MiB", "-"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def example(
    ctx: StepContext,
    *,
    trace: Path,
    for_s: Annotated[Duration, Param(name="for", help="")] = 1.0,
    limit: Size = 1.0,
    rate: Rate = 1.0,
    count: int = 1,
    before: tuple[Earlier, ...] = (),
) -> StepResult:
    return StepResult(outcome=Outcome.PASSED, reason="")


@given(st.dictionaries(st.sampled_from(KNOWN) | st.text("abc.", max_size=4), json_values, max_size=6))
def test_every_value_is_read_or_refused_by_name(values: dict[str, Any]) -> None:
    strangers = {name.partition(".")[0] for name in values} - set(KNOWN)
    try:
        arguments = convert(example, values)
    except UsageError as error:
        assert values.get("trace") is not None or "trace is missing" in error.message
        assert error.message.count("is not a parameter") >= len(strangers)
    else:
        assert not strangers
        assert set(arguments) <= {"trace", "for_s", "limit", "rate", "count", "before"}
        assert isinstance(arguments["trace"], Path)
        assert all(arguments.get(name, 1.0) >= 0 for name in ("for_s", "limit", "rate"))


@given(st.floats(0, 1e15))
def test_a_default_reads_back_as_what_was_written(number: float) -> None:
    for each in parameters_of(example):
        if each.quantity is not None:
            assert each.quantity.value(each.quantity.text(number)) == number
