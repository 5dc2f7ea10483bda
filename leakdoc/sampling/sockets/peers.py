"""What to call the other end of a connection, and what is likely to listen there."""

from __future__ import annotations

import socket
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from leakdoc.sampling.sockets.tcp import Endpoint

IN: Final = "in"
OUT: Final = "out"
UNKNOWN_KIND: Final = "tcp"

_MAPPED: Final = bytes(10) + b"\xff\xff"  # RFC 4291, 2.5.5.2: an IPv4 address inside IPv6

# IANA's service names and the servers' own defaults.
KIND_OF_PORT: Final = {
    25: "smtp",
    80: "http",
    443: "https",
    389: "ldap",
    1433: "sqlserver",
    1521: "oracle",
    1883: "mqtt",
    2181: "zookeeper",
    2379: "etcd",
    3306: "mysql",
    4222: "nats",
    4317: "otlp",
    5432: "postgres",
    5671: "amqp",
    5672: "amqp",
    6379: "redis",
    6432: "pgbouncer",
    8080: "http",
    8443: "https",
    8500: "consul",
    9042: "cassandra",
    9092: "kafka",
    9200: "elasticsearch",
    9300: "elasticsearch",
    11211: "memcached",
    26257: "cockroachdb",
    27017: "mongodb",
    50051: "grpc",
}


class Group(NamedTuple):
    """The labels that connections to one peer have in common."""

    direction: str
    peer: str
    peer_kind: str

    @property
    def labels(self) -> dict[str, str]:
        """The labels by name."""
        return {"direction": self.direction, "peer": self.peer, "peer_kind": self.peer_kind}


def incoming(port: int) -> Group:
    """Return the group of all that came in by a port; their own ports would make a label each."""
    return Group(IN, f":{port}", KIND_OF_PORT.get(port, UNKNOWN_KIND))


def plain_address(address: bytes) -> bytes:
    """Return the address, an IPv4 one inside IPv6 as the IPv4 address that it is."""
    return address[12:] if len(address) == 16 and address.startswith(_MAPPED) else address


def peer_name(end: Endpoint) -> str:
    """Write ``10.0.0.5:5432`` or ``[2001:db8::1]:5432``."""
    address = plain_address(end.address)
    if len(address) == 4:
        return f"{socket.inet_ntop(socket.AF_INET, address)}:{end.port}"
    return f"[{socket.inet_ntop(socket.AF_INET6, address)}]:{end.port}"


def stays_here(remote: Endpoint) -> bool:
    """Say whether what is sent to this address surely stays in this network namespace: a loopback address.

    Unless the system lets those be routed, as it must be told to (ip-sysctl, `route_localnet`).
    """
    return _is_loopback(plain_address(remote.address)) and not _routes_loopback()


@cache
def _routes_loopback() -> bool:
    try:
        return Path("/proc/sys/net/ipv4/conf/all/route_localnet").read_text(encoding="ascii").strip() != "0"
    except OSError:
        return True


def _is_loopback(address: bytes) -> bool:
    return address[:1] == b"\x7f" if len(address) == 4 else address == bytes(15) + b"\x01"


def is_local(local: Endpoint, remote: Endpoint) -> bool:
    """Say whether both ends are on this machine: the peer has a loopback address, or our own."""
    address = plain_address(remote.address)
    return _is_loopback(address) or address == plain_address(local.address)
