"""Tables as people keep them, in CSV and Excel: read with the place of every cell, written without live formulas."""

from antigone.formats.tables.columns import Column, Row, TableFormat, as_number, complain_of_column, plain_name
from antigone.formats.tables.delimited import CsvTable, open_csv
from antigone.formats.tables.excel import SUFFIXES, ExcelTable, Workbook, is_workbook, open_workbook
from antigone.formats.tables.problems import MOST_PROBLEMS, Problems, foreign_letters, near
from antigone.formats.tables.sheet_look import column_letters, place_in_sheet
from antigone.formats.tables.table import MAX_FIELD, MAX_ROWS, Table, escaped, unescaped
from antigone.formats.tables.writing import to_csv, write_durably, write_whole

__all__ = [
    "MAX_FIELD",
    "MAX_ROWS",
    "MOST_PROBLEMS",
    "SUFFIXES",
    "Column",
    "CsvTable",
    "ExcelTable",
    "Problems",
    "Row",
    "Table",
    "TableFormat",
    "Workbook",
    "as_number",
    "column_letters",
    "complain_of_column",
    "escaped",
    "foreign_letters",
    "is_workbook",
    "near",
    "open_csv",
    "open_workbook",
    "place_in_sheet",
    "plain_name",
    "to_csv",
    "unescaped",
    "write_durably",
    "write_whole",
]
