r"""Values that somebody meant to be filled in: `$NAME`, `${NAME}`, `$(command)`, `` `command` ``.

Nothing fills them in here: the text would be sent, or accepted as a secret, as it stands. What
cannot be a reference is an ordinary character: `pa$$word`, `$1`, a `$` at the end, `\$`.
"""

import re

_BACKTICKS = r"`[^`]+`"
# As a shell goes through a word: what is passed over comes first.
_SHELL = rf"\\.|\$[$0-9!?#@*-]|(\$[A-Za-z_{{(]|^\s*\$['\"]|{_BACKTICKS})"
# In single quotes a shell expands nothing either, so there only what can hardly be anything else:
# ${NAME} and $(command) in full, a $NAME in capitals that stands alone or between the parts of an
# address, and a value that is one command in backticks.
_PLAIN = (
    r"\$\{[#!]?\w[^{}]*\}"
    r"|\$\(.+\)"
    r"|(?<![^/:@,=>\s])\$[A-Z_][A-Z0-9_]+(?![^/:@,?&\s])"
    rf"|^{_BACKTICKS}$"
)


def expands(raw: str) -> bool:
    """Whether a shell would put something else in the place of a part of it."""
    if "$" not in raw and "`" not in raw:
        return False
    return any(found[1] for found in re.finditer(_SHELL, raw, re.DOTALL))


def is_meant(value: str, *, strictly: bool) -> bool:
    """Whether a value that a shell would take literally was still meant to be filled in.

    `strictly`: anything that looks like it counts, because no such value holds a `$`.
    """
    if "$" not in value and "`" not in value:
        return False
    return (strictly and expands(value)) or re.search(_PLAIN, value, re.DOTALL) is not None
