"""The stem player: draws an explanation and plays it, in the page and in a report.

Plain JavaScript in files of one noun each, joined here into one module, without packages and without a build step. It
may be mounted by `st.components.v2.component` or by a script of a report; `data.player_data` describes its input.
"""

from lemons.render.player.assets import player_css, player_js
from lemons.render.player.data import player_data, player_sounds, player_stand_ins

__all__ = ["player_css", "player_data", "player_js", "player_sounds", "player_stand_ins"]
