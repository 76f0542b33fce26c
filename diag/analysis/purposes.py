"""What a thread waits for in the terms of the program: by its frames, and by the object itself."""

from diag.analysis.idioms import Idiom, idiom_of
from diag.model.subject import Subject, SubjectKind
from diag.model.thread import Thread

# What is waited for, and the object that it is a matter of.
_PURPOSES: dict[Idiom, tuple[str, str]] = {
    Idiom.EVENT: ("{} to be set", "Event"),
    Idiom.CONDITION: ("{} to be notified", "Condition"),
    Idiom.FUTURE: ("the result of {}", "Future"),
    Idiom.QUEUE_GET: ("an item of {}", "queue"),
    Idiom.QUEUE_PUT: ("room in {}", "queue"),
    Idiom.QUEUE_JOIN: ("the tasks of {} to be done", "queue"),
    Idiom.SEMAPHORE: ("{}", "Semaphore"),
    Idiom.BARRIER: ("the other parties of {}", "Barrier"),
    Idiom.JOIN: ("the end of {}", "thread"),
    Idiom.IMPORT: ("the lock of {}", "module that is being imported"),
}
_OF_KIND = {
    SubjectKind.CONDITION: Idiom.CONDITION,
    SubjectKind.EVENT: Idiom.EVENT,
    SubjectKind.SEMAPHORE: Idiom.SEMAPHORE,
    SubjectKind.BARRIER: Idiom.BARRIER,
}


def purpose_of(thread: Thread) -> str | None:
    """Return what a thread waits for, None if it is a lock as such or is not known."""
    subject = thread.subject
    idiom = idiom_of(thread.stack)
    if subject is not None:
        idiom = _OF_KIND.get(subject.kind, idiom)
        if subject.kind is SubjectKind.LOCK:
            return None
        if subject.kind is SubjectKind.QUEUE and subject.shared:
            idiom = _of_queue(thread)
    if idiom not in _PURPOSES:
        return None
    wanted, noun = _PURPOSES[idiom]
    if subject is None:
        return wanted.format(_article(noun))
    facts = facts_of(subject)
    return wanted.format(_named(subject, noun)) + (f" ({facts})" if facts else "")


def name_of(subject: Subject) -> str:
    """Return the object alone: "a multiprocessing Queue"."""
    nouns = {SubjectKind.QUEUE: "queue", SubjectKind.LOCK: "lock"}
    return _named(subject, nouns.get(subject.kind) or subject.kind.value.capitalize())


def _of_queue(thread: Thread) -> Idiom:
    """Return what is done with a queue of multiprocessing: its own frame is not the innermost."""
    functions = {"put": Idiom.QUEUE_PUT, "join": Idiom.QUEUE_JOIN}
    for frame in thread.stack.frames if thread.stack is not None else ():
        if frame.file.endswith("multiprocessing/queues.py"):
            return functions.get(frame.bare_name, Idiom.QUEUE_GET)
    return Idiom.QUEUE_GET


def _named(subject: Subject, noun: str) -> str:
    """Return the object: "a multiprocessing queue", "the queue self.inbox of Server"."""
    match subject.kind:
        case SubjectKind.MODULE if subject.module:
            return f"module {subject.module}, which is being imported"
        case SubjectKind.FUTURES:
            count = len(subject.tasks)
            return f"{count} Futures" if count > 1 else "a Future"
        case SubjectKind.POOL_RESULT:
            noun = "task of multiprocessing.Pool"
    if subject.shared:
        noun = f"multiprocessing {'Queue' if noun == 'queue' else noun}"
    return with_names(noun, subject)


def with_names(noun: str, subject: Subject | None) -> str:
    """Return "a Lock", or with the name that the program gives it: "the Lock self.gate of Shop"."""
    names = subject.names if subject is not None else ()
    if len(names) == 1:
        return f"the {noun} {names[0]}"
    return f"{_article(noun)} ({', also '.join(names)})" if names else _article(noun)


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0] in "AEIO" or noun == "RLock" else f"a {noun}"


def facts_of(subject: Subject) -> str:
    """Return what was read of the object, "" if nothing that tells something."""
    told = []
    if subject.kind is SubjectKind.BARRIER:
        if subject.length is not None and subject.max_length is not None:
            told.append(f"{subject.length} of {subject.max_length} have arrived")
    elif subject.kind is SubjectKind.QUEUE and subject.length is not None:
        most = f" of at most {subject.max_length}" if subject.max_length else ""
        told.append(f"it has {_count(subject.length, 'item')}{most}")
    if subject.unfinished:
        told.append(f"{_count(subject.unfinished, 'task')} not marked as done")
    if subject.state is not None:
        told.append(subject.state.lower().replace("_", " "))
    if subject.waiters is not None and subject.waiters > 1:
        told.append(f"{subject.waiters} threads wait for it")
    return ", ".join(told)


def _count(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number} {noun}s"
