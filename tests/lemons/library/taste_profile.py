"""A few lines of the Taste Profile."""

import gzip
import zipfile

MARKO, PAIGE = "d7d2d888ae04d16e994d6964214a1de81392ee04", "0c2932cb475b83b61039bdfbb72c14580b8fad2b"


STRANGER = "b80344d063b5ccb3212f76538f3d9e43d87dca9e"


SONG, OTHER = "SOAKIMP12A8C130995", "SOAPDEY12A81C210A9"


LINES = f"{MARKO}\t{SONG}\t3\n{STRANGER}\t{OTHER}\t1\n{MARKO}\t{OTHER}\t1\n{PAIGE}\t{SONG}\t2\n{MARKO}\t{SONG}\t4\n"


def write(path, text=LINES):
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("about.txt", "who knows")
            archive.writestr("data/train_triplets.txt", text)
    else:
        path.write_bytes(text.encode())
    return path
