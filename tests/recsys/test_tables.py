import pytest

from lemons.errors import ParameterError
from recsys.tables import format_table

HEAD, ROWS = ["ROC-AUC", "model", "mel"], [["marko", "0.750 0.5–1.0", "0.5"], ["paul", "0.5", ""]]


def test_a_ruled_table_has_its_cells_to_the_left_and_no_blanks_at_the_ends():
    assert format_table(HEAD, ROWS).splitlines() == [
        "ROC-AUC  model          mel",
        "───────  ─────────────  ───",
        "marko    0.750 0.5–1.0  0.5",
        "paul     0.5",
    ]


def test_a_table_of_numbers_has_them_to_the_right():
    rows = [["marko", "0.750", "0.5"], ["paul", "–", "0.25"]]
    assert format_table(["", "roc_auc", "mel"], rows, style="numbers").splitlines() == [
        "      roc_auc  mel",
        "marko   0.750  0.5",
        "paul        – 0.25",
    ]


def test_a_markdown_table_has_a_bar_between_all_cells():
    assert format_table(HEAD, ROWS, style="markdown").splitlines() == [
        "| ROC-AUC | model | mel |",
        "| --- | --- | --- |",
        "| marko | 0.750 0.5–1.0 | 0.5 |",
        "| paul | 0.5 |  |",
    ]


@pytest.mark.parametrize("style", ["ruled", "numbers", "markdown"])
def test_a_name_with_a_line_end_stays_on_its_line(style):
    assert format_table(["user"], [["mar\nko"]], style=style).splitlines()[-1].strip("| ") == r"mar\nko"


def test_an_unknown_style_is_refused():
    with pytest.raises(ParameterError, match="style='html' is unknown; choose one of ruled, numbers, markdown"):
        format_table(HEAD, ROWS, style="html")
