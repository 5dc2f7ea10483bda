"""``leakdoc.post_summary``: what happened, where the others read it; one post, whatever happens."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from leakdoc.errors import UsageError
from leakdoc.model.decision import Outcome
from leakdoc.model.step import StepResult
from leakdoc.playbook import Param, StepContext, step
from leakdoc.playbook.incidents import incident_of
from leakdoc.playbook.journal.reading import read_journal
from leakdoc.playbook.posting.outbox import Outbox, Poster
from leakdoc.playbook.posting.slack import API, Attempt, Bot, Fate, Webhook
from leakdoc.playbook.posting.summary import Summary, summary_of
from leakdoc.playbook.secret_refs import read_secret

Destination = Literal["slack", "webhook", "file", "stdout"]
OUTCOMES = {Fate.SENT: Outcome.PASSED, Fate.NOT_SENT: Outcome.ERROR, Fate.DOUBTFUL: Outcome.INCONCLUSIVE}


@step("leakdoc.post_summary", effect="notify", timeout_s=180, idempotent=True, outputs=("posted", "permalink", "text"))
def post_summary(
    ctx: StepContext,
    *,
    channel: Annotated[str, Param(help="the channel, by name or id")] = "#incidents",
    to: Annotated[Destination | None, Param(help="slack, webhook, file or stdout; default: what is given")] = None,
    token: Annotated[str | None, Param(help="of Slack's bot: env:NAME or file:PATH")] = None,
    webhook: Annotated[str | None, Param(help="its URL is a secret: env:NAME or file:PATH")] = None,
    file: Annotated[Path | None, Param(help="where the summary is written to")] = None,
    journal: Annotated[Path | None, Param(help="whose summary; by default that of the run")] = None,
    api: Annotated[str, Param(help="Slack's API")] = API,
) -> StepResult:
    """Post what happened: impact, cause, fix, proof, rollback point and the journal's head; exactly once."""
    source = journal or (ctx.run.journal if ctx.run is not None else None)
    if source is None:
        raise UsageError("it is not known which run is to be told of", help="Give `journal`.")
    summary = summary_of(incident_of(read_journal(source).events))
    where = to or ("slack" if token else "webhook" if webhook else "file" if file else "stdout")
    if where in ("slack", "webhook"):
        poster = _poster(where, channel, token, webhook, api)
        name = ctx.run.step if ctx.run is not None else "post_summary"
        outbox = Outbox(journal=source, step=name, now=ctx.now, pause=ctx.cancelled.wait)
        return _told(outbox.deliver(summary, poster), summary)
    if where == "file":
        path = file or ctx.directory / f"summary-{summary.run}.txt"
        path.write_text(summary.text + "\n", encoding="utf-8")
        return _told(Attempt(fate=Fate.SENT, reason=f"written to {path}"), summary)
    for line in summary.text.splitlines():
        ctx.progress(line)
    return _told(Attempt(fate=Fate.SENT, reason="told here; nothing was posted anywhere"), summary)


def _poster(where: str, channel: str, token: str | None, webhook: str | None, api: str) -> Poster:
    if where == "slack":
        if token is None:
            raise UsageError("Slack needs a bot's token", help="Give token=env:NAME, or to=stdout.")
        return Bot(read_secret(token), channel, api)
    if webhook is None:
        raise UsageError("the webhook's URL is missing", help="Give webhook=env:NAME, or to=stdout.")
    return Webhook(read_secret(webhook))


def _told(attempt: Attempt, summary: Summary) -> StepResult:
    posted = {Fate.SENT: True, Fate.NOT_SENT: False, Fate.DOUBTFUL: None}[attempt.fate]
    reason = attempt.reason if posted is not False else f"not posted, and left in the outbox: {attempt.reason}"
    if posted is None:
        reason = f"it is not known whether it was posted, and it is not posted again: {attempt.reason}"
    outputs = {"posted": posted, "permalink": attempt.permalink, "text": summary.text}
    return StepResult(outcome=OUTCOMES[attempt.fate], reason=reason, outputs=outputs)
