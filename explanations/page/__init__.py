"""The sections of the page: each takes data, draws, and returns what was chosen.

All text from a music library is untrusted: it goes to the page through `lemons.render.words.plain`, or
through `html.escape` into `st.html`.
"""

from lemons.extras import require

require("the page", "streamlit", extra="page")
