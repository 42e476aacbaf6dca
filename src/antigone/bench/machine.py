"""The machine and its state, as it stands beside every figure; and how time is taken."""

import os
import platform
import re
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of one core (thread time) and of the clock, the median of several runs, and the load at the time."""

    core_seconds: float
    clock_seconds: float
    load: float


def measure(work: Callable[[], object], *, runs: int = 7, at_least: float = 0.05) -> Timing:
    """Run a piece of work several times after one warm-up; short work is repeated until it takes `at_least` seconds."""
    work()
    started = time.perf_counter()
    work()
    once = max(time.perf_counter() - started, 1e-9)
    repeats = max(1, int(at_least / once))
    cores, clocks = [], []
    for _ in range(runs):
        core, clock = time.thread_time(), time.perf_counter()
        for _ in range(repeats):
            work()
        cores.append((time.thread_time() - core) / repeats)
        clocks.append((time.perf_counter() - clock) / repeats)
    return Timing(median(cores), median(clocks), os.getloadavg()[0])


def peak_bytes() -> int:
    """The most memory that this process has held at once.

    The kernel's own mark where it is told: `ru_maxrss` survives exec, so that a child shows its parent's peak.
    """
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        status = ""
    most = re.search(r"^VmHWM:\s*(\d+) kB$", status, re.MULTILINE)
    return 1024 * (int(most[1]) if most else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def describe() -> dict[str, object]:
    """Processor, cores, memory and load."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        "system": platform.system(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
