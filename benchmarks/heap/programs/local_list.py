"""A list that only a local variable of the main loop holds."""

from innocent import work


def read(number):
    return {"id": number, "body": "y" * 10_000}  # culprit


def main():
    seen = []
    while True:
        seen.append(read(work()))


main()
