"""Series told apart as people tell their workloads: a pod by what it was made from, a build by its tag."""

from __future__ import annotations

import re
from collections.abc import Mapping
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


def identity_of(labels: Mapping[str, str], conventions: Conventions) -> Identity | None:
    """Return whose a series is; null where none of the labels that tell is there."""
    group = next((each for each in conventions.groups if all(labels.get(name) for name in each.labels)), None)
    if group is None:
        return None
    cluster = labels.get(conventions.cluster_label) if conventions.several_clusters else None
    return Identity(
        subject=(cluster, *_subject(labels, group)) if cluster else _subject(labels, group),
        process=tuple(labels[name] for name in group.process),
        split=(group.split, labels[group.split]),
    )


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
