"""What an event may be sent: bounded texts, bounded numbers of values, whatever their shape."""

from __future__ import annotations

from typing import Any

import pytest

from smile.datatypes import SmileError
from smile.ui.values import MOST_CHARACTERS, MOST_DEEP, MOST_VALUES, check


def nested(depth: int) -> list[Any]:
    lists: list[Any] = []
    for _ in range(depth):
        lists = [lists]
    return lists


@pytest.mark.parametrize(
    "values",
    [["a" * (MOST_CHARACTERS + 1)], [[{"path": "e\u0301" * MOST_CHARACTERS}]], [{"k" * 30_000: 1}]],
)
def test_a_text_that_is_too_long_is_refused_wherever_it_is(values: list[Any]) -> None:
    with pytest.raises(SmileError, match="characters; at most 20,000 are taken"):
        check(values)


@pytest.mark.parametrize("values", [[None] * (MOST_VALUES + 1), [[1, 2]] * MOST_VALUES])
def test_so_are_too_many_values(values: list[Any]) -> None:
    with pytest.raises(SmileError, match="more than 30,000 values"):
        check(values)


@pytest.mark.parametrize("depth", [MOST_DEEP + 1, 500, 40_000])
def test_so_are_values_in_each_other_without_end(depth: int) -> None:
    with pytest.raises(SmileError, match="more than 30 lists and objects in each other"):
        check(nested(depth))


def test_what_a_page_sends_is_taken() -> None:
    check(["a" * MOST_CHARACTERS, 3, None, {"path": "/x", "meta": {"_type": "gradio.FileData"}}, [["kl"]]])
    check(nested(MOST_DEEP))
    meta: Any = {"_type": "gradio.FileData"}
    one: dict[str, Any] = {
        "path": "/x",
        "url": "/y",
        "orig_name": "x",
        "size": 1,
        "mime_type": "",
        "is_stream": False,
        "meta": meta,
    }
    check([[one] * 1000, "key", []])
