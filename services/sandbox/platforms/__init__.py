"""One platform each, found by folder; `services/sandbox/platform.py` says what a file has."""
