"""Places where secrets stand in commands and sentences of all sorts, and words about secrets that are none."""

from __future__ import annotations

import pytest

from leakdoc.redact import without_secrets

SECRET = "Zt9-kQ!mW4xR7"


@pytest.mark.parametrize(
    "text",
    [
        f"redis-cli -h cache --pass {SECRET} ping",
        f"valkey-cli -h cache -p 6380 -a '{SECRET}' ping",
        f"sqlplus -s app/'{SECRET}'@//db.example.com:1521/APP",
        f'{{"auths": {{"r.example.com": {{"auth": "Ym9i{SECRET[:3]}OlpqUSFtVzR4Ujc="}}}}}}'.replace("-", "x"),
        f"openssl enc -aes-256-cbc -k {SECRET}",
        f"openssl rsa -in key.pem -passin pass:{SECRET}",
        f"ConvertTo-SecureString '{SECRET}' -AsPlainText",
        f"kubectl create secret generic db --from-literal=dsn={SECRET}",
        f"aws ssm put-parameter --name /db --value {SECRET} --type SecureString",
        f"rabbitmqctl add_user bob {SECRET}",
        f"http -a bob:{SECRET} GET https://api.example.com/",
        f"xh -a bob:{SECRET} https://api.example.com/",
        f"htpasswd -bc users bob {SECRET}",
        f"zip -P {SECRET} dump.zip dump.sql",
        f"7z x -p{SECRET} dump.7z",
        f"cqlsh -u bob -p {SECRET} db",
        f"sqlcmd -S db,1433 -U bob -P {SECRET} -Q x",
        f"sqlplus -S bob/{SECRET}@//db.example.com:1521/PROD",
        f"mimirtool rules load --key='{SECRET}' rules.yaml",
        f"https://api.telegram.org/bot701:{SECRET.replace('!', '_')}/sendMessage",
        f"snmpwalk -v3 -u ops -l authPriv -A '{SECRET}' -X '{SECRET}' router",
        f"snmpget -v2c -c {SECRET} router sysUpTime",
        f"apiVersion: v1\nkind: Secret\nstringData:\n  dsn: {SECRET}\n",
        f'{{"kind": "Secret", "stringData": {{"dsn": "{SECRET}"}}}}',
        f"Cookie: no=1; sid={SECRET}",
        f"Passwort: {SECRET}",
        f"contraseña: {SECRET}",
        f"mot de passe : {SECRET}",
        f"пароль: {SECRET}",
        f"パスワード: {SECRET}",
        f"비밀번호: {SECRET}",
        f"the password is {SECRET}",
        f"use token {SECRET} for it",
    ],
)
def test_a_secret_is_taken_out(text: str) -> None:
    shown = without_secrets(text)
    assert SECRET not in shown and SECRET[4:9] not in shown and "[redacted]" in shown


@pytest.mark.parametrize(
    "secret",
    [
        "AGE-SECRET-KEY-1QQPQZR7ABCDEFGHIJKLMN",
        "dop_v1_0123456789abcdef0123456789abcdef",
        "ya29.a0AfH6SMBabcdefghijklmno",
        "lin_api_abcdefghijklmnopqrstuv",
        "sha256~Qd0uJx3vYbWmN8rT2kLpZs6Hf",
        "$apr1$abcd$0123456789abcdefghijkl",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\nabc\n-----END PGP PRIVATE KEY BLOCK-----",
    ],
)
def test_what_looks_like_nothing_but_a_secret_is_taken_out(secret: str) -> None:
    assert without_secrets(f"it was {secret} then") == "it was [redacted] then"


@pytest.mark.parametrize(
    "text",
    [
        "cannot open '/etc/passwd': Permission denied",
        "ls: cannot access '/run/secrets/db-password': No such file or directory",
        "missing token: retry",
        "password: unchanged",
        "passwd: files systemd",
        "tokens=1024 used, max_tokens: 500",
        "Authorization: denied",
        "cookie: none",
        "Cookie: disabled for this route",
        "ssh -p 2222 host",
        "docker run -p 8080:80 api",
        "curl --key client.pem https://api.example.com/",
        "imp 2/2 done",
        "password authentication failed for user bob",
    ],
)
def test_what_is_only_said_of_a_secret_stays(text: str) -> None:
    assert without_secrets(text) == text
