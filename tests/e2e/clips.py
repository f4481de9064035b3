"""What a camera sees when somebody holds up a label: clips for Chromium's fake camera, made when a test runs.

Chromium plays a YUV4MPEG2 file (`.y4m`) over and over as its camera: a line that tells size and rate, then for each
picture the word FRAME and its planes: brightness at full size, two of colour at a quarter of it (4:2:0). Ours are grey,
so the colour planes are all 128.

A clip starts with an empty bench, as a camera does that is opened before the label comes into view. Each label then
stays for a second, held by a hand: a little turned, a little moved from picture to picture, under noise. Between labels
and after them is the empty bench again.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import qrcode
from PIL import Image, ImageChops, ImageFilter
from qrcode.constants import ERROR_CORRECT_M

SIZE = (640, 480)
RATE = 15  # pictures a second
EMPTY, SHOWN = 5, 15  # pictures of the bench, and of a label
BENCH, PAPER = 96, 235  # brightness


@dataclass(frozen=True)
class Look:
    """A harder view than usual, in HD: how far the label leans (degrees), how wide it is beside the picture, how
    blurred (pixels), how grainy (steps of brightness) and how dark (1: pitch) the picture is."""

    lean: float = 0
    side: float = 0.35
    blur: float = 0
    grain: int = 25
    dark: float = 0
    size: tuple[int, int] = (1280, 720)


def write_clip(path: Path, texts: Sequence[str], seed: int = 1, look: Look | None = None) -> Path:
    """A clip of labels that say `texts`, one after the other; of the empty bench when there is none.

    It takes its place at once: a camera that is playing the file of this name goes on with the old one.
    """
    if look:
        return _write_look(path, texts, random.Random(seed), look)
    chance = random.Random(seed)
    colour = bytes([128]) * (SIZE[0] * SIZE[1] // 2)
    half_made = path.with_suffix(".part")
    with half_made.open("wb") as file:
        file.write(f"YUV4MPEG2 W{SIZE[0]} H{SIZE[1]} F{RATE}:1 Ip A1:1 C420jpeg\n".encode())
        for picture in _pictures(texts, chance):
            file.write(b"FRAME\n" + picture.tobytes() + colour)
    return half_made.rename(path)


def _write_look(path: Path, texts: Sequence[str], chance: random.Random, look: Look) -> Path:
    width, height = look.size
    colour = bytes([128]) * (width * height // 2)
    half_made = path.with_suffix(".part")
    bench = Image.new("L", look.size, BENCH)

    def seen(picture: Image.Image) -> bytes:
        if look.blur:
            picture = picture.filter(ImageFilter.GaussianBlur(look.blur))
        grain = Image.frombytes("L", look.size, chance.randbytes(width * height))
        picture = ImageChops.add(picture, grain.point(lambda value: value * look.grain // 256), offset=-look.grain // 2)
        return picture.point(lambda value: int(value * (1 - look.dark))).tobytes()

    with half_made.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F{RATE}:1 Ip A1:1 C420jpeg\n".encode())
        for text in texts:
            label = _label(text).resize((int(width * look.side),) * 2, Image.Resampling.BICUBIC)
            for number in range(2 * EMPTY + SHOWN):
                picture = bench.copy()
                if number >= 2 * EMPTY:
                    held = label.rotate(look.lean, expand=True, fillcolor=BENCH, resample=Image.Resampling.BICUBIC)
                    picture.paste(held, ((width - held.width) // 2, (height - held.height) // 2))
                file.write(b"FRAME\n" + seen(picture) + colour)
    return half_made.rename(path)


def write_photo(path: Path, text: str) -> Path:
    """One picture of a label, as a phone's camera app would hand it over."""
    chance = random.Random(5)
    picture = Image.new("L", SIZE, BENCH)
    label = _label(text)
    picture.paste(label, ((SIZE[0] - label.width) // 2, (SIZE[1] - label.height) // 2))
    _noisy(picture, chance).convert("RGB").save(path)
    return path


def _pictures(texts: Sequence[str], chance: random.Random) -> Iterator[Image.Image]:
    bench = Image.new("L", SIZE, BENCH)
    yield from (_noisy(bench, chance) for _ in range(EMPTY))
    for text in texts:
        label, lean = _label(text), chance.uniform(-15, 15)
        for _ in range(SHOWN):
            angle = lean + chance.uniform(-2, 2)
            held = label.rotate(angle, expand=True, fillcolor=BENCH, resample=Image.Resampling.BICUBIC)
            left, top = (
                (whole - side) // 2 + chance.randrange(-12, 13) for whole, side in zip(SIZE, held.size, strict=True)
            )
            picture = bench.copy()
            picture.paste(held, (left, top))
            yield _noisy(picture, chance)
        yield from (_noisy(bench, chance) for _ in range(EMPTY))


def _label(text: str) -> Image.Image:
    """The code on its paper, about half as high as the picture."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=4)
    code.add_data(text)
    code.make()
    rows = code.get_matrix()
    drawn = Image.new("L", (len(rows), len(rows)))
    drawn.putdata([20 if dark else PAPER for row in rows for dark in row])
    return drawn.resize((260, 260), Image.Resampling.NEAREST)


def _noisy(picture: Image.Image, chance: random.Random) -> Image.Image:
    """The grain of a cheap sensor: up to 12 steps of brightness either way."""
    grain = Image.frombytes("L", SIZE, chance.randbytes(SIZE[0] * SIZE[1])).point(lambda value: value * 25 // 256)
    return ImageChops.add(picture, grain, offset=-12)
