"""What is told of a long text at once is what looking for each literal tells."""

from __future__ import annotations

import random

import pytest

from leakdoc.redact import presence, without_secrets
from leakdoc.redact.patterns import literals
from leakdoc.redact.presence import standing_in


@pytest.mark.parametrize("piece", [7, 64, 1 << 20])
def test_each_literal_is_found_wherever_it_stands(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "_LONG", 0)
    monkeypatch.setattr(presence, "_PIECE", piece)
    seeded = random.Random(1)
    for literal in literals():
        text = "".join(seeded.choices("abk-_: パß", k=seeded.randrange(90))) + literal + "x" * seeded.randrange(9)
        assert standing_in(text, literals()) == {each for each in literals() if each in text}


@pytest.mark.parametrize("text", ["", "a", "ab", "nothing of it"])
def test_what_does_not_stand_there_is_not_found(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "_LONG", 0)
    assert standing_in(text, ("password", "7z")) == set()


@pytest.mark.parametrize(
    "line", ["mot de passe : Zq-w41xx", "PGPASSWORD=hunter2", "- name: DB_PASSWORD\n  value: kx9w41", "密码：kx9w41"]
)
def test_a_secret_is_masked_in_a_long_text_as_in_a_short_one(line: str) -> None:
    long = "2026-03-10 INFO request id=81 took 12 ms\n" * 2000
    assert without_secrets(f"{long}{line}\n{long}") == f"{long}{without_secrets(line)}\n{long}"
    assert without_secrets(line) != line
