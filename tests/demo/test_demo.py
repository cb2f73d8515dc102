"""The demo pools: their texts, the voice that reads them, and the pools that are shipped."""

from __future__ import annotations

import re
import unicodedata
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from smile.audio import io as audio
from smile.datatypes import SmileError
from smile.demo import LANGUAGES, build, build_all, sentences, speak
from smile.demo.voices import VARIANTS, DemoLanguage
from smile.pools.pool import Pool, open_pool
from smile.text.languages import language as known_language
from smile.text.languages import languages
from tests.conftest import POOLS

each_language = pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)


@pytest.fixture(scope="module")
def pools() -> dict[str, Pool]:
    return {code: open_pool(POOLS / code) for code in LANGUAGES}


def first(language: DemoLanguage, count: int = 300, seed: int = 0) -> list[str]:
    return list(islice(sentences.texts(language, seed), count))


def names(text: str, language: DemoLanguage) -> set[str]:
    """The names that a text lists, without the words for "and" and "or"."""
    joints = [re.escape(end.format("", "")) for end in sentences.list_endings(language)]
    return set(re.split("|".join(sorted(joints, key=len, reverse=True)), text))


@each_language
def test_texts_are_the_same_each_time_and_none_comes_twice(language: DemoLanguage) -> None:
    texts = first(language)
    assert texts == first(language)
    assert texts != first(language, seed=1)
    assert len(set(texts)) == len({frozenset(names(text, language)) for text in texts}) == len(texts)


@each_language
def test_texts_are_in_the_script_of_the_language_without_digits(language: DemoLanguage) -> None:
    script = known_language(language.code).script.replace("Odia", "Oriya").upper()
    characters = set("".join(first(language))) - set(" ,،-")
    assert characters
    assert all(unicodedata.name(c).startswith(script) for c in characters)
    assert all(unicodedata.category(c)[0] in "LM" for c in characters)


@each_language
def test_no_name_shares_a_word_with_its_english_name(language: DemoLanguage) -> None:
    own, english = sentences.own_data(language.locale), sentences.own_data("en")
    vocabulary = sentences.vocabulary(language)
    for kind, group in (("countries", "territories"), ("languages", "languages")):
        codes = {name: code for code, name in own[group].items()}
        assert len(vocabulary[kind]) >= 20
        for name in vocabulary[kind]:
            assert not set(name.split()) & set(english[group][codes[name]].split())


@each_language
def test_days_and_months_are_complete_and_not_english(language: DemoLanguage) -> None:
    vocabulary, english = sentences.vocabulary(language), sentences.own_data("en")
    assert len(set(vocabulary["days"])) == 7
    assert len(set(vocabulary["months"])) == 12
    assert not set(vocabulary["days"]) & set(english["days"]["format"]["wide"].values())
    assert not set(vocabulary["months"]) & set(english["months"]["format"]["wide"].values())


def test_names_do_not_depend_on_what_babel_has_loaded_before() -> None:
    from babel import Locale

    assert Locale.parse("ug").months["stand-alone"]["wide"][5] == "ماي"
    assert sentences.vocabulary(LANGUAGES["epo"])["months"][4] == "Majo"


def test_lists_are_joined_as_the_language_does_it() -> None:
    assert sentences.list_endings(LANGUAGES["gle"]) == ["{0}, {1}", "{0} agus {1}", "{0} nó {1}"]
    assert sentences.list_endings(LANGUAGES["uig"]) == ["{0}، {1}"]  # CLDR has the English "and"


def test_cherokee_is_spoken_by_its_syllables() -> None:
    assert speak.readable("ᏣᎳᎩ, ᏆᏂ") == "tsalagi, gwani"
    assert speak.readable("Fraincis agus Béarla") == "Fraincis agus Béarla"


@pytest.mark.parametrize(
    ("voice", "text", "spoken"),
    [
        ("ga", "an Fhrainc agus Éire", True),
        ("ga", "Oileáin Cayman", False),  # goes over to English
        ("or", "ଜାନୁଆରୀ", True),
        ("or", "କେମ୍ୟାନ୍\u200c ଦ୍ୱୀପପୁଞ୍ଜ", False),  # spells the letter that it does not know
        ("iro/chr", "ᎠᏂᏛᏥ", True),
    ],
)
def test_the_voice_says_what_it_can_read(voice: str, text: str, spoken: bool) -> None:
    assert speak.speaks(text, voice) is spoken


def test_one_sentence_is_spoken() -> None:
    samples = speak.speak("Dé Luain, Dé Máirt agus Dé Céadaoin", "ga+f2", rate=145, pitch=50)
    assert samples.dtype == np.float32
    assert 1.5 < len(samples) / audio.SAMPLE_RATE < 5.0
    assert np.abs(samples).max() == pytest.approx(speak.PEAK)
    assert not samples[: round(speak.EDGE * audio.SAMPLE_RATE)].any()
    again = speak.speak("Dé Luain, Dé Máirt agus Dé Céadaoin", "ga+f2", rate=145, pitch=50)
    assert np.array_equal(samples, again)


