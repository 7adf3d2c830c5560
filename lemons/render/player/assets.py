"""The player's script and style, as text to be put into a page."""

from functools import cache
from pathlib import Path

__all__ = ["HERE", "SCRIPTS", "player_css", "player_js"]

HERE = Path(__file__).parent
SCRIPTS = (  # in this order: what runs while the script is read comes after what it needs
    "dom",
    "what_if",
    "choice",
    "envelope",
    "loading",
    "loudness",
    "sound",
    "waveform",
    "grid",
    "controls",
    "keys",
    "player",
    "mount",
)


@cache
def player_js() -> str:
    """All scripts as one ES module.

    Its default export, ``mount({data, parentElement, setTriggerValue})``, shows `player_data` in an element, again and
    again if need be, and returns a function that ends it. Inside the module it is known as ``mount``.
    """
    return "\n".join((HERE / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)


@cache
def player_css() -> str:
    """The style; colours and fonts are those of Streamlit's theme, ``--st-text-color`` and so on."""
    return (HERE / "player.css").read_text(encoding="utf-8")
