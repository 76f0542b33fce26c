import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diag.collect.redact import MASK, mask_command, mask_value

SECRET = st.text(alphabet="bcdfghjkqvwxz0123456789", min_size=8, max_size=30)


@pytest.mark.parametrize(
    ("command", "masked"),
    [
        ("job --password hunter2 -v", f"job --password {MASK} -v"),
        ("job --password=hunter2", f"job --password={MASK}"),
        ("env API_KEY=abc job", f"env API_KEY={MASK} job"),
        ("job --db postgres://me:pw@db:5432/x", f"job --db postgres://me:{MASK}@db:5432/x"),
        ("curl -u me:pw http://x", f"curl -u me:{MASK} http://x"),
        ("job http://x/?token=abc&page=2", f"job http://x/?token={MASK}&page=2"),
        ("job AKIAIOSFODNN7EXAMPLE", f"job {MASK}"),
        ("job --authKey x", f"job --authKey {MASK}"),
        ("job deadbeefdeadbeefdeadbeefdeadbeef", f"job {MASK}"),
    ],
)
def test_secrets_are_masked_and_the_rest_is_kept(command: str, masked: str) -> None:
    assert " ".join(mask_command(command.split(" "))) == masked


@pytest.mark.parametrize(
    "command",
    [
        ("gunicorn", "shop.app:app", "--workers", "4", "--bind=0.0.0.0:8000"),
        ("python", "/usr/lib/python3/dist-packages/tool-2024.11/main.py", "--keyboard=de"),
        ("python", "-c", "from multiprocessing.spawn import spawn_main; spawn_main(pipe_handle=7)"),
        ("job", "--id", "123e4567-e89b-12d3-a456-426614174000", "--author", "me"),
        ("celery", "-A", "app", "worker", "--concurrency=8", "-Q", "high,low"),
    ],
)
def test_ordinary_command_lines_stay_readable(command: tuple[str, ...]) -> None:
    assert mask_command(command) == command


def test_a_program_on_the_command_line_is_masked_within() -> None:
    (_, _, code) = mask_command(["python", "-c", "connect(password='hunter 2', port=5432)"])
    assert "hunter" not in code
    assert "port=5432" in code


def test_a_header_is_masked() -> None:
    shown = mask_command(["curl", "-H", "Authorization: Bearer abc.def", "http://x"])
    assert "abc.def" not in " ".join(shown)
    assert shown[-1] == "http://x"


@given(st.lists(st.text(max_size=40), max_size=8))
def test_masking_never_fails_and_keeps_the_count(command: list[str]) -> None:
    assert len(mask_command(command)) == len(command)


@given(SECRET, st.sampled_from(["password", "api-key", "GITHUB_TOKEN", "client_secret", "pwd"]))
def test_a_secret_never_appears(secret: str, name: str) -> None:
    for command in (
        [f"--{name}", secret],
        [f"--{name}={secret}"],
        [f"{name}={secret} and {secret}"],
        ["-c", f"login({name}='{secret}')"],
        [f"https://user:{secret}@host/path"],
        [f"https://host/?{name}={secret}"],
    ):
        assert secret not in " ".join(mask_command(["job", *command]))


def test_one_endless_word_does_not_take_for_ever() -> None:
    started_s = time.monotonic()
    for text in ("a" * 32_768, "a=" * 16_384, "x://a:" * 5_000, 'a="' * 10_000):
        mask_command([text])
    assert time.monotonic() - started_s < 5


@pytest.mark.parametrize(
    ("name", "value", "masked"),
    [
        ("password", '"hunter2"', MASK),
        ("cookies", "[]", MASK),
        ("sessionId", "7", MASK),
        (
            "order",
            '{"user": "ann", "password": "a"b", "n": 1}',
            f'{{"user": "ann", "password": {MASK}',
        ),
        ("argv", '["job", "--password", "oneword"]', f'["job", "--password", {MASK}'),
        ("argv", '["curl", "-u", "me:pw"]', f'["curl", "-u", {MASK}'),
        ("pair", '("token", ["abc", "def"])', f'("token", {MASK}'),
        ("text", '"{\\"api_key\\": \\"a b\\"}"', f'"{{\\"api_key\\": {MASK}'),
        ("header", "Authorization: Bearer xyz", f"Authorization: {MASK}"),
        ("url", '"postgres://u:sekret@h/db"', f'"postgres://u:{MASK}@h/db"'),
        ("url", '"see postgres://u:sek..."', f'"see postgres://u:{MASK}..."'),
        ("word", '"one two3four..."', f'"one {MASK}..."'),
        ("word", '"ghp_abcdefghijkl"', f'"{MASK}"'),
        (
            "pem",
            '"-----BEGIN PRIVATE KEY-----\\nMIIE"',
            f'"-----BEGIN PRIVATE KEY-----{MASK}',
        ),
    ],
)
def test_values_that_look_like_secrets_are_masked(name: str, value: str, masked: str) -> None:
    assert mask_value(name, value) == masked


@pytest.mark.parametrize(
    "value",
    [
        "None",
        "?",
        "17",
        '"hello, world"',
        "[0, 1, 2, ...]",
        "<Lock at 0x7f01>",
        '"/srv/a b.txt"',
    ],
)
def test_ordinary_values_stay_readable(value: str) -> None:
    assert mask_value("order", value) == value


@given(SECRET, st.sampled_from(["password", "api-key", "GITHUB_TOKEN", "client_secret", "pwd"]))
def test_a_secret_never_appears_in_a_value(secret: str, name: str) -> None:
    for value in (
        f'{{"{name}": "{secret}"}}',
        f'{{"{name}": ["{secret}", {{"a": "{secret}"}}]}}',
        f'["--{name}", "{secret}"]',
        f'"{{"{name}": "x"{secret}"}}"',
        f'"{name}={secret} {secret}"',
        f'"https://user:{secret}@host/path"',
        f'"https://user:{secret}...',
    ):
        assert secret not in mask_value("order", value)
    assert secret not in mask_value(name, secret)


@given(st.text(max_size=20), st.text(max_size=300))
def test_masking_a_value_never_fails(name: str, value: str) -> None:
    assert mask_value(name, value) is not None
