"""What each scenario is: the labels (`scenario.toml`) beside the programs, as values."""

import difflib
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import msgspec

from diag import resources
from diag.errors import UsageError
from diag.model.base import Record
from diag.model.finding import Confidence
from diag.rules.registry import RULES
from diag.scenario.interpreter import Interpreter, lacking_modules

LABEL = "scenario.toml"
PAGE = "README.md"

_T = TypeVar("_T")


class Kind(StrEnum):
    """What a variant is there for."""

    BROKEN = "broken"
    FIXED = "fixed"
    CONTROL = "control"  # looks like the failure and is none
    BASELINE = "baseline"  # correct and too slow: what the others are measured against


class Ends(StrEnum):
    """How a variant is to end."""

    HANGS = "hangs"
    DONE = "done"  # exit status 0
    FAILS = "fails"  # another exit status, or a signal


class Entry(Record, frozen=True, forbid_unknown_fields=True):
    """A table of a label: an unknown key is a mistake."""


class Source(Entry, frozen=True):
    """What documents the failure.

    Attributes:
        title: of the article or issue.
        url: None where only the title is known.

    """

    title: str
    url: str | None = None


class Expected(Entry, frozen=True):
    """What diag is to find in a broken variant.

    Attributes:
        rule: id of the rule.
        confidence: at least this sure.
        or_rules: ids of more general rules, whose answer is right, too.
        role: of the guilty process, as the report names it; None if any.
        function: the guilty one in the user's own code; None if any.

    """

    rule: str
    confidence: Confidence
    or_rules: tuple[str, ...] = ()
    role: str | None = None
    function: str | None = None

    @property
    def rule_available(self) -> bool:
        """Whether the rule is built."""
        return self.rule in {rule.id for rule in RULES}


class Needs(Entry, frozen=True):
    """What a variant needs to show what it is to show.

    Attributes:
        python: the oldest minor version that has the feature, as "3.9".
        before: the first minor version in which CPython no longer fails like this,
            as "3.11"; None if all do.
        cpu_cores: CPU time that its control group may use, in CPUs.
        memory_mb: memory limit of its control group, in MiB.
        modules: that the Python must be able to import, beyond the standard library.

    """

    python: str = "3.9"
    before: str | None = None
    cpu_cores: float | None = None
    memory_mb: int | None = None
    modules: tuple[str, ...] = ()

    def missing(self, python: Interpreter) -> str | None:
        """Say why a Python will not do; None if it will."""
        if python.numbers < _numbers(self.python):
            return f"needs Python {self.python}, this is {python.version}"
        if self.before is not None and python.numbers >= _numbers(self.before):
            return f"does not fail from Python {self.before} on, this is {python.version}"
        if lacking := lacking_modules(python, self.modules):
            return f"needs {', '.join(lacking)}: {' '.join(python.command)} has no such module"
        return None

    @property
    def control_group(self) -> bool:
        """Whether it is to run within limits."""
        return self.cpu_cores is not None or self.memory_mb is not None


class Variant(Entry, frozen=True):
    """One way of doing the same work.

    Attributes:
        name: unique in the scenario.
        about: one line for lists and tables.
        script: file name in the folder of the scenario.
        args: of the script.
        quick_args: instead of `args` where time matters more than the contrast.
        ends: how it is to end.
        watch_s: how long after READY a hang is watched before it counts as one.
        look_s: seconds between the two looks that diag needs to find it.
        computes: whether it keeps CPUs busy, and disturbs what runs beside it.
        deadline_s: how long it may take altogether.
        reproduces: the share of runs in which it ends so, 0 to 1.
        expects: what diag is to find.
        beyond: of a broken one in which diag has nothing to find, the reason.
        must_not_find: ids of the rules that this variant is to be tried against. Any finding
            of severity error is a false alarm in one that is not broken, whatever its rule.

    """

    name: str
    kind: Kind
    about: str
    script: str
    args: tuple[str, ...] = ()
    quick_args: tuple[str, ...] | None = None
    ends: Ends = Ends.DONE
    watch_s: float = 3.0
    look_s: float = 1.0
    computes: bool = False
    deadline_s: float = 90.0
    reproduces: float = 1.0
    needs: Needs = Needs()
    expects: tuple[Expected, ...] = ()
    beyond: str = ""
    must_not_find: tuple[str, ...] = ()


class Column(Entry, frozen=True):
    """A column of the table that compares the variants.

    Attributes:
        title: its heading.
        value: a key of RESULT, or of `diag.scenario.contrast.measured`.
        unit: put behind the number.
        ratio: whether to add "x 2.5" against the baseline, or the first broken variant.

    """

    title: str
    value: str
    unit: str = ""
    ratio: bool = False


class Scenario(Entry, frozen=True):
    """A failure mode with its variants.

    Attributes:
        name: of its folder.
        folder: absolute path of it.
        title: the failure in one line.
        summary: what it shows, in a sentence or two.

    """

    name: str
    folder: str
    title: str
    summary: str
    sources: tuple[Source, ...]
    variants: tuple[Variant, ...]
    columns: tuple[Column, ...] = ()

    @property
    def page(self) -> str:
        """The text of its page, Markdown."""
        return (Path(self.folder) / PAGE).read_text(encoding="utf-8")

    def variant(self, name: str) -> Variant:
        """Return the variant of that name, or raise UsageError with the close ones."""
        return _named(name, {each.name: each for each in self.variants}, f"variant of {self.name}")


def load(path: Path) -> Scenario:
    """Return the checked label of one scenario, or raise UsageError that names the mistake."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        facts = {**table, "name": path.parent.name, "folder": str(path.parent)}
        scenario = msgspec.convert(facts, Scenario)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path}: not a readable label: {error}") from error
    except msgspec.ValidationError as error:
        raise UsageError(f"{path}: damaged label: {error}") from error
    if mistake := _mistake(scenario):
        raise UsageError(f"{path}: damaged label: {mistake}")
    return scenario


def load_all(root: Path | None = None) -> tuple[Scenario, ...]:
    """Return every scenario below `root` (default: those that came with diag), by name."""
    root = root or resources.shipped("scenarios")
    return tuple(load(path) for path in sorted(root.glob(f"*/{LABEL}")))


def find(name: str) -> Scenario:
    """Return the scenario of that name, or raise UsageError with the close ones."""
    return _named(name, {each.name: each for each in load_all()}, "scenario")


def _named(name: str, known: dict[str, _T], what: str) -> _T:
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, known, cutoff=0.4) or sorted(known)
    raise UsageError(f"no {what} is called {name!r}", hint=f"did you mean: {', '.join(close)}?")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _mistake(scenario: Scenario) -> str | None:
    names = [variant.name for variant in scenario.variants]
    if len(set(names)) < len(names):
        return "two variants have the same name"
    if not any(variant.kind is Kind.BROKEN for variant in scenario.variants):
        return "no variant is broken"
    for variant in scenario.variants:
        if not (Path(scenario.folder) / variant.script).is_file():
            return f"variant {variant.name}: no such script: {variant.script}"
        if variant.kind is Kind.BROKEN and bool(variant.expects) == bool(variant.beyond):
            return f"variant {variant.name}: broken: what is to be found, or why nothing?"
        if variant.kind is not Kind.BROKEN and not variant.must_not_find:
            return f"variant {variant.name}: {variant.kind}, yet any finding would do"
    return None
