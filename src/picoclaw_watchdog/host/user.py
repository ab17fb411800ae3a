"""Who runs this process."""

import os


def user_name() -> str:
    """The user's name, as Unix knows it; the number where there is none."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return os.environ.get("USER") or str(os.getuid())
