"""Pages that the documentation site has beside docs/: README and other texts, the notebooks, and every module's."""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from nbconvert import MarkdownExporter

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("lemons", "recsys", "explanations")
NOT_MODULES = {"explanations/lemons.py", "lemons/__main__.py"}  # scripts
TEXTS = {
    "README.md": "index.md",
    "bench/results.md": "bench/results.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "CITATION.cff": "CITATION.cff",
}


def modules() -> dict[str, list[str]]:
    """Modules by the package that they are in, such as ``{"lemons.exact": ["lemons.exact", "lemons.exact.lime"]}``."""
    found: dict[str, list[str]] = {}
    for file in sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py")):
        path = file.relative_to(ROOT)
        if path.as_posix() not in NOT_MODULES:
            package = ".".join(path.parts[:-1])
            found.setdefault(package, []).append(package if path.stem == "__init__" else f"{package}.{path.stem}")
    return found


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the reference behind the guides."""
    config.nav = [*config.nav, {"Reference": [{package: f"reference/{package}.md"} for package in modules()]}]
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the texts, their pictures, and one page of reference a package."""
    for source, page in TEXTS.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    for picture in [*(ROOT / "imgs").glob("*.png"), *(ROOT / "bench").glob("*.png")]:
        name = picture.relative_to(ROOT).as_posix()
        files.append(File.generated(config, name, abs_src_path=str(picture)))
    for notebook in sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")):
        text, found = MarkdownExporter().from_filename(str(notebook))
        files.append(File.generated(config, f"notebooks/{notebook.stem}.md", content=text))
        for name, picture in found["outputs"].items():
            files.append(File.generated(config, f"notebooks/{name}", content=picture))
    lemon = ROOT / "lemons" / "render" / "lemon.svg"
    files.append(File.generated(config, lemon.name, abs_src_path=str(lemon)))
    for package, names in modules().items():
        text = "\n\n".join([f"# {package}", *(f"::: {name}" for name in sorted(names))])
        files.append(File.generated(config, f"reference/{package}.md", content=text))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Make links between files of the repository links between pages: docs/ is the root of the site."""
    del config, files
    home = page.file.src_uri == "index.md"
    markdown = markdown.replace(".ipynb)", ".md)")
    return markdown.replace("](docs/", "](") if home else markdown.replace("](../", "](")
