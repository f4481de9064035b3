"""QR codes: as SVG for a page, as blocks for a terminal."""

import io

import qrcode
from markupsafe import Markup
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.svg import SvgPathImage


def _code(text: str) -> "qrcode.QRCode[SvgPathImage]":
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=4, image_factory=SvgPathImage)
    code.add_data(text)
    return code


def svg(text: str) -> Markup:
    """An <svg> element that scales with its box."""
    drawn = _code(text).make_image().to_string(encoding="unicode")
    return Markup(drawn)  # noqa: S704 -- drawn by the library from the code's squares; holds no text


def blocks(text: str) -> str:
    """Lines of half blocks for a dark-on-light or light-on-dark terminal."""
    out = io.StringIO()
    _code(text).print_ascii(out=out, invert=True)
    return out.getvalue()
