"""The order of a playbook's steps: as the incident took them, but for what safety asks for first."""

from __future__ import annotations

from typing import Final

from leakdoc.playbook.records.extracting import Incident
from leakdoc.playbook.records.placing import Placed
from leakdoc.playbook.records.step_kinds import ORDER


def in_order(slots: dict[str, list[Placed]], incident: Incident) -> list[str]:
    """Return the steps as the incident took them; where it did not, and where safety asks, as playbooks do."""
    position = {id(each): place for place, each in enumerate(incident.course)}
    first = {
        slot: min((position[id(each)] for each in events if each.reading.event.is_call), default=None)
        for slot, events in slots.items()
    }
    known = sorted((slot for slot in slots if first[slot] is not None), key=lambda slot: (first[slot], ORDER[slot]))
    for slot in sorted((slot for slot in slots if first[slot] is None), key=ORDER.__getitem__):
        place = next((i for i, each in enumerate(known) if ORDER[each] > ORDER[slot]), len(known))
        known.insert(place, slot)
    return safely_ordered(known)


def safely_ordered(ids: list[str]) -> list[str]:
    """Return the steps with those first that others rest on, and the summary last."""
    known = list(ids)
    for _ in known:
        moved = False
        for before, after in _SAFE_ORDER:
            if before in known and after in known and known.index(before) > known.index(after):
                known.remove(before)
                known.insert(known.index(after), before)
                moved = True
        if not moved:
            break
    return [*(each for each in known if each != "summary"), *(each for each in known if each == "summary")]


_SAFE_ORDER: Final = (
    ("sample", "growth"),
    ("heap", "locate"),
    ("locate", "fix"),
    ("fix", "tune"),
    ("fix", "regression_test"),
    ("fix", "staging"),
    ("fix", "rollout"),
    ("mitigate", "fix"),
    ("mitigate", "tune"),
    ("mitigate", "breaker"),
    ("regression_test", "rollout"),
    ("locate", "regression_test"),
    ("regression_test", "tune"),
    ("regression_test", "breaker"),
    ("staging", "rollout"),
    ("staging", "tune"),
    ("staging", "breaker"),
    ("baseline", "rollout"),
    ("baseline", "tune"),
    ("baseline", "breaker"),
    ("tune", "rollout"),
    ("breaker", "rollout"),
    ("sample", "rollout"),
    ("rollout", "roll_back"),
    ("rollout", "verify"),
    ("rollout", "recovered"),
    ("rollout", "monitoring"),
    ("tune", "recovered"),
    ("breaker", "recovered"),
    ("connections", "verify"),
    ("sample", "verify"),
    ("pool", "recovered"),
    ("upstream", "recovered"),
    ("sample", "recovered"),
)
