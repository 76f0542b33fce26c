"""Masks secrets in command lines, so that a recording is safe to attach to a bug report.

Masks too much rather than too little; what is masked never enters a record.
"""

import re
from collections.abc import Sequence

MASK = "***"

_STRONG = (
    r"passw|passphrase|passwd|token|secret|credential|api[-_.]?key|access[-_.]?key|private[-_.]?key"
)
_SECRET_NAME = re.compile(
    rf"{_STRONG}|session[-_.]?id|(?<![a-z])"
    r"(?:key|o?auth|authorization|pwd|pass|pw|cookie|bearer|jwt|sas|dsn|csrf|otp)s?(?![a-z])",
    re.IGNORECASE,
)
# NAME=value or NAME: value inside a longer argument: URLs, headers, `-c` programs
_ASSIGNMENT = re.compile(
    r"""((?<![\w.\-])[\w.\-]+["']?\s*(?:=|:(?!//))\s*)"""
    r"""("[^"]*"|'[^']*'|(?:Bearer|Basic|Token)\s+[^\s&;,]+|[^\s&;,"')]+)""",
    re.IGNORECASE,
)
_WHOLE_ASSIGNMENT = re.compile(r"(-{0,2}[A-Za-z_][\w.\-]*[=:])(.*)", re.DOTALL)
_OPTION = re.compile(r"--?[A-Za-z][\w.\-]*")
_URL_PASSWORD = re.compile(r"([a-z][a-z0-9+.\-]{0,20}://[^\s/:@]{0,200}:)([^\s/]*)@", re.IGNORECASE)
_BEARER = re.compile(r"\b(Bearer|Basic)\s+\S+", re.IGNORECASE)
_USER_OPTION = frozenset({"-u", "--user", "--proxy-user"})  # curl: name:password
_HEX_TOKEN = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{32,}(?![0-9A-Za-z])")
_OPAQUE_TOKEN = re.compile(r"(?<![\w+=\-])[\w+=\-]{24,}(?![\w+=\-])", re.ASCII)
_AWS_KEY = re.compile(r"\bA[KS]IA[0-9A-Z]{16}\b")
# Tokens that say what they are by how they begin: GitHub, GitLab, Slack, Stripe, npm, PyPI
_MARKED_TOKEN = re.compile(
    r"\b(?:gh[opsru]_|github_pat_|glpat-|xox[a-z]-|[sr]k_(?:live|test)_|npm_|pypi-)[\w\-]{8,}"
)
_PRIVATE_KEY = re.compile(r"(-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----).*", re.DOTALL)

# In the words for a value of a variable, quotes are not escaped: what belongs to a name
# ends nowhere for sure.
_NAME_IN_VALUE = re.compile(r"""([\w.\-]{1,80})\\*["']?\s*[:=,]\s*""")
_CUT_URL = re.compile(r"([a-z][a-z0-9+.\-]{0,20}://[^\s/:@]{0,200}:)[^\s/@]*$", re.IGNORECASE)
_CUT_WORD = re.compile(r"[\w+=\-]*\d[\w+=\-]*$", re.ASCII)
_CUT = re.compile(r"""\.\.\.["'\])}]*$""")  # where py-spy stopped


def mask_command(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the command line with everything masked that looks like a secret."""
    masked: list[str] = []
    previous = ""
    for argument in arguments:
        masked.append(_mask_after(previous, argument))
        previous = argument
    return tuple(masked)


def _mask_after(previous: str, argument: str) -> str:
    if _OPTION.fullmatch(previous) and not argument.startswith("--"):
        if _is_secret(previous):
            return MASK
        if previous in _USER_OPTION and ":" in argument:
            return argument.partition(":")[0] + ":" + MASK
    return mask_text(argument)


def mask_text(argument: str) -> str:
    """Return one argument, path or name with what looks like a secret masked."""
    whole = _WHOLE_ASSIGNMENT.fullmatch(argument)
    if whole and _is_secret(whole[1]):
        return whole[1] + MASK
    text = _URL_PASSWORD.sub(rf"\1{MASK}@", argument)
    text = _ASSIGNMENT.sub(_mask_assignment, text)
    text = _BEARER.sub(rf"\1 {MASK}", text)
    text = _AWS_KEY.sub(MASK, text)
    text = _MARKED_TOKEN.sub(MASK, text)
    text = _PRIVATE_KEY.sub(rf"\1{MASK}", text)
    text = _HEX_TOKEN.sub(MASK, text)
    return _OPAQUE_TOKEN.sub(_mask_opaque, text)


def mask_value(name: str, value: str) -> str:
    """Return the value of a variable in words, with what looks like a secret masked.

    All of it if the variable is named like a secret; from the first name of a secret on
    ("password": ..., "--token", ...); else what is masked in a command line.
    """
    if _is_secret(name):
        return MASK
    for found in _NAME_IN_VALUE.finditer(value):
        if _is_secret(found[1]) or found[1] in _USER_OPTION:
            return mask_text(value[: found.start()]) + found[0] + MASK
    cut = _CUT.search(value)
    if cut is None:
        return mask_text(value)
    whole, rest = value[: cut.start()], value[cut.start() :]
    whole = _CUT_WORD.sub(MASK, _CUT_URL.sub(rf"\1{MASK}", whole))
    return mask_text(whole) + rest


def _mask_assignment(match: re.Match[str]) -> str:
    return match[1] + MASK if _is_secret(match[1]) else match[0]


def _mask_opaque(match: re.Match[str]) -> str:
    """Keep words, names and UUIDs: a random token mixes digits and both cases."""
    text = match[0]
    digits = sum(character.isdigit() for character in text)
    mixed = digits >= 2 and text.lower() != text and text.upper() != text
    return MASK if mixed else text


def _is_secret(name: str) -> bool:
    # camelCase is split, so that "authKey" shows its words
    return _SECRET_NAME.search(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)) is not None
