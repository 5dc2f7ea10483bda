"""What most of the open files are: one that is held by many descriptors names the code that forgets to close it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from leakdoc.model.sample import Column
from leakdoc.redact import inert, without_secrets
from leakdoc.sampling.probes.descriptor_kinds import kind_of
from leakdoc.sampling.probes.reading import Reading
from leakdoc.sampling.procfs import ProcessDirectory

METRICS: Final = ("descriptors_to",)
FEWEST_TO_NAME: Final = 8  # of one target: every process has a few
MOST_NAMED: Final = 4  # of one reading
MOST_EVER_NAMED: Final = 32  # labels of one recording
_NUMBERED: Final = re.compile(r"[0-9a-fA-F]*[0-9][0-9a-fA-F]*")
_DELETED: Final = " (deleted)"

Target = tuple[str, str]


class DescriptorTargetsProbe:
    """Reads the link of every descriptor: 4 µs each, so that its beat slows down as they get many."""

    def __init__(self, directory: ProcessDirectory) -> None:
        self._directory = directory
        self._named: dict[Target, None] = {}

    def read(self, reading: Reading) -> None:
        """Put ``descriptors_to{kind,target}`` of the commonest targets, and of those that once were."""
        targets = by_target(self._paths())
        for key, count in targets.most_common(MOST_NAMED):
            if count >= FEWEST_TO_NAME and len(self._named) < MOST_EVER_NAMED:
                self._named[key] = None
        for kind, target in self._named:
            reading.values[Column.of("descriptors_to", kind=kind, target=target)] = float(targets[kind, target])

    def _paths(self) -> Iterator[str]:
        for name in self._directory.names("fd"):
            try:
                link = self._directory.link(f"fd/{name}")
            except FileNotFoundError:
                continue  # closed since its name was listed
            if link.startswith("/"):
                yield link


def by_target(paths: Iterable[str]) -> Counter[Target]:
    """Count paths; those of one directory together, where no single path stands for most of them."""
    targets = Counter((kind_of(path), target_of(path)) for path in paths)
    directories: dict[Target, list[Target]] = {}
    for kind, target in targets:
        directories.setdefault((kind, f"{target.rpartition('/')[0]}/*"), []).append((kind, target))
    for directory, inside in directories.items():
        counts = [targets[key] for key in inside]
        if len(inside) > 1 and 2 * max(counts) < sum(counts):
            for key in inside:
                del targets[key]
            targets[directory] += sum(counts)
    return targets


def target_of(path: str) -> str:
    """Return a path with the numbers in its last part as ``*``, inert and without secrets."""
    directory, slash, name = path.removesuffix(_DELETED).rpartition("/")
    return without_secrets(inert(f"{directory}{slash}{_NUMBERED.sub('*', name)}"))
