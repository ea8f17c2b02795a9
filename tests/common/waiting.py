"""Waiting for what comes about, for as long as a busy machine may take."""

import time

SECONDS_MAX = 60


def wait_for(condition, what, seconds=SECONDS_MAX):
    """Until `condition()` gives something true, which it returns."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"it did not come about in {seconds} s: {what}")
