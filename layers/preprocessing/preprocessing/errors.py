"""The errors of this layer.

PreprocessingError
└── DefinitionError   a model definition that cannot be used

Values that cannot be used raise no error: they are listed as `Problem`s, so that one bad cell does not hide another.
"""


class PreprocessingError(Exception):
    """Base of all errors of the preprocessing layer."""


class DefinitionError(PreprocessingError):
    """A model definition cannot be used; names the file, the key and what was expected."""

    def __init__(self, where: str, key: str, expected: str) -> None:
        self.where = where
        self.key = key
        self.expected = expected
        super().__init__(f"{where}: {key}: {expected}" if key else f"{where}: {expected}")
