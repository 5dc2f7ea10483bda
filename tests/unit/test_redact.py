"""Foreign text is inert, and secrets are gone."""

from __future__ import annotations

import pytest

from leakdoc.redact import MASK, inert, without_secrets


@pytest.mark.parametrize(
    ("foreign", "plain"),
    [
        ("pay\x1b[2Jments", "pay [2Jments"),
        ("a\nb\r\nc", "a b  c"),
        ("\u202egnp.exe", "gnp.exe"),
        ("zero\u200bwidth", "zerowidth"),
        ("naïve – 支付", "naïve – 支付"),
        ("\ud800", ""),
    ],
)
def test_control_and_direction_characters_do_not_pass(foreign: str, plain: str) -> None:
    assert inert(foreign) == plain


def test_a_long_name_is_cut() -> None:
    assert inert("x" * 500) == "x" * 199 + "…"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("postgresql://app:hunter2@db:5432/pay", "hunter2"),
        ("rediss://:s3cr3tpw@cache:6379", "s3cr3tpw"),
        ("PGPASSWORD=hunter2 psql", "hunter2"),
        ("--db-password hunter2", "hunter2"),
        ("Authorization: Bearer eyJhbGciOi.abc.def", "eyJhbGciOi"),
        ("api_key='abcd1234'", "abcd1234"),
        ('{"password": "hunter2"}', "hunter2"),
        ("postgres://u:p@ss@h/db", "ss@"),
        ("postgres://u:pa/ss@h/db", "pa/ss"),
        ("curl -u user:hunter2 https://h", "hunter2"),
        ("https://hooks.slack.com/services/T0/B0/abcDEF", "abcDEF"),
        ("key AKIAIOSFODNN7EXAMPLE here", "AKIAIOSFODNN7EXAMPLE"),
        ("got eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJ", "eyJzdWIiOiIx"),
        ("Cookie: session=abc123; theme=dark", "abc123"),
        ("Set-Cookie: sid=abc123; Path=/", "abc123"),
        ('{"Cookie": "sid=abc123"}', "abc123"),
        ("curl -s --user user:hunter2 https://h", "hunter2"),
        ("curl -uuser:hunter2 https://h", "hunter2"),
        ("mysql -h db -phunter2 pay", "hunter2"),
        ("mysqldump -psecret pay", "psecret"),
        ("DB_PASS=hunter2", "hunter2"),
        ("host=db pass='hunter2' port=5432", "hunter2"),
        ('{"pass": "hunter2"}', "hunter2"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "MIIE"),
    ],
)
def test_secrets_are_taken_out(text: str, secret: str) -> None:
    cleaned = without_secrets(text)
    assert secret not in cleaned
    assert MASK in cleaned


@pytest.mark.parametrize(
    "text",
    [
        "412 connections to postgres 10.0.0.5:5432, oldest idle 5 h",
        "auth-service grows 70 MiB/h",
        "token-issuer pid 4242",
        "author: Bob",
        "https://prometheus:9090/a@b",
        "10.0.0.5:5432 and [::1]:6379",
        "docker run -u 1000:1000 -p 80:80 image",
        "python -u app:main",
        "pass: 3 checks, bypass=1",
        "ssh -p 22 mysql-1",
    ],
)
def test_plain_text_is_left_as_it_is(text: str) -> None:
    assert without_secrets(text) == text
