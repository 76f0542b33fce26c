"""The failure of a test that hangs."""

from _pytest.outcomes import Failed


class DiagHang(Failed):
    """A test that hangs, with the diagnosis."""

    __module__ = "builtins"  # as pytest does for its own: it is shown without a module

    def __init__(self, text: str) -> None:
        super().__init__(text, pytrace=False)
