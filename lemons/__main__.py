"""``python -m lemons`` is the command `lemons`."""

from explanations.cli import main

if __name__ == "__main__":
    main()
