"""Series told apart as people tell their workloads: a pod by what it was made from, a build by its tag."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from leakdoc.redact import inert
from leakdoc.sampling.sources.prometheus.conventions import Conventions, Group

# Kubernetes makes names up from letters and digits that spell no words (apimachinery, util/rand).
_SAFE: Final = "[bcdfghjklmnpqrstvwxz2456789]"
_OF_DEPLOYMENT: Final = re.compile(rf"(?P<name>.+)-{_SAFE}{{6,10}}-{_SAFE}{{5}}")
_OF_CRON_JOB: Final = re.compile(rf"(?P<name>.+)-\d{{8,10}}-{_SAFE}{{5}}")
_OF_STATEFUL_SET: Final = re.compile(r"(?P<name>.+)-\d{1,5}")
_OF_DAEMON_SET: Final = re.compile(rf"(?P<name>.+)-{_SAFE}{{5}}")
_MADE_FROM: Final = (_OF_DEPLOYMENT, _OF_CRON_JOB, _OF_STATEFUL_SET, _OF_DAEMON_SET)
# A Prometheus without honor_labels renames what a series says of others (kube-state-metrics, a Pushgateway), and puts
# the labels of the exporter in its place.
EXPORTED: Final = "exported_"
_TOGETHER: Final = tuple(  # those that tell one thing together, and what they are renamed to
    (names, frozenset(EXPORTED + name for name in names))
    for names in (("pod", "namespace", "container"), ("instance", "job"))
)
_TARGETS: Final = frozenset({"namespace", "pod", "container", "job", "instance"})
_DIGEST: Final = re.compile(r"@sha256:([0-9a-f]{12})[0-9a-f]*")


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose a series is.

    Args:
        subject: the parts of the subject's name.
        process: what tells its process from the others of the subject.
        split: the label, and its value, by which the series can be asked for among others.
    """

    subject: tuple[str, ...]
    process: tuple[str, ...]
    split: tuple[str, str]

    @property
    def name(self) -> str:
        """The subject as people write it: ``shop/api/web``."""
        return inert("/".join(self.subject), longest=300)


def identity_of(
    labels: Mapping[str, str], conventions: Conventions, of: str = "", by: Sequence[str] = ()
) -> Identity | None:
    """Return whose a series is; null where none of the labels that tell is there.

    Args:
        of: what its exporter tells it of, where that is not itself.
        by: the only labels that say whose it is; any when empty.
    """
    exported = _exported(labels)
    told = _as_exposed(labels, exported) if exported else labels
    groups = (each for each in conventions.groups if not by or by[: len(each.labels)] == each.labels)
    group = next((each for each in groups if all(map(told.get, each.labels))), None)
    if group is None:
        return None
    cluster = labels.get(conventions.clusters_by) if conventions.clusters_by is not None else None
    subject = (*_subject(told, group), of) if of else _subject(told, group)
    split = EXPORTED + group.split if group.split in exported else group.split
    return Identity(
        subject=(cluster, *subject) if cluster else subject,
        process=tuple(told[name] for name in group.process),
        split=(split, told[group.split]),
    )


def _exported(labels: Mapping[str, str]) -> tuple[str, ...]:
    """Which labels, if any, were renamed on their way into the Prometheus."""
    return next((names for names, renamed in _TOGETHER if not renamed.isdisjoint(labels)), ())


def _as_exposed(labels: Mapping[str, str], exported: tuple[str, ...]) -> dict[str, str]:
    """The labels as the exporter wrote them, without those that only tell of the exporter."""
    told = {name: value for name, value in labels.items() if name not in _TARGETS}
    return told | {name: labels[EXPORTED + name] for name in exported if labels.get(EXPORTED + name)}


def _subject(labels: Mapping[str, str], group: Group) -> tuple[str, ...]:
    if not group.pods:
        return tuple(labels[name] for name in group.name if labels.get(name))
    namespace, pod, container = group.name
    parts = (labels[namespace], workload_of(labels[pod]), labels.get(container, ""))
    return tuple(each for each in parts if each)


def workload_of(pod: str) -> str:
    """Return what a pod was made from, by the name that Kubernetes made up for it.

    >>> workload_of("adservice-5f6585d649-fnmft"), workload_of("postgres-0")
    ('adservice', 'postgres')
    """
    made = next((match for pattern in _MADE_FROM if (match := pattern.fullmatch(pod)) is not None), None)
    return pod if made is None else made["name"]


def version_of(labels: Mapping[str, str], conventions: Conventions) -> str | None:
    """Return the build that a series' labels tell; of an image what follows its last slash."""
    for name in conventions.version_labels:
        told = labels.get(name)
        if told:
            short = _DIGEST.sub(r"@\1", told.rsplit("/", 1)[-1]) if name == "image" else told
            return inert(short, longest=100)
    return None
