"""The demo plant: a furniture workshop of our invention and two weeks of its facts, loaded through the real intake."""

from server.demo.loading import DemoAccess, DemoRefused, load

__all__ = ["DemoAccess", "DemoRefused", "load"]
