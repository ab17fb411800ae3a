import os

NAME = "kick_request"
TAKEN = "kick_taken"


def taken_beside(path: str) -> str:
    """Where requests lie from the moment they are taken until all are answered for."""
    return f"{os.path.dirname(path)}/{TAKEN}"
