"""What the page shows: three pages. `explanations/lemons.py` serves them."""

import streamlit as st

from explanations.page import address
from explanations.page.experiments_page import draw_experiments
from explanations.page.head import draw_head
from explanations.page.listen_page import draw_listen
from explanations.page.method_page import draw_method
from lemons.config import read_config
from lemons.errors import LemonsError
from lemons.render.words import sentence


def main() -> None:
    """Draw the chosen page."""
    draw_head()
    pages = [
        st.Page(draw_listen, title="Listen", icon=":material/headphones:", default=True),
        st.Page(draw_method, title="Method", icon=":material/lightbulb:", url_path="method"),
        st.Page(_draw_experiments, title="Experiments", icon=":material/monitoring:", url_path="experiments"),
    ]
    try:
        page = st.navigation(pages, position="top")
        if page is not pages[0]:
            address.leave()
        page.run()
    except LemonsError as error:  # what a visitor can mend; anything else crashes visibly
        st.error(sentence(str(error)), icon=":material/error:")


def _draw_experiments() -> None:
    draw_experiments(read_config())


if __name__ == "__main__":
    main()
