"""Quick codes: words a scanner says instead of a finger, so that a whole shift needs no touch of the screen.

The phone knows each by its reference; here stand their names and signs for the desk sheet. `test` is none of them: it
proves that a scanner is set up and does nothing else.
"""

from dataclasses import dataclass

from flask_babel import LazyString, lazy_gettext

_ = lazy_gettext

TEST = "test"


@dataclass(frozen=True, slots=True)
class Word:
    """`sign`: a drawing on a grid of 24 with one pen, as on the phone; without one the name is set large."""

    ref: str
    name: str | LazyString
    sign: str = ""


GROUPS: dict[LazyString, tuple[Word, ...]] = {
    _("Work"): (
        Word("run", _("Run"), "M7 4l13 8-13 8z"),
        Word("setup", _("Setup"), "M14 6a4 4 0 0 1 5.5-3.7l-3 3 2.2 2.2 3-3A4 4 0 0 1 16 10L8 20a2.5 2.5 0 0 1-4-4z"),
        Word("rework", _("Rework"), "M4 12a8 8 0 0 1 14-5l2 2M20 4v5h-5M20 12a8 8 0 0 1-14 5l-2-2M4 20v-5h5"),
        Word("teardown", _("Teardown"), "M3 21h18M6 21v-6h5v6M13 21v-9h5v9M12 2v6M9 5.5L12 9l3-3.5"),
        Word("pause", _("Pause"), "M8 4v16M16 4v16"),
        Word("resume", _("Resume"), "M5 4v16M10 4l11 8-11 8z"),
        Word("stop", _("Stop"), "M5 5h14v14H5z"),
        Word("done", _("Operation done"), "M5 22V3h13l-3 4.5L18 12H5"),
    ),
    _("Pieces"): (
        Word("good", _("Good pieces"), "M4 13l5 5L20 6"),
        Word("scrap", _("Scrap"), "M4 6h16M9 6V3h6v3M6 6l1 15h10l1-15M10 10v7M14 10v7"),
        Word("hold", _("Hold"), "M12 2l8 4v6c0 5-3.5 8-8 10-4.5-2-8-5-8-10V6zM9 12h6"),
    ),
    _("Answer"): (
        Word("ok", _("OK"), "M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19zM7.5 12.5l3 3 6-6.5"),
        Word("cancel", _("Cancel"), "M5 5l14 14M19 5L5 19"),
        Word("undo", _("Undo"), "M9 4L4 9l5 5M4 9h10a6 6 0 0 1 0 12h-3"),
        Word("help", _("Call for help"), "M6 17V11a6 6 0 0 1 12 0v6M4 17h16M10 21h4M12 2v3"),
    ),
    _("Person"): (
        Word("break", _("Break"), "M4 9h13v6a5 5 0 0 1-5 5H9a5 5 0 0 1-5-5zM17 10h2a2 2 0 0 1 0 5h-2M8 3v3M12 3v3"),
        Word("start_shift", _("Start of shift"),
             "M12 7.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM12 1.5V4M12 20v2.5M1.5 12H4M20 12h2.5M4.6 4.6l1.8 1.8"
             "M17.6 17.6l1.8 1.8M4.6 19.4l1.8-1.8M17.6 6.4l1.8-1.8"),
        Word("end_shift", _("End of shift"), "M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5z"),
        Word("sign_out", _("Sign out"), "M14 4h6v16h-6M10 8l-4 4 4 4M6 12h10"),
        Word("crew", _("Crew"),
             "M8 4a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM2 20c0-4 2-6 6-6s6 2 6 6M16.5 5a2.5 2.5 0 1 1 0 5M17 14c3 0 5 2 5 5"),
    ),
    _("Figures"): (
        *(Word(digit, digit) for digit in "1234567890"),
        Word("comma", _("Comma"), "M12 11v3a5 5 0 0 1-3 5M11 11h2v3h-2z"),
        Word("erase", _("Erase"), "M8 5h13v14H8l-6-7zM12 9.5l5 5M17 9.5l-5 5"),
    ),
    _("Quantity"): tuple(Word(f"x{number}", f"× {number}") for number in (1, 5, 10, 50)),
}  # fmt: skip
WORDS = {word.ref: word for words in GROUPS.values() for word in words}
