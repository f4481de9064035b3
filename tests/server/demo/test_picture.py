"""The demo's photo is a picture any program can draw."""

import io
import random

from PIL import Image

from server.demo.picture import mosaic, scratched_board
from server.intake.photos import MOST_BYTES, is_jpeg


def test_each_block_has_its_shade() -> None:
    chance = random.Random(5)
    shades = {(x, y): chance.randrange(256) for x in range(9) for y in range(7)}
    made = mosaic(9, 7, lambda x, y: shades[x, y])
    assert is_jpeg(made)
    drawn = Image.open(io.BytesIO(made))
    assert (drawn.size, drawn.mode) == ((72, 56), "L")
    for (x, y), shade in shades.items():
        seen = {drawn.getpixel((x * 8 + i, y * 8 + j)) for i in range(8) for j in range(8)}
        assert max(abs(one - shade) for one in seen) <= 1


def test_the_board_is_a_photo_that_is_kept() -> None:
    made = scratched_board()
    assert is_jpeg(made) and len(made) < MOST_BYTES // 100
    assert Image.open(io.BytesIO(made)).size == (320, 240)
