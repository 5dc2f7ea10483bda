"""What an incident coined does not come out of its record, in whatever spelling; what tools are called does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from leakdoc.playbook.records.coined import coined
from leakdoc.playbook.records.explaining import explained
from leakdoc.playbook.records.generalizing import generalized, generalized_name
from leakdoc.playbook.records.origins import Entity
from leakdoc.playbook.records.spellings import any_spelling, telling_words
from leakdoc.playbook.records.vocabulary import is_of_tools, known_words
from tests.records_scenes import did, incident_of, person, said

QUOTES = Entity(name="service", type="service", value="px-quotes", origin="prompt")


@pytest.mark.parametrize("spelled", ["px-quotes", "px_quotes", "PxQuotes", "PX_QUOTES", "px.quotes", "pxquotes"])
def test_a_name_is_known_in_every_spelling(spelled: str) -> None:
    assert re.fullmatch(any_spelling("px-quotes"), spelled)
    assert generalized(f"grep {spelled} x", [QUOTES]) == "grep <service> x"


def test_a_name_is_known_inside_another() -> None:
    assert generalized("new PxQuotesClient(PX_QUOTES_URL)", [QUOTES]) == "new <service>Client(<service>_URL)"
    assert generalized("the impxquotesy word", [QUOTES]) == "the impxquotesy word"


def test_an_option_and_the_name_of_a_parameter_stay() -> None:
    tile = Entity(name="coined_word", type="text", value="tile", origin="literal")
    assert generalized("render --tile 5 /tile/7 <tile>", [tile]) == "render --tile 5 /<name>/7 <tile>"


@pytest.mark.parametrize("name", ["QueuePool", "HikariPool", "pg_stat_activity", "Thread.print", "OutOfMemoryError"])
def test_what_tools_are_called_is_no_name_of_an_incident(name: str) -> None:
    assert is_of_tools(name)


def test_only_what_nobody_else_says_tells_of_an_incident() -> None:
    assert telling_words("claims-api-prod", known_words()) == ["claims"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("2001:db8:40:3::17", "<ip>"),
        ("01HQ3ZB7V4K8N2M6P9R5T1XWYC", "<id>"),
        ("Q2VJ8KPT0A1M3X", "<ticket>"),
        ("C04QK7ZP1LM", "<id>"),
        ("w8k2v0r5m1xq9ztb3nd7yhc4p", "<id>"),
        ("AB#55120", "<ticket>"),
        ("OPS2-4821", "<ticket>"),
        ("es.example.booking.seat", "<package>"),
        ("1778061234.559129", "<time>"),
        ("3f2a9c1e_7b64_4d0f_8a21_c9e5d7f01b33", "<id>"),
    ],
)
def test_what_is_an_identifier_by_its_shape(text: str, word: str) -> None:
    assert generalized(f"see {text} now", []) == f"see {word} now"


@pytest.mark.parametrize(
    "text",
    [
        "00:31:02",
        "::1",
        "std::vector",
        "UTF-8",
        "SHA-256",
        "org.apache.kafka.clients",
        "net.core.somaxconn",
        "app.kubernetes.io/name=x",
    ],
)
def test_what_only_looks_like_one(text: str) -> None:
    assert generalized(f"see {text} now", []) == f"see {text} now"


def test_two_records_are_not_one_once_their_names_are_gone() -> None:
    other = Entity(name="service", type="service", value="my-orders", origin="prompt")
    one, two = generalized_name("px-quotes-leak", [QUOTES]), generalized_name("my-orders-leak", [other])
    assert one.startswith("service-leak-") and two.startswith("service-leak-") and one != two
    assert generalized_name("leak-2026-03-10", [QUOTES]) == "leak-2026-03-10"


def test_a_person_is_gone_with_the_family_name_and_in_small_letters(tmp_path: Path) -> None:
    lines = [
        *person(
            "payments leaks memory. Source is src/payments. OK comes from Marek Dvořák, or ping Bram de Vries."
            " IC is Priyanka."
        ),
        *did("kubectl -n prod get pods -l app=payments", "payments-7c9d8b6f5d-x2k4q 1/1 OOMKilled"),
        *said("Rolling it out to one replica. Priyanka?"),
        *person("go for it, approved. -- hannah"),
        *person("Approved. Marek Dvořák"),
    ]
    incident = incident_of(tmp_path, lines)
    told = "\n".join(each["said"] for each in explained(incident))
    assert not [name for name in ("Marek", "Dvořák", "Bram", "Vries", "Priyanka", "hannah") if name in told]


def test_a_host_is_gone_by_its_short_name_and_a_word_inside_another() -> None:
    host = Entity(name="host", type="host", value="push-fra-3.edge.sendly.net", origin="prompt")
    names = [host, *coined([], [host])]
    assert generalized("slack '4.1 on push-fra-3' sendlyutility", names) == "slack '4.1 on <name>' <name>utility"


def test_a_revision_is_gone_behind_an_underscore_and_without_what_a_distribution_adds() -> None:
    tag = Entity(name="image_tag", type="revision", value="4.12.2+deb12u1", origin="literal")
    assert generalized("scp x_4.12.2+deb12u1_amd64.deb # 4.12.2", [tag]) == "scp x_<image_tag>_amd64.deb # <image_tag>"
