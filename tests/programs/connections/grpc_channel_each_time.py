"""A gRPC channel for each call, none of which is closed."""

import os
import time

import grpc

kept = []
print("ready", flush=True)
while True:
    channel = grpc.insecure_channel(
        f"127.0.0.1:{os.environ['GRPC_PORT']}", options=[("grpc.use_local_subchannel_pool", 1)]
    )
    channel.unary_unary("/shop.Orders/Charge")(b"order")
    kept.append(channel)
    time.sleep(0.4)
