"""How a Prometheus is reached: its address, who asks, and where the secrets for that are kept.

Secrets never stand on a command line: they come as ``env:NAME`` or ``file:PATH``, from environment variables, or from
a TOML file that refers to them in the same two ways. What is not said on the command line is taken from the file, then
from the environment.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from leakdoc.errors import UsageError
from leakdoc.redact import inert, without_secrets
from leakdoc.sampling.foreign_file import why
from leakdoc.small_files import read_small

PREFIX: Final = "LEAKDOC_PROMETHEUS_"
_LARGEST_SECRET: Final = 65_536
_SECRET: Final = frozenset({"bearer_token", "password"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Where a Prometheus is, and who asks. Secrets are left out of its representation.

    Args:
        url: what stands before ``/api/v1``.
        bearer_token: sent as ``Authorization: Bearer``.
        username: of basic authentication, with `password`.
        org_id: the tenant of Mimir, Cortex or Loki-like servers, sent as ``X-Scope-OrgID``.
        ca_file: certificates to trust instead of the system's.
        cert_file: our own certificate, with `key_file`.
    """

    url: str
    bearer_token: str | None = field(default=None, repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    org_id: str | None = None
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None

    @property
    def is_loopback(self) -> bool:
        """Whether the server is on this machine, where compressing costs more than it saves."""
        host = urlsplit(self.url).hostname or ""
        return host in ("localhost", "::1") or host.startswith("127.")


def access_of(
    url: str | None, *, config: str | None = None, environment: Mapping[str, str] = os.environ, **told: str | None
) -> Access:
    """Return the access that options, a configuration file and the environment add up to.

    Args:
        url: of the server; null takes the file's or the environment's.
        config: a TOML file with the fields of `Access`; null takes ``LEAKDOC_PROMETHEUS_CONFIG``.
        told: fields of `Access` from the command line, secrets as ``env:NAME`` or ``file:PATH``.

    Raises:
        UsageError: no address is told, it is none, it holds a secret, or a secret cannot be had.
    """
    named = {each.name for each in fields(Access)}
    read = _config(config or environment.get(PREFIX + "CONFIG"), environment)
    of_environment = {name: value for name in named if (value := environment.get(PREFIX + name.upper()))}
    of_options = {name: _secret(name, value, environment) for name, value in told.items() if value is not None}
    found: dict[str, Any] = of_environment | read | of_options | ({"url": url} if url else {})
    if "url" not in found:
        raise UsageError("no Prometheus is named", help=f"Give --prometheus URL, or set {PREFIX}URL.")
    return _checked(replace(Access(url=""), **found))


def _checked(access: Access) -> Access:
    access = replace(access, url=access.url.strip().rstrip("/"))
    _check_url(access.url)
    if (access.username is None) != (access.password is None):
        raise UsageError("basic authentication needs a user name and a password", help="Give both, or neither.")
    if access.bearer_token is not None and access.username is not None:
        raise UsageError("a bearer token and a password were both given", help="Give one of them.")
    if access.key_file is not None and access.cert_file is None:
        raise UsageError("a key without a certificate identifies nobody", help="Give the certificate too.")
    for value in (access.bearer_token, access.username, access.password, access.org_id):
        if value is not None and not (value.isprintable() and value.isascii()):
            raise UsageError("a credential for Prometheus holds a character that no header may hold")
    for file in (access.ca_file, access.cert_file, access.key_file):
        if file is not None and not Path(file).is_file():
            raise UsageError(f"there is no file {inert(file)}", help="Check the path of the certificate or key.")
    return access


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        shown = inert(without_secrets(url))
        raise UsageError(f"not the address of a Prometheus: {shown!r}", help="Write it like http://host:9090.")
    if "@" in parts.netloc:
        told = "Give --prometheus-basic USER:env:NAME instead."
        raise UsageError("the address of the Prometheus holds a user name or a password", help=told)
    if parts.query or parts.fragment:
        raise UsageError("the address of the Prometheus ends in a query", help="Leave out what follows the path.")


def _config(path: str | None, environment: Mapping[str, str]) -> dict[str, str]:
    if path is None:
        return {}
    name = inert(path)
    try:
        told = tomllib.loads(read_small(path).decode("utf-8"))
    except OSError as error:
        raise UsageError(f"the configuration {name} cannot be read: {why(error)}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"the configuration {name} is no TOML: {inert(str(error))}") from error
    named = [each.name for each in fields(Access)]
    unknown = sorted(key for key in told if key not in named)
    if unknown:
        raise UsageError(f"{name}: no such setting: {inert(unknown[0])}", help=f"There are: {', '.join(named)}.")
    if any(not isinstance(value, str) for value in told.values()):
        raise UsageError(f"{name}: every setting is a text in quotes")
    return {key: _secret(key, value, environment) for key, value in told.items()}


def _secret(name: str, value: str, environment: Mapping[str, str]) -> str:
    """Return what a reference leads to; other settings are returned as they are."""
    if name not in _SECRET:
        return value
    kind, _, where = value.partition(":")
    if kind == "env" and where:
        if where not in environment:
            raise UsageError(f"the environment has no variable {inert(where)}")
        return environment[where].strip()
    if kind == "file" and where:
        return _secret_file(where)
    shown = name.replace("_", " ")
    raise UsageError(f"the {shown} is written out", help="Refer to it as env:NAME or file:PATH.")


def _secret_file(path: str) -> str:
    try:
        return read_small(path, most=_LARGEST_SECRET).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the secret in {inert(path)} cannot be read: {why(error)}") from error
