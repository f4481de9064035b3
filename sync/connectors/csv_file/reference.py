"""A reference file, CSV or workbook, and what each of its tables holds."""

from sync.connectors.csv_file.mapping import KINDS, Kind, _, kind_of_file
from sync.connectors.csv_file.source import LineError, Sheet, Unreadable, read_cells
from sync.connectors.csv_file.workbook import tables

SUFFIXES = (".csv", ".xlsx")


def read_file(name: str, data: bytes, kind: Kind | None = None) -> tuple[list[Sheet], list[LineError]]:
    """The sheets of a file and what is wrong with it; sheets with errors are not to be used.

    What a table holds is told by the name of its file, in a workbook of several sheets by that of the sheet, unless
    `kind` says so.
    """
    try:
        found = tables(data, name)
    except Unreadable as wrong:
        return [], [wrong.error]
    sheets, errors = [], []
    for cells in found:
        holds = kind or (kind_of_file(name) if len(found) == 1 else None) or kind_of_file(cells.sheet)
        if holds is None:
            sentence = _("the name does not say what it holds; known are {known}")
            errors.append(LineError(cells.file, 0, "", sentence, {"known": ", ".join(KINDS)}))
            continue
        sheet, wrong_cells = read_cells(holds, cells)
        sheets.append(sheet)
        errors += wrong_cells
    return sheets, errors
