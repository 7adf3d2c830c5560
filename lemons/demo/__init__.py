"""The demo music library: composed, played and mixed here, with true stems and seven listeners' tastes.

The instruments are those of the General-MIDI soundfont ``TimGM6mb.sf2`` in the wheel of pretty_midi, which is read
where it is installed. That font is under the GPL-2: never commit it, nor any audio rendered from it.

    genres                  what a genre chooses from, as data
    composing               from choices to notes
    rendering               from notes to stems whose sum is the mix
    titles, tastes, make    names, listeners, files
"""

from lemons.demo.make import make_demo_library

__all__ = ["make_demo_library"]
