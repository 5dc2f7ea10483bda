"""``leakdoc playbook extract RECORD… -o FILE``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leakdoc.cli.exit_codes import ANSWERED
from leakdoc.cli.options import add_json
from leakdoc.cli.output import print_json, print_lines, tell
from leakdoc.cli.playbook_files import add_out, write_playbook

if TYPE_CHECKING:
    from leakdoc.playbook.records.extracting import Incident


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the action's options."""
    parser.epilog = (
        "Records are leakdoc journals, Claude Code JSONL, ATIF trajectories, and Devin\n"
        "events or messages. Several are merged. Secrets are taken out before anything\n"
        "is kept, nothing of a record is run, and no network is used.\n\n"
        "examples:\n"
        "  leakdoc playbook extract incident.jsonl -o playbook.yaml\n"
        "  leakdoc playbook extract incident.jsonl --annotate slack.json -o playbook.yaml\n"
        "  leakdoc playbook extract incident.jsonl -o playbook.yaml --explain"
    )
    parser.add_argument("records", metavar="RECORD", nargs="+", type=Path, help="the record of an incident")
    add_out(parser)
    parser.add_argument(
        "--annotate",
        metavar="FILE",
        nargs="+",
        action="extend",
        default=[],
        type=Path,
        help="a shell history, an asciicast or a Slack export of the same incident",
    )
    add_format(parser)
    add_rules(parser)
    parser.add_argument(
        "--explain", action="store_true", help="print what each event was taken for, why, and what became of it"
    )
    add_json(parser)


def add_format(parser: argparse.ArgumentParser) -> None:
    """Let the user name the format of records."""
    parser.add_argument(
        "--format",
        choices=("auto", "journal", "claude", "atif", "devin"),
        default="auto",
        help="of the records (default: auto)",
    )


def add_rules(parser: argparse.ArgumentParser) -> None:
    """Let a company's own rules stand before ours."""
    parser.add_argument("--rules", metavar="FILE", type=Path, help="your own rules, tried before leakdoc's (TOML)")


def execute(args: argparse.Namespace) -> int:
    """Extract, write, and say what was done."""
    from leakdoc.cli.own_memory import large_pieces_apart
    from leakdoc.playbook.records.cases import extracted, incidents_of, not_understood, rules_of
    from leakdoc.playbook.records.explaining import explanation_lines

    large_pieces_apart()
    rulebook = rules_of(args.rules)
    incidents = incidents_of(args.records, format=args.format, annotations=args.annotate, rulebook=rulebook)
    data = extracted(incidents, rulebook)
    problems = write_playbook(args.out, data, sources=[*args.records, *args.annotate], force=args.force)
    for line in (*not_understood(incidents), *problems):
        tell(line)
    if args.json:
        print_json(_document(args.out, data, incidents, problems))
        return ANSWERED
    if args.explain:
        for incident in incidents:
            print_lines(explanation_lines(incident))
    print_lines(_told(args.out, data))
    return ANSWERED


def _told(out: Path, data: dict[str, Any]) -> list[str]:
    from leakdoc.redact import inert

    steps = data["provenance"]["steps"]
    added = [step_id for step_id, each in steps.items() if "events" not in each]
    lines_of_advice = "1 line" if len(data["advice"]) == 1 else f"{len(data['advice'])} lines"
    counted = f"{len(steps)} steps, {len(data['params'])} parameters, {lines_of_advice} of advice"
    lines = [f"{inert(str(out))}: {counted}"]
    if added:
        lines.append(f"Added, because the incident had none: {', '.join(added)}")
    lines.append(f"Next: leakdoc playbook check {inert(str(out))}")
    return lines


def _document(out: Path, data: dict[str, Any], incidents: list[Incident], problems: list[str]) -> dict[str, Any]:
    from leakdoc.playbook.records.explaining import explained

    return {
        "schema": "leakdoc.playbook-extract/1",
        "playbook": str(out),
        "incident_class": data["metadata"]["incident_class"],
        "steps": [
            {"id": step_id, "support": each["support"], "added": "events" not in each}
            for step_id, each in data["provenance"]["steps"].items()
        ],
        "parameters": [{"name": name, **each} for name, each in data["provenance"]["params"].items()],
        "records": [
            {
                "record": incident.name,
                "format": incident.record.understanding.format,
                "events": list(explained(incident)),
                "not_understood": incident.record.understanding.lines(),
            }
            for incident in incidents
        ],
        "problems": problems,
    }
