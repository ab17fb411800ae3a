"""Setting up a host: find out, ask what is left, write `.env`, install, enable, prove it."""
