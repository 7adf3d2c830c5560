"""``python -m lemons`` is the command `lemons`."""

from lemons.cli import main

if __name__ == "__main__":
    main()
