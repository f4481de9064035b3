"""A photo for the demo, drawn without a library: a grey mosaic of 8 x 8 blocks as a baseline JPEG.

Each block has one shade, so all there is to code is how much it differs from the block before: the DC coefficient, by
the standard's own table of categories (ITU-T T.81, K.3.1), followed by "nothing more in this block".
"""

from collections.abc import Callable

# How many codes there are of each length, 1 to 16 bits; the categories in order of their codes.
_DC_LENGTHS, _DC_SYMBOLS = bytes([0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]), bytes(range(12))
_AC_LENGTHS, _AC_SYMBOLS = bytes([0, 1] + [0] * 14), bytes([0])
_END_OF_BLOCK = "00"
_STEP = 8  # a DC step is then one shade of 256


def mosaic(wide: int, high: int, shade: Callable[[int, int], int]) -> bytes:
    """A JPEG of `wide` x `high` blocks; `shade(x, y)` is 0 (black) to 255 (white)."""
    bits, before = [], 0
    codes = _codes(_DC_LENGTHS, _DC_SYMBOLS)
    for y in range(high):
        for x in range(wide):
            level = shade(x, y) - 128
            step, before = level - before, level
            size = abs(step).bit_length()
            value = step if step > 0 else step + (1 << size) - 1
            bits.append(codes[size] + (f"{value:0{size}b}" if size else "") + _END_OF_BLOCK)
    coded = "".join(bits)
    coded += "1" * (-len(coded) % 8)
    scan = int(coded, 2).to_bytes(len(coded) // 8, "big").replace(b"\xff", b"\xff\x00")
    frame = b"\x08" + (high * 8).to_bytes(2, "big") + (wide * 8).to_bytes(2, "big") + b"\x01\x01\x11\x00"
    return b"".join(
        (
            b"\xff\xd8",
            _segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
            _segment(0xDB, b"\0" + bytes([_STEP]) * 64),
            _segment(0xC0, frame),
            _segment(0xC4, b"\x00" + _DC_LENGTHS + _DC_SYMBOLS),
            _segment(0xC4, b"\x10" + _AC_LENGTHS + _AC_SYMBOLS),
            _segment(0xDA, b"\x01\x01\x00\x00\x3f\x00"),
            scan,
            b"\xff\xd9",
        )
    )


def scratched_board() -> bytes:
    """A varnished board with a scratch across it."""

    def shade(x: int, y: int) -> int:
        grain = (x * 7 + (y // 3) * 31) % 23 + (y * y // 5) % 9
        scratch = abs((x - 6) * 9 - (y - 4) * 13) < 11 and 6 < x < 34
        return 238 - grain // 2 if scratch else 118 + grain + y

    return mosaic(40, 30, shade)


def _codes(lengths: bytes, symbols: bytes) -> dict[int, str]:
    """The code of each symbol: counted up, a zero appended with each bit more."""
    found, code, place = {}, 0, 0
    for length, count in enumerate(lengths, 1):
        for symbol in symbols[place : place + count]:
            found[symbol] = f"{code:0{length}b}"
            code += 1
        place += count
        code <<= 1
    return found


def _segment(mark: int, content: bytes) -> bytes:
    return bytes((0xFF, mark)) + (len(content) + 2).to_bytes(2, "big") + content
