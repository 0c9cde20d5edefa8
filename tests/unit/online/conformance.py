"""What every online store does; subclasses give the fixture `store`, empty at its begin."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headwater.online.codec import decode_vector, encode_key, encode_vector
from headwater.online.model import Entry, Freshness, OnlineStore, OnlineTable, Vector

CUSTOMER = OnlineTable("customer", "abc")
NOON = datetime(2011, 11, 9, 12, tzinfo=UTC)

KEYS = st.lists(
    st.one_of(st.integers(-(2**200), 2**200), st.text(max_size=8)), min_size=1, max_size=3
).map(tuple)
VALUES = st.one_of(st.none(), st.floats(allow_nan=False), st.text(max_size=8))
VECTORS = st.lists(VALUES, max_size=40).map(tuple)

#: The store of a test is one for all examples; each writes to a table of its own.
laws = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def fresh(hours: int = 0, entities: int = 0) -> Freshness:
    at = NOON + timedelta(hours=hours)
    return Freshness(at=at, release=hours, computed_at=at, entities=entities)


def entry(number: object, *vector: float | str | None) -> Entry:
    return encode_key((number,)), encode_vector(vector)


def read(store: OnlineStore, table: OnlineTable, *numbers: object) -> list[Vector | None]:
    found = store.read(table, [encode_key((number,)) for number in numbers])
    return [None if vector is None else decode_vector(vector) for vector in found.vectors]


class Conformance:
    """Reading gives what was written last, of one moment."""

    def test_an_empty_store_knows_nothing(self, store: OnlineStore) -> None:
        found = store.read(CUSTOMER, ["[1]", "[2]"])
        assert (found.freshness, found.vectors) == (None, (None, None))
        assert store.read(CUSTOMER, []).vectors == ()
        assert store.tables() == {}
        assert list(store.entries(CUSTOMER)) == []
        store.drop(CUSTOMER)

    @laws
    @given(st.dictionaries(KEYS, VECTORS, max_size=8), KEYS)
    def test_what_is_written_is_read(
        self, store: OnlineStore, vectors: dict[tuple[int | str, ...], Vector], other: object
    ) -> None:
        table = OnlineTable("law", str(hash(frozenset(vectors.items()))))
        entries = [(encode_key(key), encode_vector(v)) for key, v in vectors.items()]
        store.write(table, entries, [], fresh(entities=len(vectors)))
        found = store.read(table, [key for key, _ in entries])
        assert [decode_vector(v) for v in found.vectors if v is not None] == list(vectors.values())
        assert found.freshness == fresh(entities=len(vectors))
        assert dict(e for batch in store.entries(table) for e in batch) == dict(entries)
        for key, vector in entries:
            assert store.read(table, [key]).vectors == (vector,)
        if other not in vectors:
            assert store.read(table, [encode_key((other, "not there"))]).vectors == (None,)
        store.drop(table)
        assert store.read(table, [key for key, _ in entries]).freshness is None

    def test_later_vectors_replace_and_remove(self, store: OnlineStore) -> None:
        store.write(CUSTOMER, [entry(n, float(n)) for n in range(5)], [], fresh(1, 5))
        store.write(CUSTOMER, [entry(1, 10.0), entry(7, None)], ["[2]", "[99]"], fresh(2, 5))
        expected = [(0.0,), (10.0,), None, (3.0,), (4.0,), (None,)]
        assert read(store, CUSTOMER, 0, 1, 2, 3, 4, 7) == expected
        assert store.tables() == {CUSTOMER: fresh(2, 5)}
        store.write(CUSTOMER, [entry(2, 2.5)], [], fresh(3, 6))
        assert read(store, CUSTOMER, 2, 2) == [(2.5,), (2.5,)]

    def test_many_entities(self, store: OnlineStore) -> None:
        entries = [entry(n, float(n), "x") for n in range(5_000)]
        store.write(CUSTOMER, entries, [], fresh(1, 5_000))
        store.write(CUSTOMER, [], [key for key, _ in entries[1_000:]], fresh(2, 1_000))
        assert dict(e for batch in store.entries(CUSTOMER) for e in batch) == dict(entries[:1_000])
        asked = [key for key, _ in entries]
        assert sum(vector is not None for vector in store.read(CUSTOMER, asked).vectors) == 1_000

    def test_tables_are_apart(self, store: OnlineStore) -> None:
        tables = [OnlineTable(view, digest) for view in "ab" for digest in ("1", "2")]
        for number, table in enumerate(tables):
            store.write(table, [entry("k", float(number))], [], fresh(number, 1))
        assert [read(store, table, "k") for table in tables] == [[(float(n),)] for n in range(4)]
        store.drop(tables[1])
        assert set(store.tables()) == {tables[0], *tables[2:]}
        store.clear()
        assert store.tables() == {}
        assert [read(store, table, "k") for table in tables] == [[None]] * 4

    def test_a_write_that_fails_is_not_seen(self, store: OnlineStore) -> None:
        store.write(CUSTOMER, [entry(n, float(n)) for n in range(3_000)], [], fresh(1, 3_000))

        def broken() -> object:
            yield from (entry(n, -1.0) for n in range(2_500))
            yield entry("new", 1.0)
            raise InterruptedError

        with pytest.raises(InterruptedError):
            store.write(CUSTOMER, broken(), [], fresh(2, 3_000))  # type: ignore[arg-type]
        assert read(store, CUSTOMER, 0, 2_400, "new") == [(0.0,), (2400.0,), None]
        assert store.tables() == {CUSTOMER: fresh(1, 3_000)}
        store.write(CUSTOMER, [entry(5, 5.5)], [], fresh(3, 3_000))
        assert read(store, CUSTOMER, 0, 5, 2_400, "new") == [(0.0,), (5.5,), (2400.0,), None]

    def test_readers_see_all_of_a_write_or_none(self, store: OnlineStore) -> None:
        numbers = range(1_500)  # more than a chunk of Redis
        keys = [encode_key((n,)) for n in (0, 700, 1_499)]
        store.write(CUSTOMER, [entry(n, 0.0) for n in numbers], [], fresh(0, 1_500))
        ended, torn = threading.Event(), []

        def look() -> None:
            while not ended.is_set():
                found = store.read(CUSTOMER, keys)
                assert found.freshness is not None
                values = {None if v is None else decode_vector(v)[0] for v in found.vectors}
                if values != {float(found.freshness.release)}:
                    torn.append((found.freshness.release, values))

        readers = [threading.Thread(target=look) for _ in range(2)]
        for reader in readers:
            reader.start()
        for hour in range(1, 9):
            store.write(CUSTOMER, [entry(n, float(hour)) for n in numbers], [], fresh(hour, 1_500))
        ended.set()
        for reader in readers:
            reader.join()
        assert torn == []
