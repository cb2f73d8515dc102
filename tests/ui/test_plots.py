"""One palette: read by who sees no red, green or blue, in light and in dark; shapes and dashes besides."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest

from smile.ui.map import figure as map_figure
from smile.ui.parts.plots import COLOURS, DASHES, SHAPES, look
from smile.ui.results.legends import DASHED
from smile.ui.results.legends import SHAPES as DRAWN

SEEN = {  # how linear RGB is seen: Machado, Oliveira and Fernandes 2009, severity 1
    "all": np.eye(3),
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
               [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                 [-0.01182, 0.04294, 0.968881]],
    "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                [0.004733, 0.691367, 0.3039]],
}  # fmt: skip
XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175],
                [0.0193339, 0.119192, 0.9503041]])  # fmt: skip
WHITE = np.array([0.95047, 1.0, 1.08883])
LIGHT, DARK = "#ffffff", "#1c1917"  # behind the charts


def linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    ratio = XYZ @ np.clip(rgb, 0, 1) / WHITE
    x, y, z = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one: str, other: str) -> float:
    low, high = sorted(float(XYZ[1] @ linear(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("seen", SEEN)
def test_colours_are_told_apart(seen):
    known = [lab(np.array(SEEN[seen]) @ linear(colour)) for colour in COLOURS]
    assert min(np.linalg.norm(a - b) for a, b in combinations(known, 2)) > 19


@pytest.mark.parametrize("behind", [LIGHT, DARK])
def test_colours_stand_out_in_light_and_dark(behind):
    assert min(contrast(colour, behind) for colour in COLOURS) >= 3


def test_series_differ_in_shape_and_dash_besides():
    looks = [look(i) for i in range(len(COLOURS))]
    assert len({one.colour for one in looks}) == len({one.shape for one in looks}) == len(COLOURS)
    assert all(a.dash != b.dash for a, b in pairwise(looks))
    assert {shape.removesuffix("-open") for shape in SHAPES} <= set(DRAWN)
    assert set(DASHES) == set(DASHED)


def test_the_map_has_the_same_palette_and_neighbours_in_its_legend_differ_in_shape():
    assert map_figure.PALETTE is COLOURS
    shapes = map_figure.SYMBOLS
    looks = [map_figure.look(i, shapes) for i in range(map_figure.MOST_GROUPS)]
    assert len(set(looks)) == len(looks)
    assert all(a[1] != b[1] for a, b in pairwise(looks))
