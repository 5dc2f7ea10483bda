"""A service that a Prometheus scrapes, by the client library; keeps so many KiB more every 20 ms, for ever."""

import sys
import time

from prometheus_client import Counter, start_http_server

server, _ = start_http_server(0, addr="127.0.0.1")
requests = Counter("http_requests", "Requests answered", ["route"])
kept = []
print(server.server_port, flush=True)
while True:
    requests.labels("/pay").inc()
    requests.labels("/refund").inc()
    kept.append(b"k" * (1024 * int(sys.argv[1])))
    time.sleep(0.02)
