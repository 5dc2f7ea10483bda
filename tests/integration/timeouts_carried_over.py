"""An upstream that does not answer, handled and kept as a record; run on another service, by another protocol."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from leakdoc.cli.main import main
from leakdoc.testing.slack import FakeSlack
from tests.integration.crowds import Called
from tests.integration.handling import Handling, told
from tests.integration.test_playbook_incidents import (
    PROGRAMS,
    Incident,
    hooks,
    median_of_the_last,
    outcomes,
    sampled,
    settings_hook,
)
from tests.program import Program
from tests.valkey_server import serving_valkey

PATIENCE_S = 60.0
PER_SECOND = 5
ALERTS = """\
groups:
  - name: quotes
    rules:
      - {alert: UpstreamStalls, expr: upstream_inflight > 10, for: 1m}
"""


def carried(folder: Path, first: str, then: str, layout: str) -> None:
    """Handle the incident of quotes, asking by the first protocol, and run what it taught on a service of the other."""
    with Other(then, folder) as other:
        other.is_led_to_the_proof(handled(folder / "quotes", first).record(layout))


@contextlib.contextmanager
def upstream(protocol: str) -> Iterator[int]:
    """What a service asks, a real server that can be made to hang, by its port."""
    with contextlib.ExitStack() as stack:
        if protocol == "redis":
            port = stack.enter_context(serving_valkey())
        else:
            line = [sys.executable, str(PROGRAMS / "rates.py")]
            process = Program(line, stdout=subprocess.PIPE, text=True)
            stack.callback(process.stop)
            port = int(process.line())
        stack.callback(hang, port, False)
        yield port


def hang(port: int, hangs: bool = True) -> None:
    """Stop the process that listens on a port, or let it go on: its callers are accepted, and get no answer."""
    listening = [each.pid for each in psutil.net_connections("tcp") if each.status == psutil.CONN_LISTEN
                 and each.laddr.port == port]  # fmt: skip
    for pid in filter(None, listening):
        os.kill(pid, signal.SIGSTOP if hangs else signal.SIGCONT)


def asks(protocol: str, port: int, *, breaker: bool = False) -> dict[str, Any]:
    return {"program": "chained.py", "asks": protocol, "upstream": port, "breaker": breaker}


def handled(folder: Path, protocol: str) -> Handling:
    """Quotes: isolate the upstream, add a circuit breaker, verify the recovery. Only settings are changed."""
    folder.mkdir()
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(upstream(protocol))
        slack = stack.enter_context(FakeSlack(channel="#quotes"))
        deployed = [
            Called(f"quotes-{each[:4]}", folder / each, "r1", asks(protocol, port), per_second=PER_SECOND)
            for each in ("production", "staging")
        ]
        for each in deployed:
            stack.callback(each.stop)
        stack.callback(hang, port, False)  # those who wait still are let go
        production = f"http://quotes.example.net:{deployed[0].port}"
        staging = f"http://quotes.staging.example.net:{deployed[1].port}"
        hang(port)
        told(deployed[0].port, lambda text: int(text.split()[1]) > 5)
        hand = Handling("april", folder, {"SLACK": slack.webhook})
        hand.asked(
            f"quotes on this host ({production}) does not answer since 11:02: timeouts everywhere behind it. Try it on "
            f"staging first ({staging}). Lin approves. #quotes wants a summary."
        )
        slow = "curl -s -o /dev/null -m 2 -w '%{time_total}\\n'"
        hand.ran("What do clients see?", f"{slow} {production}/")
        hand.ran("How many calls are in flight?", f"curl -s {production}/metrics | grep '^upstream_'")
        hand.ran("Is it the upstream?", f"{slow} http://rates.example.net:{port}/")
        hand.said("Decision: the upstream answers nobody, every call waits for it. Root cause: no timeout, no breaker.")
        change = "curl -s -X PUT -d '{\"breaker\": true}'"
        before = hand.ran("What is set now, for the way back?", f"cat {folder}/production/settings.json")
        assert "false" in before
        hand.ran("A circuit breaker on staging.", f"{change} {staging}/settings")
        told(deployed[1].port, lambda text: int(text.split()[1]) < 5)
        hand.ran("Staging with the breaker.", f"{slow} {staging}/")
        hand.said('Staging answers. Rollback plan: set {"breaker": false} again if errors rise. Approve production?')
        hand.answered("Approved. Lin")
        hand.ran("The circuit breaker in production.", f"{change} {production}/settings")
        told(deployed[0].port, lambda text: int(text.split()[1]) < 5)
        hand.ran("Verify: calls in flight?", f"curl -s {production}/metrics | grep '^upstream_'")
        hand.ran("Verify: what do clients see?", f"{slow} {production}/")
        hand.ran("An alert for the next time.", f"cat > quotes-alerts.yml <<'Y'\n{ALERTS}Y")
        message = json.dumps({"text": "quotes: its upstream stalls; a breaker is in front of it"})
        hand.ran("Summary.", f"curl -s -X POST -H 'Content-type: application/json' --data '{message}' \"$SLACK\"")
        assert len(slack.messages) == 1
    return hand


class Other:
    """Another service, whose upstream is asked by another protocol: well at first, and sampled then; then it stalls."""

    def __init__(self, protocol: str, folder: Path) -> None:
        self.protocol, self.folder = protocol, folder
        self.name = f"{protocol}{os.getpid() % 10_000}"
        self.normal = folder / "normal.leakdoc"
        self.stack = contextlib.ExitStack()

    def __enter__(self) -> Other:
        self.port = self.stack.enter_context(upstream(self.protocol))
        place = self.folder / "production"
        self.production = Called(self.name, place, "r1", asks(self.protocol, self.port), per_second=PER_SECOND)
        self.stack.callback(self.production.stop)
        self.stack.callback(hang, self.port, False)
        self.sampling = threading.Thread(target=sampled, args=(self.name, self.normal, "20s"))
        self.sampling.start()
        self.stack.callback(self.sampling.join, PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def environment(self, slack: FakeSlack) -> dict[str, str]:
        """The hooks of its deployment: a breaker is a setting, and staging asks the same upstream."""
        staged = [sys.executable, str(PROGRAMS / "staged.py"), "r1", "chained.py"]
        off, on = (json.dumps(asks(self.protocol, self.port, breaker=each)) for each in (False, True))
        given = {"VALIDATE_IN_STAGING_BEFORE": [*staged, off, "10"], "VALIDATE_IN_STAGING_AFTER": [*staged, on, "10"]}
        own = {f"LEAKDOC_HOOK_{key}": json.dumps(words) for key, words in given.items()}
        breaker = settings_hook("APPLY_CIRCUIT_BREAKER", self.production, {"breaker": True}, {"breaker": False})
        return {**hooks(self.production), **own, **breaker, "WEBHOOK": slack.webhook}

    def is_led_to_the_proof(self, record: Path) -> None:
        """Extract the playbook of a record, and run it here."""
        playbook, rules = self.folder / "learned.yaml", self.folder / "alerts.yaml"
        assert main(["playbook", "extract", str(record), "-o", str(playbook)]) == 0
        assert main(["playbook", "check", str(playbook)]) == 0
        assert "quotes" not in playbook.read_text(encoding="utf-8")
        self.sampling.join(PATIENCE_S)
        hang(self.port)
        given = {"service": self.name, "target": f"name:{self.name}", "normal": str(self.normal)}
        given |= {"look": "20s", "interval": "250ms", "alert_rules": ALERTS, "rules_file": str(rules)}
        with FakeSlack() as slack:
            incident = Incident(self.folder, self.environment(slack))
            waiting = incident.run(str(playbook), webhook="env:WEBHOOK", **given)
            assert waiting["outcome"] == "waiting", waiting["reason"]
            assert outcomes(waiting)["upstream"] == outcomes(waiting)["staging"] == "passed"
            document = incident.approve(waiting)
        assert document["outcome"] == "passed", document["reason"]
        found = {each["id"]: each for each in document["steps"]}
        assert found["upstream"]["outputs"]["upstream"] == f"127.0.0.1:{self.port}"
        assert json.loads((self.production.directory / "settings.json").read_text())["breaker"], "it is not taken back"
        assert main(["recheck", str(found["recovered"]["outputs"]["proof"])]) == 0
        assert median_of_the_last(self.production, 10) < 1.0, "callers are answered again"
        assert rules.read_text() == ALERTS and len(slack.messages) == 1
