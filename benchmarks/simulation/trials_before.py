"""What the judge of trials before the present one did in the same situations, in 100 trials of each.

By situation: the shares of trials that ended with a promotion and with a dismissal for harm, and the mean number of
rows until then. For every metric of probabilities it compared squared errors.
"""

from __future__ import annotations

type Before = tuple[float, float, int]

BEFORE: dict[str, Before] = {
    "log loss, events 1.3 %, equal": (1, 0, 500),
    "log loss, events 1.3 %, constant": (1, 0, 508),
    "log loss, events 1.3 %, zero": (1, 0, 512),
    "log loss, events 1.3 %, wrong rows": (1, 0, 536),
    "log loss, events 1.3 %, noisy": (1, 0, 574),
    "log loss, events 1.3 %, biased": (1, 0, 500),
    "log loss, events 5.2 %, equal": (1, 0, 500),
    "log loss, events 5.2 %, constant": (0.88, 0.12, 1407),
    "log loss, events 5.2 %, zero": (0.52, 0.48, 1817),
    "log loss, events 5.2 %, wrong rows": (0.02, 0.98, 862),
    "log loss, events 5.2 %, noisy": (0.34, 0.66, 1438),
    "log loss, events 5.2 %, biased": (1, 0, 746),
    "log loss, events 20.5 %, equal": (1, 0, 494),
    "log loss, events 20.5 %, constant": (0, 1, 120),
    "log loss, events 20.5 %, zero": (0, 1, 130),
    "log loss, events 20.5 %, wrong rows": (0, 1, 100),
    "log loss, events 20.5 %, noisy": (0, 1, 494),
    "log loss, events 20.5 %, biased": (0, 1, 1023),
    "accuracy, events 20.5 %, equal": (1, 0, 1790),
    "accuracy, events 20.5 %, constant": (0, 1, 124),
    "accuracy, events 20.5 %, zero": (0, 1, 138),
    "accuracy, events 20.5 %, wrong rows": (0, 1, 100),
    "accuracy, events 20.5 %, noisy": (0, 1, 876),
    "accuracy, events 20.5 %, biased": (0, 1, 2483),
    "MAE, champion errs by 0.005, equal": (1, 0, 500),
    "MAE, champion errs by 0.005, twice the error": (1, 0, 500),
    "MAE, champion errs by 0.005, three times the error": (1, 0, 700),
    "MAE, champion errs by 0.02, equal": (1, 0, 500),
    "MAE, champion errs by 0.02, twice the error": (0, 1, 726),
    "MAE, champion errs by 0.02, three times the error": (0, 1, 314),
    "MAE, champion errs by 0.1, equal": (1, 0, 526),
    "MAE, champion errs by 0.1, twice the error": (0, 1, 274),
    "MAE, champion errs by 0.1, three times the error": (0, 1, 102),
    "half the labels come, 1,000 rows late, equal": (1, 0, 300),
    "half the labels come, 1,000 rows late, noisy": (0.98, 0.02, 298),
    "half the labels come, 1,000 rows late, biased": (0.99, 0.01, 300),
    "no label comes, equal": (1, 0, 300),
    "no label comes, constant": (0, 1, 126),
    "no label comes, zero": (0, 1, 128),
    "no label comes, wrong rows": (0, 1, 100),
    "no label comes, noisy": (1, 0, 300),
    "no label comes, biased": (0.98, 0.02, 298),
    "MAE, equal in turns of 50 rows": (0.73, 0.27, 370),
}