def test_a_missing_program_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speak, "PROGRAM", "espeak-ng-missing")
    with pytest.raises(SmileError, match="install Debian's package espeak-ng"):
        speak.version()


def test_an_unknown_language_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(SmileError, match="no demo pool of 'eng'; choose from gle, gla"):
        build_all(tmp_path, ["eng"])


@pytest.fixture
def toneless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A voice that hums for as long as the text is, and pools of six examples and three queries."""
    monkeypatch.setattr(build, "EXAMPLES", 6)
    monkeypatch.setattr(build, "QUERIES", 3)
    monkeypatch.setattr(speak, "version", lambda: "0")
    monkeypatch.setattr(speak, "speaks", lambda text, voice: True)
    monkeypatch.setattr(speak, "speak", lambda text, *_: np.full(len(text) * 1600, 0.5, np.float32))


@pytest.mark.usefixtures("toneless")
def test_building_again_replaces_the_pool_and_says_that_it_is_synthetic(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    (tmp_path / "gle").mkdir()
    (tmp_path / "gle" / "embeddings.npy").touch()
    build_all(tmp_path, ["gle", "kir"], lambda done, total: told.append((done, total)))
    assert told == [(n, 18) for n in range(1, 19)]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["LICENSE.unicode", "README.md", "gle", "kir"]
    assert not (tmp_path / "gle" / "embeddings.npy").exists()
    pool = open_pool(tmp_path / "gle")
    assert (len(pool), len(pool.queries)) == (6, 3)
    assert pool.header.synthetic
    assert pool.header.encoder is None
    assert all(build.SECONDS[0] <= u.seconds <= build.SECONDS[1] for u in pool.utterances + pool.queries)
    assert "| kir | Kyrgyz | Cyrillic | 6 |" in (tmp_path / "README.md").read_text(encoding="utf-8")


@pytest.mark.usefixtures("toneless")
def test_a_pool_that_fails_half_way_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_all(tmp_path, ["gle"])
    before = (tmp_path / "gle" / "clips.csv").read_text(encoding="utf-8")

    def fail(*_: object) -> None:
        raise SmileError("no voice")

    monkeypatch.setattr(speak, "speak", fail)
    with pytest.raises(SmileError, match="no voice"):
        build_all(tmp_path, ["gle"])
    assert (tmp_path / "gle" / "clips.csv").read_text(encoding="utf-8") == before


@each_language
def test_whisper_was_not_trained_on_it(language: DemoLanguage) -> None:
    known = languages()
    assert language.locale not in {other.whisper for other in known.values()}
    assert not known[language.code].whisper


@each_language
def test_shipped_pool_is_marked_and_large_enough(language: DemoLanguage, pools: dict[str, Pool]) -> None:
    pool = pools[language.code]
    assert pool.header.synthetic
    assert pool.header.source.startswith("Spoken by eSpeak NG")
    assert "Unicode-3.0" in pool.header.licence
    assert len(pool) >= 80
    assert len(pool.queries) >= 10
    assert {u.speaker for u in pool.utterances} == {u.speaker for u in pool.queries} == set(VARIANTS)


@each_language
def test_shipped_texts_are_those_of_the_generator(language: DemoLanguage, pools: dict[str, Pool]) -> None:
    pool = pools[language.code]
    texts = [u.text for u in pool.utterances + pool.queries]
    assert len(set(texts)) == len(texts)
    made = iter(first(language, 1000))
    assert all(text in made for text in texts)  # a subsequence: some are passed over


@each_language
def test_names_of_shipped_queries_occur_in_the_examples(
    language: DemoLanguage, pools: dict[str, Pool]
) -> None:
    pool = pools[language.code]
    examples = set().union(*(names(u.text, language) for u in pool.utterances))
    wanted = [name for u in pool.queries for name in names(u.text, language)]
    assert np.mean([name in examples for name in wanted]) > 0.8


@each_language
def test_shipped_audio_is_as_listed(language: DemoLanguage, pools: dict[str, Pool]) -> None:
    pool = pools[language.code]
    for u in (*pool.utterances[::15], *pool.queries[::6]):
        samples = audio.read_audio(u.audio)
        assert len(samples) / audio.SAMPLE_RATE == pytest.approx(u.seconds, abs=0.03)
        assert 0.3 < np.abs(samples).max() < 0.95
        assert 1.5 < u.seconds < 7.0


def test_shipped_pools_are_small_and_described(pools: dict[str, Pool]) -> None:
    card = (POOLS / "README.md").read_text(encoding="utf-8")
    assert len(pools) >= 8
    assert sum(file.stat().st_size for file in POOLS.rglob("*") if file.is_file()) <= 15e6
    assert sorted(p.name for p in POOLS.iterdir() if p.is_dir()) == sorted(pools)
    assert "synthetic" in card
    assert "UNICODE LICENSE V3" in (POOLS / "LICENSE.unicode").read_text(encoding="utf-8")
    for code, pool in pools.items():
        assert f"| {code} | {pool.language.name} |" in card
