"""The measures of how well confidence is calibrated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from smile.bench.confidence import Asked, area, bins, calibration_error, chance_error, run
from smile.datatypes import SmileError


def test_words_that_are_right_as_often_as_is_said_have_no_error() -> None:
    said = np.repeat([0.2, 0.8], 50)
    right = np.tile([True, False, False, False, False], 10)
    right = np.concatenate([right, ~right])
    assert calibration_error(said, right) == pytest.approx(0)
    assert calibration_error(1 - said, right) == pytest.approx(0.6)
    assert [b.words for b in bins(said, right)] == [10] * 10
    assert chance_error(said) > 0
    assert len(bins(said[:3], right[:3])) == 3


def test_the_area_counts_pairs_in_order() -> None:
    right = np.array([True, False, True, False])
    assert area(np.array([0.9, 0.1, 0.8, 0.2]), right) == 1
    assert area(np.array([0.9, 0.9, 0.1, 0.1]), right) == 0.5
    assert np.isnan(area(np.array([0.5]), np.array([True])))


def test_pools_have_to_be_named(tmp_path: Path) -> None:
    with pytest.raises(SmileError, match="--pools"):
        run(Asked(tmp_path, None, ("gla",), 1), "10min_dev")
