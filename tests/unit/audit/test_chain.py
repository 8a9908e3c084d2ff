"""What the audit log holds, and what its chain shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audit.chain import Chain, Detail, Entry, Fault, Start, linked, verify

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def chain(length: int) -> list[Entry]:
    entries: list[Entry] = []
    head = Start()
    for number in range(length):
        entry = linked(
            head,
            at=AT + timedelta(seconds=number),
            actor="user:a1",
            action="conversation.read",
            subject=f"conversation:c{number}",
            detail={"turns": number},
        )
        entries.append(entry)
        head = Start(entry.number, entry.hash)
    return entries


def test_a_chain_as_written_is_good() -> None:
    assert verify([]) is None
    assert verify(chain(50)) is None


@given(
    where=st.integers(0, 9),
    change=st.sampled_from(
        [
            {"actor": "user:b2"},
            {"action": "conversation.taken"},
            {"subject": "conversation:other"},
            {"detail": '{"turns":99}'},
            {"at": AT - timedelta(days=1)},
            {"hash": "0" * 64},
        ]
    ),
)
def test_the_first_entry_that_was_changed_is_named(where: int, change: dict[str, object]) -> None:
    entries = chain(10)
    entries[where] = replace(entries[where], **change)  # type: ignore[arg-type]
    fault = verify(entries)
    assert fault == Fault(where + 1, "changed")


@given(where=st.integers(0, 8))
def test_an_entry_that_was_removed_is_named(where: int) -> None:
    entries = chain(10)
    del entries[where]
    assert verify(entries) == Fault(where + 1, "missing")


@given(where=st.integers(0, 8))
def test_an_entry_made_anew_without_its_successors_breaks_the_link(where: int) -> None:
    entries = chain(10)
    before = Start(where, entries[where].previous)
    entries[where] = linked(
        before, at=AT, actor="user:b2", action="conversation.read", subject="conversation:x", detail={}
    )
    assert verify(entries) == Fault(where + 2, "unlinked")


def test_a_log_made_anew_or_cut_short_is_shown_by_what_was_noted_before() -> None:
    entries = chain(10)
    noted = (8, entries[7].hash)
    assert fault_of(entries, noted) is None
    forged = chain(7)
    head = Start(7, forged[-1].hash)
    forged.append(linked(head, at=AT, actor="user:z", action="x", subject="y:z", detail={}))
    assert verify(forged) is None
    assert fault_of(forged, noted) == Fault(8, "head")
    assert fault_of(entries[:5], noted) == Fault(6, "missing")


def test_a_chain_begins_after_its_checkpoint_only_when_an_entry_tells_of_it() -> None:
    entries = chain(5)
    start, head = Start(3, entries[2].hash), Start(5, entries[4].hash)
    told = linked(
        head, at=AT, actor="operator:cli", action="audit.pruned", subject="audit:3", detail={"hash": start.hash}
    )
    assert verify([*entries[3:], told], start) is None
    assert verify(entries[3:], start) == Fault(3, "missing")
    wrong = linked(
        head, at=AT, actor="operator:cli", action="audit.pruned", subject="audit:3", detail={"hash": "0" * 64}
    )
    assert verify([*entries[3:], wrong], start) == Fault(3, "missing")


@pytest.mark.parametrize(
    "detail",
    [
        {"note": "la dame a dit bonjour"},
        {"number": "0612345678"},
        {"number": "06.12.34.56.78"},
        {"number": "33612345678"},
        {"mail": "marie@example.fr"},
        {"Word": "x"},
        {"long": "x" * 65},
        {f"n{number}": number for number in range(17)},
    ],
)
def test_words_numbers_and_addresses_do_not_fit_in(detail: Detail) -> None:
    with pytest.raises(ValueError, match="audit"):
        linked(Start(), at=AT, actor="user:a", action="a.b", subject="c:d", detail=detail)


@pytest.mark.parametrize("reference", ["marie", "user:marie martin", "user:a@b.fr", "caller:0612345678", "", "user:"])
def test_actors_and_subjects_are_references(reference: str) -> None:
    for actor, subject in ((reference, "c:d"), ("user:a", reference)):
        with pytest.raises(ValueError, match="kind:identifier"):
            linked(Start(), at=AT, actor=actor, action="a.b", subject=subject, detail={})


def test_dates_counts_flags_and_codes_fit_in() -> None:
    detail: Detail = {"from": "2026-01-31", "rows": 12, "whole": True, "format": "csv", "hash": "a1" * 32}
    entry = linked(Start(), at=AT, actor="user:a", action="a.b", subject="c:d", detail=detail)
    assert entry.details == detail


def test_the_form_that_is_hashed_does_not_change() -> None:
    """Whoever changes the canonical form breaks every log there is."""
    entry = chain(1)[0]
    assert entry.hash == "452b0a4c934d198342569a74a2815f07b999d56a2f65955fc8fe06b371f331da"


def fault_of(entries: list[Entry], noted: tuple[int, str]) -> Fault | None:
    checked = Chain(Start(), noted)
    for entry in entries:
        if (fault := checked.add(entry)) is not None:
            return fault
    return checked.end()
