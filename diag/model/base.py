"""What every record has in common."""

from typing import Annotated

import msgspec

# Of what is decoded, checked on the way in: rules and formats count on it.
AboveZero = Annotated[int, msgspec.Meta(gt=0)]
UnixTime = Annotated[float, msgspec.Meta(ge=0, lt=253402300800)]  # to the year 9999


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A frozen value; fields at their default are left out of the encoded form."""
