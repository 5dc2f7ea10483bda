"""The MCP server: tools, resources, and nothing that writes, runs a command or approves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import anyio
from mcp import MCPError, types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

from leakdoc import _version
from leakdoc.cli.mcp_runs import Run, Runs
from leakdoc.cli.mcp_scope import Scope
from leakdoc.cli.mcp_tools import arguments_of, asked_s, input_schema, tools_of
from leakdoc.cli.mcp_words import INSTRUCTIONS, LONGEST, as_data, shortened
from leakdoc.errors import LeakdocError
from leakdoc.playbook.library import Source, offered
from leakdoc.playbook.registry import installed

RESULTS: Final = "leakdoc://results/"
PLAYBOOKS: Final = "leakdoc://playbooks/"
_READ_ONLY: Final = types.ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
_BY_ID: Final = {
    "type": "object",
    "properties": {"run": {"type": "string", "description": "a run's id"}},
    "required": ["run"],
    "additionalProperties": False,
}
_NOTHING: Final = {"type": "object", "properties": {}, "additionalProperties": False}
OWN: Final = {
    "list_recordings": ("The recordings that can be looked at.", _NOTHING),
    "list_playbooks": ("The playbooks that are installed; each is a resource.", _NOTHING),
    "status": ("How far a run is, and its result once it has ended.", _BY_ID),
    "cancel": ("Tell a run to stop with what it has.", _BY_ID),
}


class Desk:
    """Answers a client's requests within a scope.

    Args:
        patience_s: what takes longer returns a run's id.
    """

    def __init__(self, scope: Scope, patience_s: float) -> None:
        self._scope = scope
        self._patience_s = patience_s
        self._tools = tools_of(installed(), scope)
        self.runs = Runs(scope.directories[0])
        self._own: dict[str, Callable[[Mapping[str, Any]], Any]] = {
            "list_recordings": lambda _: {"recordings": sorted(scope.recordings())},
            "list_playbooks": lambda _: {"playbooks": [f"{PLAYBOOKS}{each.name}" for each in offered()]},
            "status": lambda given: self._told(self.runs.get(given.get("run"))),
            "cancel": self._cancel,
        }

    def tools(self) -> list[types.Tool]:
        """Return every tool."""
        steps = [
            types.Tool(
                name=name,
                description=step.summary,
                input_schema=input_schema(step, self._scope),
                annotations=_READ_ONLY,
            )
            for name, step in self._tools.items()
        ]
        own = [
            types.Tool(name=name, description=told, input_schema=schema, annotations=_READ_ONLY)
            for name, (told, schema) in OWN.items()
        ]
        return [*steps, *own]

    def call(self, name: str, given: Mapping[str, Any]) -> types.CallToolResult:
        """Answer one call; what goes wrong is an answer too."""
        try:
            if name in self._own:
                return self._answer(self._own[name](given))
            if name not in self._tools:
                raise LeakdocError("there is no such tool")
            step = self._tools[name]
            arguments = arguments_of(step, self._scope, given)
            run = self.runs.begin(name, step, arguments)
            if asked_s(arguments) <= self._patience_s:
                run.ended.wait(self._patience_s)
            return self._answer(self._told(run))
        except LeakdocError as error:
            text = as_data({"error": error.message, "help": error.help})
            return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=True)

    def resources(self) -> list[types.Resource]:
        """Return the playbooks; results are linked to where they are told of."""
        return [
            types.Resource(name=each.name, uri=f"{PLAYBOOKS}{each.name}", mime_type="application/yaml")
            for each in offered()
        ]

    def read(self, uri: str) -> str:
        """Return a resource's text.

        Raises:
            LeakdocError: there is none.
        """
        if uri.startswith(RESULTS):
            document = self.runs.get(uri.removeprefix(RESULTS)).document
            if document is not None:
                return as_data(document)
        found: Source | None = next((each for each in offered() if f"{PLAYBOOKS}{each.name}" == uri), None)
        if found is None:
            raise LeakdocError("there is no such resource")
        return found.text

    def _cancel(self, given: Mapping[str, Any]) -> Any:
        run = self.runs.get(given.get("run"))
        run.cancelled.set()
        return self._told(run)

    def _told(self, run: Run) -> dict[str, Any]:
        if run.document is None:
            told = {"run": run.id, "tool": run.tool, "state": run.state, "progress": run.progress}
            return {**told, "next": "ask `status` with this run, or `cancel` it"}
        return {"run": run.id, "tool": run.tool, "state": run.state, "result": run.document}

    def _answer(self, document: dict[str, Any]) -> types.CallToolResult:
        text = as_data(document)
        content: list[Any] = []
        if len(text) > LONGEST and "result" in document:
            text = as_data({**document, "result": shortened(document["result"])})
            uri = f"{RESULTS}{document['run']}"
            content = [types.ResourceLink(type="resource_link", name="the whole result", uri=uri)]
        content.insert(0, types.TextContent(type="text", text=text if len(text) <= LONGEST else f"{text[:LONGEST]}…"))
        return types.CallToolResult(content=content, is_error=False)


def serve(scope: Scope, *, patience_s: float) -> None:
    """Serve over standard input and output until the client goes away."""
    desk = Desk(scope, patience_s)
    try:
        anyio.run(_serve, desk)
    finally:
        desk.runs.cancel_all()


async def _serve(desk: Desk) -> None:
    server = _server(desk)
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


def _server(desk: Desk) -> Server[Any]:
    async def list_tools(_: Any, __: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=desk.tools())

    async def call_tool(_: Any, asked: types.CallToolRequestParams) -> types.CallToolResult:
        return await anyio.to_thread.run_sync(lambda: desk.call(asked.name, asked.arguments or {}))

    async def list_resources(_: Any, __: Any) -> types.ListResourcesResult:
        return types.ListResourcesResult(resources=desk.resources())

    async def read_resource(_: Any, asked: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        try:
            text = desk.read(str(asked.uri))
        except LeakdocError as error:
            raise MCPError(types.INVALID_PARAMS, error.message) from None
        return types.ReadResourceResult(contents=[types.TextResourceContents(uri=str(asked.uri), text=text)])

    return Server(
        "leakdoc",
        version=_version.__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_read_resource=read_resource,
    )
