"""References and typed parameters: what a value becomes, and what it never becomes."""

from __future__ import annotations

import pytest

from leakdoc.playbook.checks.params import read_params
from leakdoc.playbook.library import Source
from leakdoc.playbook.loading import examine
from leakdoc.playbook.model import Playbook
from leakdoc.playbook.param_types import TYPES, read_param
from leakdoc.playbook.references import bind, dig, references

VALUES = {"a": 7, "b": {"c": [1, {"d": None}]}, "t": True, "text": "${{ a }} {{ a }} $(id)"}
NOON = 1_773_144_000.0  # 2026-03-10T12:00:00Z


def lookup(path: str) -> object:
    return dig(VALUES, path.split("."))


@pytest.mark.parametrize(
    ("value", "bound"),
    [
        ("${{ a }}", 7),
        ("${{a}}", 7),
        ("${{ b.c }}", [1, {"d": None}]),
        ("${{ b.c.1.d }}", None),
        ("${{ b.c.9 }}", None),
        ("${{ nothing.at.all }}", None),
        ("x=${{ a }} ${{ t }}", "x=7 true"),
        ("x=${{ nothing }}", "x="),
        ({"k": ["${{ a }}", 2]}, {"k": [7, 2]}),
        ("{{.State.Pid}}", "{{.State.Pid}}"),
        ("{% raw %}#{x}%(a)s{a}$a", "{% raw %}#{x}%(a)s{a}$a"),
        ("${{ text }}", "${{ a }} {{ a }} $(id)"),
        ("<${{ text }}>", "<${{ a }} {{ a }} $(id)>"),
    ],
)
def test_references_are_replaced_once_and_nothing_else_is(value: object, bound: object) -> None:
    assert bind(value, lookup) == bound


def test_a_list_within_text_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot stand within text"):
        bind("x ${{ b.c }}", lookup)


@pytest.mark.parametrize("text", ["${{ a | b }}", "${{ a() }}", "${{ 1 + 1 }}", "${{ a['b'] }}", "${{ a", "${{}}"])
def test_anything_but_a_dotted_path_is_no_reference(text: str) -> None:
    assert [each.path for each in references({"k": [text]})] == [None]
    assert bind(text, lookup) == text


@pytest.mark.parametrize(
    ("kind", "given", "read"),
    [
        ("time", "03:12Z", "2026-03-10T03:12:00+00:00"),
        ("time", "13:00Z", "2026-03-09T13:00:00+00:00"),
        ("time", "2026-03-10T03:12:00Z", "2026-03-10T03:12:00+00:00"),
        ("time", "2026-03-10T03:12:00+02:00", "2026-03-10T01:12:00+00:00"),
        ("time", NOON, "2026-03-10T12:00:00+00:00"),
        ("duration", "10m", "10m"),
        ("integer", "-3", -3),
        ("number", "2.5", 2.5),
        ("boolean", "true", True),
        ("boolean", False, False),
        ("port", "5432", 5432),
        ("secret_ref", "env:DSN", "env:DSN"),
        ("slack_channel", "#incidents", "#incidents"),
        ("target", 4242, "4242"),
        ("list", "one", ["one"]),
        ("url", "https://x.example:1/y", "https://x.example:1/y"),
        ("text", "$(touch /tmp/x); `id`", "$(touch /tmp/x); `id`"),
    ],
)
def test_parameters_are_read_by_their_type(kind: str, given: object, read: object) -> None:
    assert read_param(kind, given, NOON) == read


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("time", "25:00Z"), ("time", "noon"), ("duration", "soon"), ("size", "big"), ("rate", "fast"),
        ("integer", "1.5"), ("integer", "1e3"), ("number", "nan"), ("number", "inf"), ("boolean", "yes"),
        ("port", "0"), ("port", "65536"), ("pid", "-1"), ("secret_ref", "hunter2"), ("secret_ref", "env:"),
        ("slack_channel", "@channel"), ("slack_channel", "incidents"), ("url", "ftp://x"), ("url", "http://u:p@x"),
        ("url", "x"), ("service", "  "), ("text", "\0"), ("text", ["a"]), ("text", None), ("list", [[1]]),
    ],
)  # fmt: skip
def test_what_is_not_of_the_type_is_refused_in_words(kind: str, given: object) -> None:
    with pytest.raises(ValueError, match=r"^(takes|holds|is|cannot be read: not a|must)"):
        read_param(kind, given, NOON)


def test_a_value_that_is_given_twice_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="one value, and was given several"):
        read_param("service", ["a", "b"], NOON)


def test_every_type_refuses_a_mapping() -> None:
    for kind in TYPES:
        with pytest.raises(ValueError):
            read_param(kind, {}, NOON)


def playbook() -> Playbook:
    text = """
apiVersion: leakdoc/v1
kind: Playbook
metadata: {name: x, version: 1.0.0}
params:
  target: {type: target, required: true, help: the pid}
  size: {type: text, choices: [small, large], default: small}
  note: {type: text, default: "${{ params.target }}"}
  port: {type: port}
steps:
  - {id: sample, uses: leakdoc.sample_memory, with: {target: "${{ params.target }}"}}
"""
    found = examine(Source(name="x", origin="x", text=text))
    assert found.playbook is not None and not found.problems
    return found.playbook


def test_defaults_hold_are_never_expanded_and_what_is_not_given_is_null() -> None:
    values, problems = read_params(playbook(), {"target": "7"}, NOON)
    assert not problems
    assert values == {"target": "7", "size": "small", "note": "${{ params.target }}", "port": None}


def test_missing_extra_and_ill_typed_parameters_are_all_told() -> None:
    _, problems = read_params(playbook(), {"port": "x", "size": "huge", "prot": "1"}, NOON)
    told = " ".join(each.message for each in problems)
    assert len(problems) == 4
    for part in ("no parameter 'prot'", "target is missing: the pid", "port takes a whole number", "size is none of"):
        assert part in told
