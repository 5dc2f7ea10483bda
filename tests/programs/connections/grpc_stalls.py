"""Threads that call a gRPC service which accepts calls and never answers, without a deadline; more every second."""

import os
import threading
import time

import grpc

channel = grpc.insecure_channel(f"127.0.0.1:{os.environ['GRPC_PORT']}")


def call() -> None:
    channel.unary_unary("/shop.Orders/Stall")(b"order")


print("ready", flush=True)
while True:
    threading.Thread(target=call, daemon=True).start()
    time.sleep(0.3)
