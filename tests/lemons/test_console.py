"""What a terminal is shown, and how a program ends."""

import logging

import pandas as pd
import pytest

from lemons.console import INTERRUPTED, MAX_CELL, SHOWN, Bar, SafeFormatter, run, say, say_table, shown, tell
from lemons.errors import DataError, NotKeptError


def test_a_title_orders_no_terminal_about(capsys):
    say("\x1b[2JLion\x07 Road\u202e")
    assert capsys.readouterr().out == "\\x1b[2JLion\\x07 Road\\u202e\n"


def test_a_log_orders_no_terminal_about_either():
    record = logging.LogRecord("lemons", logging.INFO, __file__, 1, "played %s", ("Lion\x1b[31m",), None)
    assert SafeFormatter("%(message)s").format(record) == "played Lion\\x1b[31m"


def test_a_table_keeps_its_lines_and_cuts_long_cells(capsys):
    say_table(pd.DataFrame({"title": ["Lion\nRoad", "x" * 200], "score": [0.123456, 1.0]}))
    header, first, second = capsys.readouterr().out.splitlines()
    assert header.split() == ["title", "score"]
    assert first.split() == ["Lion\\nRoad", "0.123"]
    assert second.split() == ["x" * (MAX_CELL - 1) + "…", "1.000"]


def test_of_much_that_was_skipped_the_first_is_named_and_the_rest_counted(capsys):
    tell([f"track {number} skipped" for number in range(SHOWN + 3)])
    lines = capsys.readouterr().err.splitlines()
    assert lines[:-1] == [f"lemons: track {number} skipped" for number in range(SHOWN)]
    assert lines[-1] == "lemons: ... and 3 more"


def test_an_error_of_the_user_is_one_sentence_and_exit_code_2(capsys):
    def program():
        raise DataError("no such file: song.wav; check the path")

    with pytest.raises(SystemExit) as ended:
        run(program)
    assert ended.value.code == 2
    assert capsys.readouterr().err == "lemons: no such file: song.wav; check the path\n"


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), SystemExit(INTERRUPTED)])
def test_an_interrupt_ends_with_the_code_that_shells_know(capsys, interruption):
    def program():
        raise interruption

    with pytest.raises(SystemExit) as ended:
        run(program)
    assert ended.value.code == INTERRUPTED == 130
    assert "the same command resumes" in capsys.readouterr().err


def test_a_bug_and_an_exit_of_ones_own_come_through():
    def bug():
        raise ZeroDivisionError

    def leave():
        raise SystemExit(3)

    with pytest.raises(ZeroDivisionError):
        run(bug)
    with pytest.raises(SystemExit, match="3"):
        run(leave)


def test_what_cannot_be_written_is_shown_before_the_error_comes(capsys):
    with pytest.raises(NotKeptError, match="disk is full"), shown(lambda scores: f"ROC-AUC {scores['auc']}"):
        raise NotKeptError(DataError("the disk is full"), {"auc": 0.75})
    assert capsys.readouterr().out == "ROC-AUC 0.75\n"


def test_a_bar_that_begins_in_the_middle_ends_full(capsys):
    bar = Bar("audio", "track")
    for done in (40, 41, 42):
        bar(done, 42)
    last = capsys.readouterr().err.split("\r")[-1]
    assert last.startswith("audio: 100%")
    assert "42/42" in last
