"""Counts and times of the service for Prometheus."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60)


class Metrics:
    """Requests by route, method and status with their seconds, and how much waits, runs and is open."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        names = ("route", "method", "status")
        self._requests = Counter(
            "safelight_requests_total", "Requests answered.", names, registry=self._registry
        )
        self._seconds = Histogram(
            "safelight_request_seconds",
            "Seconds to the start of an answer.",
            ("route",),
            buckets=SECONDS,
            registry=self._registry,
        )

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request. route: as it is written in the OpenAPI document, or "other"."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def gauge(self, name: str, what: str, value: Callable[[], float]) -> None:
        """A number that is asked for when the metrics are read."""
        Gauge(f"safelight_{name}", what, registry=self._registry).set_function(value)

    def page(self) -> tuple[bytes, str]:
        """The text of the metrics, and its media type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST
