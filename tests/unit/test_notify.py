"""Notices are taken at once, delivered in the background, tried again, and never spoken of."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.errors import BadSettings
from bot.notify import WAITING_AT_MOST, HookNotifier, Notice, Undelivered, check_settings, signature
from bot.settings import NotifySettings

NOW = (0.0, 0.0, 0.0)
LINK = ("c1", "+33612345678", "Comment adhérer", "https://example.org/F766")


class Provider:
    """Fails as it is told, then takes everything."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.ids: list[str] = []
        self.taken: list[Notice] = []

    async def __call__(self, notice_id: str, notice: Notice) -> None:
        self.ids.append(notice_id)
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append(notice)


async def test_a_link_is_delivered_with_all_that_a_message_needs() -> None:
    provider = Provider()
    notifier = HookNotifier(provider, retry_seconds=NOW)
    async with notifier.running():
        assert notifier.enabled
        assert await notifier.send_link(*LINK)
        assert await notifier.tell_callback("c1", "+33612345678")
    assert provider.taken == [
        Notice("link", "+33612345678", "Comment adhérer", "https://example.org/F766", "c1"),
        Notice("callback", "+33612345678", "", "", "c1"),
    ]


async def test_without_a_hook_nothing_is_taken() -> None:
    notifier = HookNotifier(None)
    assert not notifier.enabled
    assert not await notifier.send_link(*LINK)


async def test_what_fails_is_tried_again_under_the_same_id() -> None:
    provider = Provider(Undelivered("HTTP 503"), Undelivered("HTTP 503"), Undelivered("HTTP 503"))
    notifier = HookNotifier(provider, retry_seconds=NOW)
    async with notifier.running():
        assert await notifier.send_link(*LINK)
    assert len(provider.taken) == 1
    assert len(provider.ids) == 4
    assert len(set(provider.ids)) == 1


@pytest.mark.parametrize(
    ("failures", "attempts"),
    [
        ([Undelivered("HTTP 503")] * 9, 4),
        ([Undelivered("HTTP 400", is_final=True)], 1),
        ([RuntimeError("0612345678")], 1),
    ],
)
async def test_a_hook_that_never_works_is_given_up_and_the_log_names_nobody(
    failures: list[Exception], attempts: int
) -> None:
    provider = Provider(*failures)
    notifier = HookNotifier(provider, retry_seconds=NOW)
    with capture_logs() as logs:
        async with notifier.running():
            assert await notifier.send_link(*LINK)
    assert provider.taken == []
    assert [(line["event"], line["attempts"]) for line in logs] == [("notice.not_delivered", attempts)]
    assert not any(word in str(logs) for word in ("612345678", "adhérer", "F766"))


async def test_a_hook_that_hangs_fills_a_bounded_queue_and_is_let_go_of_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.notify.STOP_SECONDS", 0.0)

    async def hang(_id: str, _notice: Notice) -> None:
        await asyncio.Event().wait()

    notifier = HookNotifier(hang)
    async with asyncio.timeout(5), notifier.running():
        taken = [await notifier.send_link(*LINK) for _ in range(WAITING_AT_MOST + 1)]
    assert taken == [True] * WAITING_AT_MOST + [False]
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


def test_the_signature_is_that_of_standard_webhooks() -> None:
    # the example of the specification's own libraries
    assert (
        signature(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            b'{"test": 2432232314}',
        )
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (NotifySettings(url="https://a.example/x", command=["x"]), "notify.command"),
        (NotifySettings(url="ftp://a.example/x"), "notify.url"),
        (NotifySettings(url="a.example/x"), "notify.url"),
        (NotifySettings(url="https://a.example", secret=SecretStr("whsec_?hunter2")), "notify.secret"),
    ],
)
def test_a_setting_that_cannot_work_is_named_without_its_secret(settings: NotifySettings, named: str) -> None:
    with pytest.raises(BadSettings, match=named) as failure:
        check_settings(settings)
    assert "hunter2" not in str(failure.value)


def test_settings_that_can_work_are_let_pass() -> None:
    check_settings(NotifySettings())
    check_settings(NotifySettings(url="https://a.example/x", secret=SecretStr("any text")))
    check_settings(NotifySettings(command=["/usr/bin/true"]))
