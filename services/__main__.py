"""`python -m services` is `wiredesk`."""

from services.cli import main

main()
