"""Pictures that are kept for a preview nobody asks for."""

from innocent import work
from PIL import Image

PREVIEWS = []


def preview():
    picture = Image.new("RGB", (60, 60))  # culprit
    PREVIEWS.append(picture)


while True:
    work()
    preview()
