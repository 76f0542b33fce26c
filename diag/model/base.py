"""What every record has in common."""

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A frozen value; fields at their default are left out of the encoded form."""
