"""A pool of gRPC channels with keepalive that becomes six, one after another, and is used in turn."""

import os
import time

import grpc

OPTIONS = (("grpc.keepalive_time_ms", 10_000), ("grpc.use_local_subchannel_pool", 1))
channels = []
print("ready", flush=True)
number = 0
while True:
    if len(channels) < 6 and number % 12 == 0:
        channels.append(grpc.insecure_channel(f"127.0.0.1:{os.environ['GRPC_PORT']}", options=OPTIONS))
    channels[number % len(channels)].unary_unary("/shop.Orders/Charge")(b"x")
    number += 1
    time.sleep(0.25)
