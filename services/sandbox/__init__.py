"""A sandbox of social platforms: their documented APIs, limits and errors, on this machine.

It is the demonstration's social world and the tests' receiver. What it judges, it counts by itself.
"""
