"""What an importer did not understand: counted by kind, with the first place of each, and never in the way."""

from __future__ import annotations

from dataclasses import dataclass, field

from leakdoc.redact import inert


@dataclass(slots=True)
class Understanding:
    """How a file was read, filled while it is.

    Args:
        format: which importer read it.
        events: how many events it yielded.
        ordered: events come in their order; while secrets are learnt they need not, and nothing waits.
        skipped: why something was left out, how often, and where first.
    """

    format: str = ""
    events: int = 0
    ordered: bool = True
    skipped: dict[str, tuple[int, str]] = field(default_factory=dict)

    def skip(self, why: str, where: str) -> None:
        """Note that something was left out."""
        why = inert(why, longest=80)
        count, first = self.skipped.get(why, (0, inert(where, longest=80)))
        self.skipped[why] = (count + 1, first)

    def lines(self) -> list[str]:
        """Return the report, a line for each reason."""
        return [f"{why}: {count} (first at {where})" for why, (count, where) in sorted(self.skipped.items())]
