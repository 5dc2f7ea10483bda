"""A cache of rendered pages, keyed by a request's own number, that nobody empties."""

from innocent import work

PAGES = {}


def render(number):
    return "<html>" + "x" * 10_000 + str(number)  # culprit


def serve(number):
    PAGES[number] = render(number)


while True:
    serve(work())
