"""The result of a check, in a sentence and a table: do examples help, and which setting is best?"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from smile.own.check import VANILLA
from smile.own.checked import Line, Table
from smile.pools.copies import said_of_check
from smile.pools.pool import Pool
from smile.pools.setting import PoolSetting

TABLE = Markup(
    '<div class="scroll own-list" tabindex="0" role="region" aria-label="Settings that were tried"><table>'
    '<thead><tr><th scope="col">Setting</th><th scope="col">CER</th><th scope="col">95 % interval</th>'
    '<th scope="col">Against Whisper alone</th></tr></thead>'
    "<tbody>{}</tbody></table></div>"
)
ROW = Markup('<tr><th scope="row">{}</th><td>{:.1f} %</td><td>{}</td><td>{}</td></tr>')
OLDER = Markup('<p class="note">From an earlier check, {}:</p>')
OTHERS, OLDER_SMILE = "of other examples than there are now", "by an older SMILE"
CHANGED = " The examples have changed since; check again when you like."
BY_OLDER = (
    " This check was made by an older SMILE and may come out differently today; check again when you like."
)
UNDER_WAY = Markup(
    '<p class="note">A check is under way: up to 20 examples are transcribed as if they were new, under a '
    "few settings.</p>"
)
VERDICTS = {
    True: "{0} your language: {cer}, {vanilla:.1f} % by Whisper alone.",
    False: "{1} here: {cer}, {vanilla:.1f} % by Whisper alone. Check the texts, or add more examples.",
    None: "{2} is not clear yet: {cer}, {vanilla:.1f} % by Whisper alone. More examples will tell.",
}
SUBJECTS = {
    "context": ("Examples help", "Examples do harm", "Whether examples help"),
    "acoustic": (
        "An acoustic model of your own examples helps",
        "An acoustic model of your own examples does harm",
        "Whether an acoustic model of your own examples helps",
    ),
    "combined": (
        "Examples and an acoustic model of them, combined, help",
        "Examples and an acoustic model of them, combined, do harm",
        "Whether examples and an acoustic model of them, combined, help",
    ),
}
NOTE = Markup('<p class="note">{}</p>')
UNCHECKED = "Not checked yet with these examples: a check transcribes each of them as if it were new."
WRONG = "{:.1f} % of the characters are wrong with {}{}"
INTERVAL = " (between {:.1f} and {:.1f} % with 95 % certainty)"
WHY = " Of all settings tried it was the best, so your recordings are now transcribed so."
BY_CHANCE = (
    " Another setting had {:.1f} % on these clips, which may be chance; both combined do better in most "
    "languages, so your recordings are now transcribed so."
)


def sentence(setting: PoolSetting, pool: Pool | None) -> str:
    """Return what the last check of a pool said, as HTML."""
    if pool is None:
        return ""
    if not setting.clips or setting.cer is None or setting.vanilla is None:
        return NOTE.format(UNCHECKED)
    said = VERDICTS[setting.helps].format(
        *SUBJECTS[setting.level], cer=_wrong(setting, setting.cer), vanilla=setting.vanilla
    )
    if setting.lowest is not None:
        said += BY_CHANCE.format(setting.lowest)
    elif setting.level != "context":
        said += WHY
    left_out = f"Measured on {setting.clips} of your clips, each left out of the examples in its turn."
    left_out = " ".join(filter(None, (left_out, said_of_check(setting.same_text))))
    older = "" if setting.current(pool) else BY_OLDER if setting.measured_on(pool) else CHANGED
    return Markup('<p class="own-verdict">{}</p><p class="note">{}{}</p>').format(said, left_out, older)


def _wrong(setting: PoolSetting, cer: float) -> str:
    """Return how many characters were wrong, and between which bounds that lies."""
    known = setting.low is not None and setting.high is not None
    bounds = INTERVAL.format(setting.low, setting.high) if known else ""
    return WRONG.format(cer, "it" if setting.level == "acoustic" else "them", bounds)


def table_html(lines: Sequence[Line]) -> str:
    """Return settings with their error rates as HTML, in their order."""
    alone = next((line.rate for line in lines if line.name == VANILLA), None)
    return TABLE.format(Markup().join(_row(line, alone) for line in lines))


def under_way(lines: Sequence[Line]) -> str:
    """Return that a check is at work, and what it has come to so far, as HTML."""
    return UNDER_WAY + (table_html(lines) if lines else "")


def kept_html(table: Table | None, pool: Pool | None) -> str:
    """Return the table of the last check as HTML; one of other examples or by an older SMILE says so."""
    if table is None or pool is None:
        return Markup()
    lines = table_html(table.lines)
    if table.current(pool):
        return lines
    return OLDER.format(OLDER_SMILE if table.made_of(pool) else OTHERS) + lines


def _row(line: Line, alone: float | None) -> Markup:
    name = "Whisper alone" if line.name == VANILLA else line.name
    known = line.low is not None and line.high is not None
    bounds = f"{line.low:.1f}–{line.high:.1f}" if known else ""
    return ROW.format(name, line.rate, bounds, _change(line, alone))


def _change(line: Line, alone: float | None) -> str:
    """Return by how many percentage points a rate differs from Whisper's alone, where that can be said."""
    if line.name == VANILLA or line.change is None or alone is None:
        return ""
    points = round(line.rate, 1) - round(alone, 1)
    return f"{points:+.1f} points".replace("-", "\u2212")
