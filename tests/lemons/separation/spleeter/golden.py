"""What Spleeter itself makes of tiny models, and the names of their stems."""

from pathlib import Path

GOLDEN = Path(__file__).parents[3] / "golden" / "spleeter"  # made with spleeter 2.4.2; its README tells how
STEMS = {
    2: ("vocals", "accompaniment"),
    4: ("vocals", "drums", "bass", "other"),
    5: ("vocals", "piano", "drums", "bass", "other"),
}
