"""What the page shows: three pages. `explanations/lemons.py` serves them."""

import sys
from pathlib import Path

# Streamlit puts this script's folder first on sys.path, at every rerun, where `import lemons` finds lemons.py. Filter,
# don't pop: there may be several such entries, or none. The repository's root must be there instead.
HERE = Path(__file__).resolve().parent
sys.path[:] = [str(HERE.parent), *(p for p in sys.path if Path(p).resolve() not in (HERE, HERE.parent))]

import streamlit as st  # noqa: E402

from explanations.page.experiments import draw_experiments  # noqa: E402
from explanations.page.head import draw_head  # noqa: E402
from explanations.page.listen import draw_listen  # noqa: E402
from explanations.page.method import draw_method  # noqa: E402
from explanations.page.words import sentence  # noqa: E402
from lemons.config import read_config  # noqa: E402
from lemons.errors import LemonsError  # noqa: E402


def main() -> None:
    """Draw the chosen page."""
    draw_head()
    pages = [
        st.Page(draw_listen, title="Listen", icon=":material/headphones:", default=True),
        st.Page(draw_method, title="Method", icon=":material/lightbulb:", url_path="method"),
        st.Page(_draw_experiments, title="Experiments", icon=":material/monitoring:", url_path="experiments"),
    ]
    try:
        st.navigation(pages, position="top").run()
    except LemonsError as error:  # what a visitor can mend; anything else crashes visibly
        st.error(sentence(str(error)), icon=":material/error:")


def _draw_experiments() -> None:
    draw_experiments(read_config())


if __name__ == "__main__":
    main()
