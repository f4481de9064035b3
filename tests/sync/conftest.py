"""Properties of the engine are about results, not about how busy the machine is."""

from hypothesis import settings

settings.register_profile("engine", deadline=None)
settings.load_profile("engine")
