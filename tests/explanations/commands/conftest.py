import sys

import pytest

from explanations.cli import main


@pytest.fixture
def lemons(tmp_path, short_library, model_paths, monkeypatch, capsys):
    """Call the command with the short library and fresh models of marko and nina; its exit code, output and errors."""
    paths = {"library_path": short_library.path} | model_paths
    (tmp_path / "config.py").write_text("".join(f"{name} = {str(path)!r}\n" for name, path in paths.items()))
    monkeypatch.setenv("LEMONS_CONFIG", str(tmp_path / "config.py"))

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["lemons", *map(str, arguments)])
        with pytest.raises(SystemExit) as exit_:
            main()
            sys.exit(0)
        output = capsys.readouterr()
        return exit_.value.code or 0, output.out, output.err

    return call
