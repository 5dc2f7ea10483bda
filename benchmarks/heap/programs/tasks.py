"""Background tasks that wait for an answer that never comes, kept in a set as the documentation advises."""

import asyncio

from innocent import work

PENDING = set()


async def notify(answer):
    message = ["word"] * 1_200  # culprit
    await answer
    return message


async def main():
    loop = asyncio.get_running_loop()
    while True:
        work(0)
        task = loop.create_task(notify(loop.create_future()))
        PENDING.add(task)
        task.add_done_callback(PENDING.discard)
        await asyncio.sleep(0.01)


asyncio.run(main())
