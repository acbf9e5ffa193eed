"""How much chance a whole run of the tests takes: enough to find what is wrong, in minutes."""

from hypothesis import settings

settings.register_profile("whole-run", max_examples=40, deadline=None)
settings.load_profile("whole-run")
