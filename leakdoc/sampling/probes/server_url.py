"""The address of a server that is asked, as its reference names it: ``mysql://user:secret@host:3306``."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from leakdoc.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerUrl:
    """Where a server is, and who asks; the secret is in no text of it."""

    host: str
    port: int
    user: str | None
    password: str | None = field(repr=False)
    is_encrypted: bool = False


def server_url(text: str, schemes: tuple[str, ...], port: int, *, encrypted: tuple[str, ...] = ()) -> ServerUrl:
    """Read an address, of one of the schemes; those that are encrypted are named apart.

    Raises:
        UsageError: it is none; the text is not repeated, since it holds a secret.
    """
    try:
        found = urlsplit(text.strip())
        number = found.port or port
    except ValueError:
        found, number = urlsplit(""), port
    scheme = found.scheme.partition("+")[0]
    if scheme not in (*schemes, *encrypted) or not found.hostname:
        raise UsageError(
            "what the reference names is no address of such a server",
            help=f"It is written {schemes[0]}://USER:PASSWORD@HOST:{port}.",
        )
    return ServerUrl(
        host=found.hostname,
        port=number,
        user=unquote(found.username) if found.username else None,
        password=unquote(found.password) if found.password else None,
        is_encrypted=scheme in encrypted,
    )
