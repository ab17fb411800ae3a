"""Watches a PicoClaw host, mends it, proves it mended, and tells its owner."""

__version__ = "0.1.0"
