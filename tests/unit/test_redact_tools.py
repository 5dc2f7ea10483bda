"""Where tools take secrets or show them, what hides them from a reader, and words that only look like it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from leakdoc.playbook.records.reading import read_record
from leakdoc.redact import without_secrets
from tests.records_scenes import did, leak, record

SECRET = "qT7vRk2mXz9LpW"


@pytest.mark.parametrize(
    "text",
    [
        f"echo {SECRET} | docker login -u bob --password-stdin r.example.com",
        f"echo '{SECRET}' | sudo -S systemctl restart api",
        f"vault login {SECRET}",
        f"vault kv put secret/api anything={SECRET}",
        f"fly secrets set WHATEVER={SECRET} -a api",
        f"gh secret set DEPLOY --body {SECRET}",
        f"az keyvault secret set --vault-name v --name x --value {SECRET}",
        f"az login --service-principal -u id -p {SECRET} --tenant t",
        f"aws configure set aws_secret_access_key {SECRET}",
        f"mongo -u bob -p {SECRET} --authenticationDatabase admin",
        f"lftp -u bob,{SECRET} ftp.example.com",
        f"smbclient //h/s -U 'dom\\bob%{SECRET}'",
        f"net use Z: \\\\h\\s {SECRET} /user:dom\\bob",
        f"redis-cli -h r auth {SECRET}",
        f"redis-cli config set masterauth {SECRET}",
        f'1700.1 [0 10.0.0.1:1] "AUTH" "{SECRET}"',
        f"plink -pw {SECRET} ops@host uptime",
        f"cypher-shell -u neo4j -p {SECRET}",
        f"curl -u {SECRET}: https://api.example.com",
        f"curl -u :{SECRET} https://api.example.com",
        f"etcdctl --user root:{SECRET} get x",
        f'mongosh --eval \'db.auth("bob","{SECRET}")\'',
        f'expect -c \'expect "assword:"; send "{SECRET}\\r"\'',
        f"Settings(api_key=SecretStr('{SECRET}'))",
        f"PGPASSWORD={SECRET} psql",
        f"password    {SECRET}",
        f"<password>{SECRET}</password>",
        f"setenv DB_PASSWORD {SECRET}",
        f"set -x DB_PASSWORD {SECRET}",
        f':user=>"bob", :password=>"{SECRET}"',
        f"'password' => '{SECRET}',",
        f'password := "{SECRET}"',
        f'{{:user "bob" :password "{SECRET}"}}',
        f'{{"value": "{SECRET}", "name": "DB_PASSWORD"}}',
        f'{{"db_pw": "{SECRET}"}}',
        f'{{"routing_key": "{SECRET}abc123"}}',
        f"Authorization: GenieKey {SECRET}",
        f"SecretID:         {SECRET}",
        f"PresharedKey = {SECRET}=",
        f"creds: bob / {SECRET}",
        f"log in with bob / {SECRET}",
        f"das Passwort lautet {SECRET}",
        f"the password is `{SECRET}`",
        f"glsa_{SECRET}{SECRET}",
        f'kubectl patch secret db -p \'{{"stringData":{{"x":"{SECRET}"}}}}\'',
    ],
)
def test_a_secret_that_a_tool_takes_or_shows_is_taken_out(text: str) -> None:
    shown = without_secrets(text)
    assert SECRET not in shown and SECRET[3:10] not in shown and "[redacted]" in shown


ASKED = [
    "kubectl get secret db -o jsonpath='{.data.password}' | base64 -d",
    "gcloud secrets versions access latest --secret=db",
    "az keyvault secret show --name db --query value -o tsv",
    "op read op://vault/db/login",
    "pass show prod/db",
    "printenv DB_PASSWORD",
    'echo "$DB_PASSWORD"',
    "terraform output -raw db_url",
    "kubectl -n prod create token api",
    "gh auth token",
    "openssl rand -base64 32",
]


@pytest.mark.parametrize("command", ASKED)
def test_what_a_command_was_asked_for_is_a_secret_everywhere(command: str, tmp_path: Path) -> None:
    assert SECRET not in _kept(tmp_path, did(command, f"{SECRET}\n"), did("ls /tmp", f"found {SECRET}"))


def _wide(text: str) -> str:
    return "".join(chr(ord(each) + 0xFEE0) for each in text)


@pytest.mark.parametrize(
    "shown",
    [
        f"\x1b[32mDB_PASSWORD\x1b[0m=\x1b[1m{SECRET}\x1b[0m",
        f"DB_PASSWORD={SECRET}\nagain {SECRET[:5]}\x1b[0m{SECRET[5:]}",
        f"DB_PASSWORD={SECRET}\nagain {SECRET[:5]}\u200b{SECRET[5:]}",
        f"DB_PASS\u200bWORD={SECRET}",
        f"DB_P\u0430SSWORD_P\u0410SSWORD={SECRET}",
        f"DB_PASSWORD={SECRET}\nagain {_wide(SECRET)}",
        f"DB_PASSWORD={SECRET}\nagain " + "".join(f"&#{ord(each)};" for each in SECRET),
        f"DB_PASSWORD={SECRET}\nagain {SECRET.encode().hex()}",
        f"&lt;password&gt;{SECRET}&lt;/password&gt;",
        f"&quot;password&quot;: &quot;{SECRET}&quot;",
        "body=user%3Dbob%26password%3D" + quote(SECRET, safe=""),
        json.dumps(json.dumps({"msg": json.dumps({"api_token": SECRET})})),
        json.dumps({"SecretString": json.dumps({"username": "bob", "anything": SECRET})}),
        f"PATH=/bin\0DB_PASSWORD={SECRET}\0HOME=/root\0",
        "Authorization: Basic " + base64.b64encode(f"bob:{SECRET}".encode()).decode() + "..Host: x",
    ],
)
def test_a_secret_in_disguise_is_found(shown: str, tmp_path: Path) -> None:
    kept = _kept(tmp_path, did("cat dump", shown), did("ls /tmp", f"found {SECRET}"))
    for form in (SECRET, _wide(SECRET), SECRET.encode().hex(), f"&#{ord(SECRET[0])};&#{ord(SECRET[1])};"):
        assert form not in kept
    assert f"{SECRET[:5]} " not in kept


def _kept(folder: Path, *more: list[dict[str, Any]]) -> str:
    lines = [*leak()[:2], *(line for each in more for line in each), *leak()[2:]]
    events = read_record(record(folder, lines)).events
    return "\n".join(text for event in events for text in event.texts())


@pytest.mark.parametrize(
    "text",
    [
        "basic authentication failed for bob",
        "Bearer authentication required",
        "WWW-Authenticate: Basic realm='x'",
        "tests/unit/test_token.py::test_x PASSED",
        "PASS src/auth.spec.ts (5.123 s)",
        "--- PASS: TestTokenBucket (0.00s)",
        "total tokens   4096",
        "db-secret   Opaque   3   5d",
        "echo 3 | sudo tee /proc/sys/vm/drop_caches",
        "echo $PID | xargs kill",
        "redis-cli -h r client list",
        "mongosh --port 27017 --eval 'db.currentOp()'",
        "curl -u $USER: https://api.example.com",
        "routing_key: invoice-generated",
        "func Auth(ctx context.Context, user string) error",
        'password := os.Getenv("DB_PASSWORD")',
        "vault status",
        "fly scale count 3",
        "gh run list",
        "kubectl get secrets -n prod",
        "openssl s_client -connect h:443",
        "the token is 32 bytes long",
        "if token == other:",
        "resolve(secretRef)",
    ],
)
def test_words_that_a_playbook_needs_stay(text: str) -> None:
    assert without_secrets(text) == text


@pytest.mark.parametrize("word", ["postgres", "production"])
def test_a_secret_that_is_a_word_of_the_trade_is_not_hunted(word: str, tmp_path: Path) -> None:
    kept = _kept(tmp_path, did(f"PGPASSWORD={word} psql -h db", "1"), did("ps aux", f"{word}: checkpointer"))
    assert f"{word}: checkpointer" in kept and f"PGPASSWORD={word}" not in kept
