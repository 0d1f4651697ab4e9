"""What holds for all tests: nothing in them depends on time, so hypothesis sets no deadline."""

from hypothesis import HealthCheck, settings

settings.register_profile("refrain", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("refrain")
