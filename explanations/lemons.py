"""The page: `streamlit run explanations/lemons.py`.

This file makes the server: Streamlit's, with a check of each request before it and a route for sounds beside it. The
page's content is `explanations/app.py`.
"""

import gc
import sys
from pathlib import Path

# Streamlit puts this script's folder first on sys.path, where `import lemons` would find this very script, and has it
# imported as `lemons`. The repository's root must be there instead, and that name must be free for the package. The
# folder is moved to the end, not removed: at each rerun Streamlit puts it first unless it is on the path already. All
# visitors' runs share the path at the same time, so it must not change after this.
HERE = Path(__file__).resolve().parent
elsewhere = [entry for entry in sys.path if Path(entry).resolve() not in (HERE, HERE.parent)]
sys.path[:] = [str(HERE.parent), *elsewhere, str(HERE)]
if __name__ == "lemons":
    del sys.modules["lemons"]
from lemons.startup import make_threads_sleep  # noqa: E402

make_threads_sleep()  # before torch is imported

import streamlit as st  # noqa: E402

import explanations.core.explain_track  # noqa: E402, F401  # so that the first visitor does not wait for torch
import lemons  # noqa: E402
from explanations.page.door import make_door  # noqa: E402
from explanations.page.file_server import ROUTES  # noqa: E402
from lemons.errors import ConfigError  # noqa: E402

try:
    door = make_door()
except ConfigError as error:
    sys.exit(f"lemons: {error}")
app = st.App(HERE / "app.py", routes=ROUTES, middleware=[door])
# Streamlit collects garbage after each run of a script, and runs one twice a second while it shows how far a job is:
# going through all that was imported, a quarter of a second each time, the job stood still. Its objects stay anyway.
gc.freeze()
vars(lemons)["app"] = app  # the server loads the page from the module of this name, which is the package now
