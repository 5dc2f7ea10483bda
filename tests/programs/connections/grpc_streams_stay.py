"""One gRPC channel with twelve streams that are open by design, and a call on it now and then."""

import os
import threading
import time

import grpc

channel = grpc.insecure_channel(f"127.0.0.1:{os.environ['GRPC_PORT']}")


def listen() -> None:
    for _ in channel.unary_stream("/shop.Orders/Listen")(b""):
        pass


for _ in range(12):
    threading.Thread(target=listen, daemon=True).start()
print("ready", flush=True)
while True:
    channel.unary_unary("/shop.Orders/Charge")(b"order")
    time.sleep(0.5)
