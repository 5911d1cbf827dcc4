"""The demonstration: a sample newsroom that sends, and what shows it."""
