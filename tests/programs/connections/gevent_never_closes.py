"""Greenlets that each open a database connection and never end; the sockets are gevent's."""

from gevent import monkey

monkey.patch_all()

import os  # noqa: E402

import gevent  # noqa: E402
import pymysql  # noqa: E402

kept = []


def charge() -> None:
    session = pymysql.connect(host="127.0.0.1", port=int(os.environ["MYSQL_PORT"]), user="app", password="app")
    kept.append(session)


print("ready", flush=True)
while True:
    gevent.spawn(charge)
    gevent.sleep(0.3)
