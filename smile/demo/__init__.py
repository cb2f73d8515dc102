"""Makes the demo pools: texts composed from the names in CLDR, spoken by eSpeak NG.

Only needed to remake `assets/pools` and the other names of languages; Babel and eSpeak NG are not needed to
use them.
"""

from smile.demo.build import build_all
from smile.demo.voices import LANGUAGES

__all__ = ["LANGUAGES", "build_all"]
