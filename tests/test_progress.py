"""Bars are seen on a terminal, lines elsewhere, and both end with the work."""

import logging
import sys
import threading

import pytest

from carla_genre.progress import bar

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"  # the cursor


def test_a_bar_starts_where_the_work_is_resumed(terminal):
    shown = terminal()
    with bar("train", 10, done=4) as one:
        one.advance(6)
        one.note("loss 0.123")
    told = shown.getvalue()
    assert "train" in told and "10/10" in told and "loss 0.123" in told


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_bar_ends_whatever_ends_the_work(terminal, error):
    shown = terminal()

    def work():
        with bar("train", 10), bar("answer", 3):
            raise error

    with pytest.raises(error):
        work()
    told = shown.getvalue()
    assert (told.count(HIDE), told.count(SHOW)) == (1, 1)  # two bars, one display
    assert sys.stderr is shown


def test_bars_of_several_threads_share_the_display(terminal):
    def work(name):
        with bar(name, 5) as one:
            barrier.wait()
            one.advance(5)
            barrier.wait()

    shown, barrier = terminal(), threading.Barrier(3)
    threads = [threading.Thread(target=work, args=(f"task {number}",)) for number in range(2)]
    for thread in threads:
        thread.start()
    with bar("grid", 1):
        barrier.wait()
        print("a line", file=sys.stderr)
        barrier.wait()
        for thread in threads:
            thread.join()
    told = shown.getvalue()
    assert told.count(HIDE) == told.count(SHOW)
    assert all(text in told for text in ("task 0", "task 1", "grid", "a line"))


def test_without_a_terminal_there_are_lines_where_they_are_wanted(caplog, capsys):
    often = bar("answer", 3, lines=True, every_s=0.0)
    with caplog.at_level(logging.INFO), often as one, bar("train", 3) as quiet:
        for _ in range(3):
            one.advance()
            quiet.advance()
    assert caplog.messages == ["answer: 1 of 3", "answer: 2 of 3"]
    with caplog.at_level(logging.INFO), bar("answer", 3, show=False, lines=True) as one:
        one.advance()
    assert len(caplog.messages) == 2
    assert "━" not in capsys.readouterr().err  # no bar; whoever handles the log may write its lines
