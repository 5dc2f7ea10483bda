"""``leakdoc playbook export PLAYBOOK --to devin|skill|markdown -o PATH``."""

from __future__ import annotations

import argparse
from pathlib import Path

from leakdoc.cli.exit_codes import ANSWERED
from leakdoc.cli.output import print_lines


def configure(parser: argparse.ArgumentParser) -> None:
    """Describe the action's options."""
    parser.epilog = (
        "A skill is a folder named as the playbook, made inside PATH unless PATH ends in\n"
        "that name. Advice and commands that came out of records are strangers' words:\n"
        "read them, then carry them over with --confirmed.\n\n"
        "examples:\n"
        "  leakdoc playbook export playbook.yaml --to devin -o memory-leak.md\n"
        "  leakdoc playbook export playbook.yaml --to skill -o ~/.claude/skills"
    )
    parser.add_argument("playbook", metavar="PLAYBOOK", help="a playbook's name or file")
    parser.add_argument("--to", choices=("devin", "skill", "markdown"), required=True, help="for whom")
    parser.add_argument("-o", "--out", metavar="PATH", type=Path, required=True, help="the file, or the skill's folder")
    parser.add_argument(
        "--confirmed", action="store_true", help="a person has read the advice and commands out of records"
    )
    parser.add_argument("--force", action="store_true", help="write over files that are there")


def execute(args: argparse.Namespace) -> int:
    """Write the export."""
    from leakdoc.cli.out_file import refuse
    from leakdoc.errors import LeakdocError
    from leakdoc.playbook.library import find
    from leakdoc.playbook.loading import checked, examine
    from leakdoc.playbook.records.exporting.devin import devin_markdown
    from leakdoc.playbook.records.exporting.markdown import page
    from leakdoc.playbook.records.exporting.skill import skill_files
    from leakdoc.playbook.records.exporting.wording import Export
    from leakdoc.redact import inert

    source = find(args.playbook)
    export = Export(playbook=checked(examine(source)).playbook, confirmed=args.confirmed)
    if args.to == "skill":
        name = export.playbook.metadata.name
        folder = args.out if args.out.name == name else args.out / name
        files = {folder / path: text for path, text in skill_files(export, source.text).items()}
    else:
        files = {args.out: devin_markdown(export) if args.to == "devin" else page(export)}
    sources = [source.path] if source.path else []
    for path in files:
        refuse(path, sources=sources, force=args.force, ours=lambda _: False)
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            if path.suffix == ".sh":
                path.chmod(0o755)
    except OSError as error:
        raise LeakdocError(
            f"{inert(str(args.out))} cannot be written: {error.strerror}", help="Name another with -o."
        ) from None
    print_lines(f"Wrote {inert(str(path))}" for path in files)
    return ANSWERED
