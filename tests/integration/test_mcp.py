"""Steps for agents, asked for by a real MCP client, hostile ones included."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters, types
from mcp.client.stdio import stdio_client

SAMPLES = 3000


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    directory = tmp_path / "recordings"
    directory.mkdir()
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


def test_only_reading_steps_are_tools_and_say_so(recordings: Path) -> None:
    async def ask(client: Client) -> Any:
        return (await client.list_tools()).tools, (await client.list_resources()).resources

    tools, _ = served("--target", str(os.getpid()), "--recordings", str(recordings), with_=ask)
    names = {each.name for each in tools}
    assert {"sample_memory", "detect_growth", "verify_normalized", "status", "cancel", "list_recordings"} <= names
    forbidden = {
        "run_command", "human_task", "roll_out", "roll_back", "apply_fix", "tune_pool", "add_monitoring",
        "post_summary", "record_rollback_point", "capture_heap", "approve",
    }  # fmt: skip
    assert not names & forbidden
    for tool in tools:
        assert tool.annotations.read_only_hint and tool.annotations.idempotent_hint
        assert tool.annotations.destructive_hint is False
        assert tool.input_schema["additionalProperties"] is False
        given = set(tool.input_schema["properties"])
        assert not given & {"postgres", "dsn", "url", "prometheus", "token", "channel", "record", "proof", "command"}


def test_a_recording_is_judged_by_its_name(recordings: Path) -> None:
    async def ask(client: Client) -> Any:
        return [
            data_of(await client.call_tool("list_recordings", {})),
            data_of(await client.call_tool("detect_growth", {"trace": "leak.csv"})),
        ]

    listed, judged = served("--recordings", str(recordings), with_=ask)
    assert listed == {"recordings": ["leak.csv"]}
    assert judged["result"]["outputs"]["decision"] == "leaking"


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


def test_hostile_arguments_are_refused_in_words(recordings: Path) -> None:
    async def ask(client: Client) -> Any:
        answers = [await client.call_tool(tool, arguments) for tool, arguments in HOSTILE]
        return answers, await client.call_tool("list_recordings", {})

    answers, after = served("--target", str(os.getpid()), "--recordings", str(recordings), with_=ask)
    for case, answer in zip(HOSTILE, answers, strict=True):
        document = data_of(answer)
        assert answer.is_error or document["result"]["outcome"] == "error", case
        assert "root:" not in json.dumps(document) and "\x1b" not in answer.content[0].text, case
    assert not Path("/tmp/pwned").exists()
    assert data_of(after)["recordings"] == ["leak.csv"], "the server lives on"


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


def test_a_long_result_is_shortened_and_linked(recordings: Path, tmp_path: Path) -> None:
    columns = [f"m{n}_bytes" for n in range(40)]
    rows = "".join(f"{1.7e9 + n},{','.join([str(1e8 + 50_000 * n)] * 40)}\n" for n in range(600))
    (recordings / "wide.csv").write_text(f"time,{','.join(columns)}\n{rows}")

    async def ask(client: Client) -> Any:
        answer = await client.call_tool("detect_growth", {"trace": "wide.csv"})
        links = [each for each in answer.content if isinstance(each, types.ResourceLink)]
        whole = await client.read_resource(links[0].uri)
        return answer, whole.contents[0].text

    answer, whole = served("--recordings", str(recordings), with_=ask)
    assert len(answer.content[0].text) <= 10_000 < len(whole)
    assert data_of(answer)["result"]["outcome"] == "passed"


def test_playbooks_are_resources(recordings: Path) -> None:
    async def ask(client: Client) -> Any:
        listed = data_of(await client.call_tool("list_playbooks", {}))["playbooks"]
        return listed, [(await client.read_resource(uri)).contents[0].text for uri in listed]

    listed, texts = served("--recordings", str(recordings), with_=ask)
    assert all(uri.startswith("leakdoc://playbooks/") for uri in listed)
    assert all("apiVersion: leakdoc/v1" in text for text in texts)


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
