"""What a social post says, and how long it may be: rules without any platform's calls."""
