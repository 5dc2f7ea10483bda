"""Steps for agents, asked for by a real MCP client, hostile ones included."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError, StdioServerParameters, types
from mcp.client.stdio import stdio_client

from tests.program import Program

SAMPLES = 3000


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tmp_path = tmp_path_factory.mktemp("mcp")
    directory = tmp_path / "recordings"
    directory.mkdir()
    columns = [f"m{n}_bytes" for n in range(40)]
    rows = "".join(f"{1.7e9 + n},{','.join([str(1e8 + 50_000 * n)] * 40)}\n" for n in range(600))
    (directory / "wide.csv").write_text(f"time,{','.join(columns)}\n{rows}")
    rows = "".join(f"{1.7e9 + n},{1e8 + 50_000 * n}\n" for n in range(SAMPLES))
    (directory / "leak.csv").write_text(f"time,rss_bytes\n{rows}")
    (tmp_path / "outside.csv").write_text("time,rss_bytes\n1,1\n")
    (directory / "link.csv").symlink_to(tmp_path / "outside.csv")
    return directory


def served(*words: str, with_: Callable[[Client], Awaitable[Any]]) -> Any:
    """Start the server, let a client talk to it, and return what that says."""
    line = ["-m", "leakdoc", "mcp", *words]
    server = StdioServerParameters(command=sys.executable, args=line, env=dict(os.environ))

    async def talk() -> Any:
        with Path(os.devnull).open("w") as errors:
            async with Client(stdio_client(server, errlog=errors), read_timeout_seconds=60) as client:
                return await with_(client)

    return anyio.run(talk)


def data_of(result: types.CallToolResult) -> Any:
    """Return the document between the markers."""
    (text,) = [each.text for each in result.content if isinstance(each, types.TextContent)]
    found = re.fullmatch(r"<data (\w{12})>\n(.*)\n</data \1>", text, re.DOTALL)
    assert found is not None, text
    return json.loads(found[2])


HOSTILE = [
    ("detect_growth", {"trace": "/etc/passwd"}),
    ("detect_growth", {"trace": "../outside.csv"}),
    ("detect_growth", {"trace": "link.csv"}),
    ("detect_growth", {"trace": ["leak.csv", "x"]}),
    ("detect_growth", {"trace": {"schema": "leakdoc.step-result/1"}}),
    ("detect_growth", {"trace": "leak.csv", "policy": {"smallest": "x"}}),
    ("detect_growth", {"trace": "leak.csv", "nonsense": 1}),
    ("detect_growth", {"trace": "a\x00b"}),
    ("detect_growth", {"trace": "x" * 100_000}),
    ("detect_growth", {}),
    ("sample_memory", {"target": "1"}),
    ("sample_memory", {"target": "container:x"}),
    ("sample_memory", {"target": str(os.getpid()), "record": "/tmp/x"}),
    ("sample_memory", {"target": str(os.getpid()), "for": "100d"}),
    ("sample_memory", {"target": str(os.getpid()), "for": "; rm -rf /"}),
    ("verify_normalized", {"before": ["leak.csv"], "proof": "/tmp/x"}),
    ("run_command", {"command": ["touch", "/tmp/pwned"]}),
    ("roll_out", {"service": "x", "revision": "y"}),
    ("status", {"run": "../../etc"}),
    ("cancel", {"run": None}),
    ("no\x1b[31msuch", {}),
]


Told = dict[str, Any]


@pytest.fixture(scope="module")
def told(recordings: Path) -> Told:
    """What one session of one client was told."""

    async def ask(client: Client) -> Told:
        answers = [await client.call_tool(tool, arguments) for tool, arguments in HOSTILE]
        playbooks = data_of(await client.call_tool("list_playbooks", {}))["playbooks"]
        wide = await client.call_tool("detect_growth", {"trace": "wide.csv"})
        link = next(each for each in wide.content if isinstance(each, types.ResourceLink))
        return {
            "hostile": answers,
            "tools": (await client.list_tools()).tools,
            "recordings": data_of(await client.call_tool("list_recordings", {})),
            "judged": data_of(await client.call_tool("detect_growth", {"trace": "leak.csv"})),
            "playbooks": [(await client.read_resource(uri)).contents[0].text for uri in playbooks],
            "listed": [each.uri for each in (await client.list_resources()).resources],
            "wide": wide,
            "whole": (await client.read_resource(link.uri)).contents[0].text,
        }

    found: Told = served("--target", str(os.getpid()), "--recordings", str(recordings), with_=ask)
    return found


def test_only_reading_steps_are_tools_and_say_so(told: Told) -> None:
    names = {each.name for each in told["tools"]}
    assert {"sample_memory", "detect_growth", "verify_normalized", "status", "cancel", "list_recordings"} <= names
    forbidden = {
        "run_command", "human_task", "roll_out", "roll_back", "apply_fix", "tune_pool", "add_monitoring",
        "post_summary", "record_rollback_point", "capture_heap", "approve",
    }  # fmt: skip
    assert not names & forbidden
    for tool in told["tools"]:
        assert tool.annotations.read_only_hint and tool.annotations.idempotent_hint
        assert tool.annotations.destructive_hint is False
        assert tool.input_schema["additionalProperties"] is False
        given = set(tool.input_schema["properties"])
        assert not given & {"postgres", "dsn", "url", "prometheus", "token", "channel", "record", "proof", "command"}


def test_a_recording_is_judged_by_its_name(told: Told) -> None:
    assert told["recordings"] == {"recordings": ["leak.csv", "wide.csv"]}
    assert told["judged"]["result"]["outputs"]["decision"] == "leaking"


def test_hostile_arguments_are_refused_in_words_and_the_server_lives_on(told: Told) -> None:
    for case, answer in zip(HOSTILE, told["hostile"], strict=True):
        document = data_of(answer)
        assert answer.is_error or document["result"]["outcome"] == "error", case
        assert "root:" not in json.dumps(document) and "\x1b" not in answer.content[0].text, case
    assert not Path("/tmp/pwned").exists()


def test_a_long_result_is_shortened_and_linked(told: Told) -> None:
    assert len(told["wide"].content[0].text) <= 8_000 < len(told["whole"])
    assert data_of(told["wide"])["result"]["outcome"] == "passed"


def test_playbooks_are_resources(told: Told) -> None:
    assert len(told["playbooks"]) == len(told["listed"]) >= 3
    assert all(uri.startswith("leakdoc://playbooks/") for uri in told["listed"])
    assert all("apiVersion: leakdoc/v1" in text for text in told["playbooks"])


def test_what_takes_long_returns_a_run_at_once_with_status_and_cancel(recordings: Path) -> None:
    async def ask(client: Client) -> Any:
        begun = data_of(await client.call_tool("sample_memory", {"target": str(os.getpid()), "for": "10m"}))
        running = data_of(await client.call_tool("status", {"run": begun["run"]}))
        cancelled = data_of(await client.call_tool("cancel", {"run": begun["run"]}))
        while (ended := data_of(await client.call_tool("status", {"run": begun["run"]})))["state"] != "ended":
            await anyio.sleep(0.05)
        return begun, running, cancelled, ended

    begun, running, cancelled, ended = served("--target", str(os.getpid()), "--recordings", str(recordings), with_=ask)
    assert (begun["state"], running["state"], cancelled["state"]) == ("running", "running", "cancelling")
    assert ended["result"]["step"] == "leakdoc.sample_memory"


def test_a_resource_that_is_not_there_is_refused_without_a_traceback(recordings: Path, tmp_path: Path) -> None:
    log = tmp_path / "errors"

    async def ask() -> list[str]:
        line = ["-m", "leakdoc", "mcp", "--recordings", str(recordings)]
        server = StdioServerParameters(command=sys.executable, args=line, env=dict(os.environ))
        refused = []
        with log.open("w") as errors:
            async with Client(stdio_client(server, errlog=errors), read_timeout_seconds=60) as client:
                for uri in ("file:///etc/passwd", "leakdoc://playbooks/../../etc/passwd", "leakdoc://results/nope"):
                    with pytest.raises(MCPError) as told:
                        await client.read_resource(uri)
                    refused.append(str(told.value))
        return refused

    assert all("there is no" in each for each in anyio.run(ask))
    assert "Traceback" not in log.read_text()


def test_settings_are_the_servers_and_not_the_agents(recordings: Path) -> None:
    async def ask(client: Client) -> Any:
        tools = {each.name: each for each in (await client.list_tools()).tools}
        given = set(tools["detect_growth"].input_schema["properties"])
        refused = await client.call_tool("detect_growth", {"trace": "leak.csv", "policy": {"smallest": "1MiB/h"}})
        return given, refused.is_error

    given, refused = served("--recordings", str(recordings), "--set", "policy=x", with_=ask)
    assert "policy" not in given and refused


@pytest.mark.parametrize("words", [["--recordings", "/no/such"], ["--set", "x"], ["--patience", "soon"]])
def test_a_wrong_configuration_is_told(words: list[str]) -> None:
    line = [sys.executable, "-m", "leakdoc", "mcp", *words]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert done.returncode == 2 and "Traceback" not in done.stderr


def test_a_client_that_is_gone_ends_the_server(recordings: Path) -> None:
    line = [sys.executable, "-m", "leakdoc", "mcp", "--recordings", str(recordings)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, input="this is no JSON-RPC\n")
    assert done.returncode == 0 and "Traceback" not in done.stderr


@pytest.mark.parametrize("is_told_to_end", [False, True])
def test_a_directory_of_the_servers_own_is_gone_with_it(is_told_to_end: bool, tmp_path: Path) -> None:
    line = [sys.executable, "-m", "leakdoc", "mcp"]
    own = {**os.environ, "TMPDIR": str(tmp_path)}
    with Program(line, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=own) as server:
        deadline = time.monotonic() + 60
        while not list(tmp_path.iterdir()):
            assert time.monotonic() < deadline and server.poll() is None
            time.sleep(0.05)
        if is_told_to_end:
            server.terminate()
        assert server.stdin is not None
        server.stdin.close()
        assert server.wait() == (-signal.SIGTERM if is_told_to_end else 0)
    assert list(tmp_path.iterdir()) == []
