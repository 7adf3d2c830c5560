"""Downloads: the explanation as sound, report, numbers and citation. Each file is made when it is asked for."""

import io
import zipfile
from collections.abc import Callable
from functools import partial

import numpy as np
import streamlit as st

from explanations.page.address import get_link
from explanations.page.cached import Case
from explanations.page.keys import key_of
from lemons.audio import common_gain, flac_bytes
from lemons.explaining.clips import clips
from lemons.explaining.explanation import Explanation
from lemons.files import safe_name
from lemons.render.report import report_html

__all__ = ["draw_downloads"]

CITATION = """@inproceedings{melchiorre2021lemons,
  title     = {{LEMONS}: Listenable Explanations for Music recOmmeNder Systems},
  author    = {Melchiorre, Alessandro B. and Haunschmid, Verena and Schedl, Markus and Widmer, Gerhard},
  booktitle = {Advances in Information Retrieval ({ECIR})},
  year      = {2021}
}

@article{haunschmid2020audiolime,
  title   = {{audioLIME}: Listenable Explanations Using Source Separation},
  author  = {Haunschmid, Verena and Manilow, Ethan and Widmer, Gerhard},
  journal = {arXiv preprint arXiv:2008.00582},
  year    = {2020}
}
"""


def draw_downloads(case: Case, explanation: Explanation, *, k: int) -> None:
    """Draw the buttons for an explanation of ``k`` components."""
    name = f"{safe_name(case.track.track_id)}-{safe_name(case.listener.name)}"
    files: dict[str, tuple[str, Callable[[], str | bytes]]] = {
        "The explanation (FLAC)": (f"{name}-top{k}.flac", partial(_sound, case, explanation, k)),
        "All stems (ZIP)": (f"{safe_name(case.track.track_id)}-stems.zip", partial(_stems, case)),
        "Report with player (HTML)": (f"{name}.html", partial(report_html, explanation, case.track, k=k)),
        "All numbers (JSON)": (f"{name}.json", explanation.to_json),
        "Citation (BibTeX)": ("lemons.bib", lambda: CITATION),
    }
    with st.popover("Share and download", icon=":material/share:"):
        if case.shareable:
            st.markdown("**A link to this view**, for everyone who can reach this page")
            st.code(get_link(), language=None, wrap_lines=True)
        for label, (file, make) in files.items():
            st.download_button(
                label,
                make,
                file_name=file,
                key=key_of("download", case.listener.name, file),
                on_click="ignore",
                type="tertiary",
                icon=":material/download:",
            )


def _sound(case: Case, explanation: Explanation, k: int) -> bytes:
    sounds, gain = clips(explanation, case.track.stems, k=k)
    return flac_bytes(sounds[f"top{k}"], gain=gain)


def _stems(case: Case) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:  # FLAC is compressed as it is
        gain = common_gain(case.track.stems.values())
        for stem, y in case.track.stems.items():
            archive.writestr(f"{safe_name(stem)}.flac", flac_bytes(y * np.float32(gain), gain=gain))
    return file.getvalue()
