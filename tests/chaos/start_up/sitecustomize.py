"""Python imports this by itself when its folder is on PYTHONPATH: it gives services crash points.

https://docs.python.org/3/library/site.html#module-sitecustomize
"""

from tests.chaos.crash_points import install_here

install_here()
