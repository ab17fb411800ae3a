"""What people see: text that fits a terminal of any width, in any language, with or without colour.

Nothing here knows what it shows. Decision 0012 says why it is our own and not a library's.
"""
