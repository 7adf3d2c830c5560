"""The page: `streamlit run explanations/lemons.py`."""

import sys
from pathlib import Path

# Streamlit puts this script's folder first on sys.path, at every rerun, where `import lemons` would find this very
# script. Filter, don't pop: there may be several such entries, or none. The repository's root must be there instead.
HERE = Path(__file__).resolve().parent
sys.path[:] = [str(HERE.parent), *(p for p in sys.path if Path(p).resolve() not in (HERE, HERE.parent))]

import os  # noqa: E402

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch comes: spinning threads slow each other down

import streamlit as st  # noqa: E402

from explanations.page import data, head, listeners, own, profile, question, recommendations, result, words  # noqa: E402
from lemons.config import read_config  # noqa: E402
from lemons.errors import LemonsError  # noqa: E402


def main() -> None:
    """The page's table of contents."""
    head.draw_head()
    config = read_config()
    library = data.get_library(config)
    listener = listeners.choose_listener(library.users)
    profile.draw_profile(library, listener)
    ranking = data.get_recommendations(config, library, listener)
    library_tab, own_tab = recommendations.choose_source()
    with library_tab:
        row = recommendations.choose_track(ranking, listener)
    with own_tab:
        case = own.choose_own(config, library, listener, is_open=own_tab.open)
    if not own_tab.open:
        case = data.get_case(config, library, listener, row)
    if case is None:
        question.forget_job()
    else:
        recommendations.draw_track(case)
        options = question.choose_question(case)
        explanation = question.answer_question(case, options)
        if explanation is not None:
            result.draw_result(case, explanation)
    head.draw_foot(library)


if __name__ == "__main__":
    try:
        main()
    except LemonsError as error:  # what a visitor can mend; anything else crashes visibly
        st.error(words.sentence(str(error)), icon=":material/error:")
