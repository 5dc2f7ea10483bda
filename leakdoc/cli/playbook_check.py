"""``leakdoc playbook check PLAYBOOK``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leakdoc.cli.exit_codes import ANSWERED, FAULT
from leakdoc.cli.options import add_json
from leakdoc.cli.output import print_json, print_lines
from leakdoc.cli.playbook_extract import add_format, add_rules

if TYPE_CHECKING:
    from leakdoc.playbook.loading import Examined


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the action's options."""
    parser.epilog = (
        "Nothing is run. Everything that is wrong is told at once, with its line.\n"
        "With --record, it is told which event of an incident which step covers. Exit\n"
        "code 0 when nothing is wrong and all is covered, 1 else, 4 when a file cannot be\n"
        "read."
    )
    parser.add_argument("playbook", metavar="NAME|FILE", help="an installed playbook, or a file")
    parser.add_argument("--record", metavar="RECORD", type=Path, help="the record of an incident, to be covered by it")
    add_format(parser)
    add_rules(parser)
    add_json(parser)


def execute(args: argparse.Namespace) -> int:
    """Print every problem."""
    from leakdoc.cli.playbook_words import check_document, problems_told
    from leakdoc.playbook.library import find
    from leakdoc.playbook.loading import examine

    examined = examine(find(args.playbook))
    held = _held_against(args, examined) if args.record is not None else None
    if args.json:
        print_json(check_document(examined) | ({} if held is None else held))
    else:
        print_lines(problems_told(examined))
        print_lines(() if held is None else _covering_told(held, known=len(examined.problems)))
    return FAULT if examined.problems or (held is not None and held["uncovered"]) else ANSWERED


def _held_against(args: argparse.Namespace, examined: Examined) -> dict[str, Any]:
    """Return what the check of a record adds to the document."""
    from leakdoc.cli.own_memory import large_pieces_apart
    from leakdoc.cli.playbook_words import check_document
    from leakdoc.playbook.records.cases import incidents_of, rules_of
    from leakdoc.playbook.records.covering import coverage

    large_pieces_apart()
    (incident,) = incidents_of([args.record], format=args.format, rulebook=rules_of(args.rules))
    found = coverage(examined.read.data, incident) if examined.playbook is not None else None
    problems: list[Any] = check_document(examined)["problems"]
    if found is None:
        return {"record": incident.name}
    return {
        "record": incident.name,
        "problems": problems + [{"line": None, "path": "", "message": message} for message in found.problems],
        "covered": [{"event": event, "step": step} for event, step in found.covered],
        "uncovered": list(found.uncovered),
        "order": found.order,
        "parameters": {"resolved": found.resolved, "missing": list(found.missing)},
    }


def _covering_told(held: dict[str, Any], *, known: int) -> Iterator[str]:
    """Yield what the record says; of the problems, the first `known` are told already."""
    from leakdoc.redact import inert

    if "covered" not in held:
        yield f"{inert(held['record'])}: held against nothing, since the playbook cannot be read as it is"
        return
    yield from (f"{inert(held['record'])}: {inert(each['message'])}" for each in held["problems"][known:])
    covered, uncovered = held.get("covered", []), held.get("uncovered", [])
    yield f"{inert(held['record'])}: {len(covered)} of {len(covered) + len(uncovered)} events covered"
    for event in uncovered:
        yield f"  not covered: {inert(event)}"
    if held.get("order") is not None:
        yield f"  order: {held['order']:.2f} of the pairs of steps stand as in the record"
    missing = held.get("parameters", {}).get("missing", [])
    if missing:
        yield f"  no parameter for: {', '.join(missing)}"
