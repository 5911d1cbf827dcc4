"""Make `fold.txt` from OpenCC's tables (https://github.com/BYVoid/OpenCC, Apache-2.0).

Not needed to run wiredesk. To make the file anew, in an environment of its own:
`pip install opencc==1.4.2 && python make_fold.py`.
"""

from importlib import import_module
from pathlib import Path

HAN = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00), (0x20000, 0x2A6E0))
PAIRS_A_LINE = 24
HEAD = """\
# Traditional to Simplified, one character to one character: pairs, the Traditional one first.
# Source: the t2s conversion of OpenCC 1.4.2, https://github.com/BYVoid/OpenCC, asked character by
# character by make_fold.py; conversions that change the length are left out.
# Licence: Apache-2.0, Copyright Carbo Kuo and the OpenCC contributors.
"""


def main() -> None:
    """Ask OpenCC about every Han character and write the pairs that differ."""
    convert = import_module("opencc").OpenCC("t2s").convert
    every = (chr(point) for first, end in HAN for point in range(first, end))
    pairs = [old + new for old in every if (new := convert(old)) != old and len(new) == 1]
    rows = (pairs[at : at + PAIRS_A_LINE] for at in range(0, len(pairs), PAIRS_A_LINE))
    text = HEAD + "".join(" ".join(row) + "\n" for row in rows)
    Path(__file__).with_name("fold.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
