"""How well a model of classes tells them, and shows them."""

from __future__ import annotations

from collections.abc import Iterator

from saddlepoint.claims.claim import Trained
from saddlepoint.claims.labels import measure as agreement
from saddlepoint.metrics.accuracy import correct
from saddlepoint.metrics.likelihood import mean_and_error
from saddlepoint.metrics.measurement import Measurement


def measure(trained: Trained) -> Iterator[Measurement]:
    """The share of test images put into their class; and of samples that show the class they were asked for."""
    test, labels = trained.data.test, trained.data.options.labels
    value, error = mean_and_error(correct(trained.model, trained.data, test))
    about = {"n": len(test), "reference": "test", "weights": "average"}
    yield Measurement(metric=f"accuracy with {labels} labels", value=value, error=error, protocol=about)
    yield from agreement(trained)
