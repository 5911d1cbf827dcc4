"""The commands of `wiredesk`, one file a topic. `services/cli.py` puts them together."""
