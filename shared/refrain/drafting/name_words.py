"""The words in the name of a column, and what they say about its values."""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ROW_NAMES = frozenset(
    {"", "index", "unnamed: 0", "row", "rownames", "rowname", "row_number", "instant", "x", "x1", "nr"}
)
"""Names that programs give to the number of a row."""

KEYS = _words("id ids uid uuid guid key identifier")
CODES = KEYS | _words(
    "zip zipcode postal postcode plz fips code phone telephone fax isbn sku ssn iban ean upc vin barcode npi icd naics "
    "cik asin serial"
)
"""Words for whole numbers that are names: nobody adds them up."""

KINDS = _words("class type category kind group cluster segment species label gender sex")
"""Words for whole numbers that stand for a few kinds of things."""

DATES = _words("date day dt time timestamp ts datetime epoch created updated at when on")
YEARS = _words("year years yr")
BIRTHS = _words("birth birthday birthdate dob born expiry expires expiration due end until deadline")
"""Words for times that are not when the row happened."""

USERS = _words("user users userid member visitor listener customer customerid client reader person player")
ITEMS = _words(
    "item items itemid product productid movie movieid film song songid artist artistid track book bookid isbn article "
    "sku show game video"
)
WEIGHTS = _words("rating ratings score weight count plays quantity qty listens seconds stars")

TARGETS = ("target", "label", "labels", "y", "outcome", "response")
LIKELY_TARGETS = _words(
    "target label outcome response churn churned exited attrition survived survival income salary diagnosis "
    "species default fraud price quality approved cancelled canceled converted conversion subscribed purchased bought "
    "result status died death deceased spam malignant"
)
"""Words for what people predict, wherever the column stands."""

UNLIKELY_TARGETS = (
    KEYS
    | YEARS
    | _words(
        "date day month mnth week weekday hour hr minute quarter season time lat lon lng latitude longitude index row"
    )
)
"""Words for what is known beforehand: when and where it was, and its name."""

AMOUNTS = _words("count number num quantity total sum amount price cost score rating quality rings age size n")
"""Words for numbers that are amounts, however few values they have."""


def words_of(name: str) -> frozenset[str]:
    """Split a name into its words, in lower case.

    >>> sorted(words_of("customerID")), sorted(words_of("Loan-Status 2"))
    (['customer', 'customerid', 'id'], ['2', 'loan', 'loan-status 2', 'status'])
    """
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\dA-Z_]+|\d+", name)
    return frozenset(part.lower() for part in parts) | {name.lower()}
