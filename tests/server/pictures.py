"""JPEG pictures for tests, made of their segments; no decoder is asked."""


def segment(mark: int, content: bytes) -> bytes:
    return bytes((0xFF, mark)) + (len(content) + 2).to_bytes(2, "big") + content


def frame(wide: int = 64, high: int = 48, mark: int = 0xC0) -> bytes:
    return segment(mark, b"\x08" + high.to_bytes(2, "big") + wide.to_bytes(2, "big") + b"\x01\x01\x11\x00")


def jpeg(
    *, middle: bytes | None = None, scan: bytes = b"\x12\xff\x00\x34\xff\xd0\x56", end: bytes = b"\xff\xd9"
) -> bytes:
    """A picture as a phone sends it; `middle` in place of its frame."""
    head = segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0") + segment(0xDB, bytes(65)) + segment(0xC4, bytes(20))
    body = frame() if middle is None else middle
    return b"\xff\xd8" + head + body + segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + scan + end
