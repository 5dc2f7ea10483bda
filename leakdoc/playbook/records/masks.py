"""What is an identifier by its shape, wherever it stands: addresses, keys of trackers and chats, digests, times."""

from __future__ import annotations

import re
from typing import Final

_LIBRARIES: Final = (
    r"(?:org\.(?:apache|springframework|hibernate|postgresql|mariadb|eclipse|jboss|junit|slf4j|w3c|redisson|mongodb)|"
    r"com\.(?:zaxxer|mysql|microsoft|oracle|sun|google|amazonaws|fasterxml|alibaba|docker|github|rabbitmq|datastax|mchange)|"
    r"io\.(?:netty|grpc|lettuce|micrometer|r2dbc|vertx|opentelemetry|github|kubernetes|micronaut|quarkus|reactivex)|net\.(?:core|ipv4|ipv6|netfilter|bridge))\b"
)
_HEX: Final = r"(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)"

MASKS: Final = (
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+\w"), "<email>"),
    (re.compile(r"\barn:aws[\w-]*:[\w:/.<>*-]+"), "<arn>"),
    (re.compile(r"\bs3://[\w.<>-]+(?:/[\w./<>-]*)?"), "s3://<bucket>"),
    (re.compile(r"(?<=://)[\w.-]*[a-z][\w.-]*(?::\d+)?(?=[/\s'\"?]|$)"), "<host>"),
    (re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?(?![\d.])"), "<ip>"),
    (re.compile(r"(?<![\w:.])(?=[0-9a-fA-F:]*[0-9a-fA-F]{3})(?:[0-9a-fA-F]{1,4}:){1,7}:(?:[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{1,4})*)?(?![\w:])"), "<ip>"),
    (re.compile(r"(?<![\w:.])(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}(?![\w:])"), "<ip>"),
    (re.compile(r"\b(?:ip-\d+(?:-\d+){3}[\w.-]*|(?:gke|aks|eks|k3s)-[\w-]+-[\w-]+|(?<=node/)[\w.-]+)"), "<node>"),
    (re.compile(r"[0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}(?![0-9a-f])"), "<id>"),
    (re.compile(r"\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b"), "<id>"),  # ULID
    (re.compile(r"\b(?=[A-Z]*\d)[PQR][0-9A-Z]{13}\b"), "<ticket>"),  # an incident of PagerDuty
    (re.compile(r"(?<![\w/])[BCDGTUW]0(?=[0-9A-Z]*[A-Z])[0-9A-Z]{7,10}(?!\w)"), "<id>"),  # of Slack
    (re.compile(r"(?<![\w.-])(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9]{25}(?![\w.-])"), "<id>"),  # of Swarm
    (re.compile(rf"(?<![\w.])(?!{_LIBRARIES})(?:com|org|net|io|de|cn|es|fr|it|nl|pl|se|ru|jp|kr|br|eu|at|ch|be|cz|dk|no|fi|pt|uk|us|in)(?:\.[a-z][a-z0-9_]*){{2,}}"), "<package>"),
    (re.compile(r"(?<![a-z0-9.-])(?!(?:app|node|topology|helm|batch)\.(?:kubernetes|k8s|sh)\b)(?:[a-z0-9-]+\.)+(?:com|net|org|io|internal|local|cloud|svc|dev|co|cn|example|test|lan|corp|intra|de|es|fr|it|nl|pl|se|ru|jp|kr|eu)(?:\.[a-z]{2})?\b(?::\d+)?(?![\w.(])"), "<host>"),
    (re.compile(r"(?<![\w.])/(?:tmp|var/tmp|dumps?|data|home|root|mnt|srv|opt)/[^\s'\";|&)<>]+"), "<file>"),
    (re.compile(r"\b[a-z][a-z0-9-]*-[a-f0-9]{6,10}-[a-z0-9]{5}\b"), "<pod>"),
    (re.compile(r"\b[A-Z]{2,4}#\d{2,}\b|(?<![\w#])#\d{2,7}\b"), "<ticket>"),
    (re.compile(r"\b(?!(?:UTF|SHA|ISO|TLS|HTTP|RFC|IEEE|AES|CP|PEP|CVE|GPT)-)[A-Z][A-Z0-9]{1,9}-\d{1,7}\b"), "<ticket>"),
    (re.compile(r"\bsha256:[0-9a-f]{12,64}\b"), "<digest>"),
    (re.compile(rf"\b{_HEX}[0-9a-f]{{7,64}}\b"), "<sha>"),
    (re.compile(r"\bi-[0-9a-f]{8,17}\b"), "<instance>"),
    (re.compile(r"(?<![\w.])\d{12}(?![\w.])"), "<account>"),
    (re.compile(r"\b1[5-9]\d{8}(?:\d{3}|\.\d{3,6})?\b"), "<time>"),
    (re.compile(r"\b20\d\d-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?Z?)?"), "<time>"),
    (re.compile(r"(?<=-U )[a-z]\w+|(?<=-u )[a-z]\w{2,}(?= )|(?<=--username=)\w+|(?<=usename=')\w+|(?<=\buser=)\w+|(?<=\buser=')\w+|(?<=\buser = ')\w+|(?<=usename = ')\w+"), "<user>"),
)  # fmt: skip
