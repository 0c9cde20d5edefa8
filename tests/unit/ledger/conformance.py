"""What every ledger does, whatever database it lies in; subclasses give the fixture `url`."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.unit.ledger.samples import NOW, build, day, definition, publication, state_of, table

from headwater.errors import HeadwaterError
from headwater.ids import NodeId
from headwater.ledger import (
    Conflict,
    Event,
    Ledger,
    Note,
    Pin,
    Release,
    RunRecord,
    migrate,
)
from headwater.ledger.database import Database
from headwater.ledger.schema import REVISIONS, ledger, metadata, revision
from headwater.plan.state import State

SALES, ORDERS, CUSTOMERS = table("sales"), table("orders"), table("customers")
HOUR = timedelta(hours=1)


def map_of(ledger: Ledger, release: Release | None) -> dict[NodeId, State]:
    assert release is not None
    states = ledger.resolve(release.number).states
    held = ledger.states(states.values())
    return {node: held[name] for node, name in states.items()}


class Publishing:
    def test_a_new_ledger_is_empty(self, url: str) -> None:
        with Ledger.open(url) as ledger:
            assert ledger.epoch == 0
            assert ledger.head("prod") is None
            assert ledger.environments() == {}
            assert ledger.releases() == ()
            assert ledger.barred() == frozenset()

    def test_a_new_ledger_is_opened_by_many_at_once(self, url: str) -> None:
        start, found = threading.Barrier(4), []

        def race() -> None:
            start.wait()
            with Ledger.open(url) as ledger:
                found.append(ledger.identity)

        threads = [threading.Thread(target=race) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 4
        assert len(set(found)) == 1

    def test_what_is_published_is_read_by_another(self, url: str) -> None:
        made = [build(SALES), build(ORDERS)]
        records = {made.node: definition(made.node) for made in made}
        with Ledger.open(url) as ledger:
            tree = ledger.put_tree({"tables/sales.sql": "select 1"})
            release = ledger.publish(replace(publication(made, definitions=records), tree=tree))
        with Ledger.open(url) as ledger:
            assert ledger.head("prod") == release
            assert ledger.environments() == {"prod": release}
            assert ledger.release(1) == release
            assert (release.number, release.parent, release.created_at) == (1, None, NOW)
            assert (release.author, release.sort, release.run) == ("finance-lead", "data", "run 1")
            assert release.tree == tree
            found = ledger.resolve(1)
            assert found.definitions == {node: record.hash for node, record in records.items()}
            held = ledger.definitions(found.definitions.values())
            assert set(held.values()) == set(records.values())
            assert map_of(ledger, release) == {made.node: state_of(made) for made in made}
            assert ledger.builds(made.id for made in made) == {made.id: made for made in made}
            assert ledger.shown_in(made.id for made in made) == {made.id: 1 for made in made}
            assert ledger.epoch == 1

    def test_a_publication_changes_only_what_it_names(self, url: str) -> None:
        with Ledger.open(url) as ledger:
            ledger.publish(publication([build(SALES), build(ORDERS)]))
            change = publication([build(ORDERS, 2)], expected=1)
            second = ledger.publish(replace(change, states={**change.states, SALES: None}))
            assert map_of(ledger, second) == {ORDERS: state_of(build(ORDERS, 2))}
            assert map_of(ledger, ledger.release(1)) == {
                SALES: state_of(build(SALES)),
                ORDERS: state_of(build(ORDERS)),
            }
            assert [release.number for release in ledger.releases()] == [2, 1]
            assert [release.number for release in ledger.releases(limit=1)] == [2]

    def test_a_working_environment_shares_what_is_equal(self, url: str) -> None:
        with Ledger.open(url) as ledger:
            ledger.publish(publication([build(SALES), build(ORDERS)]))
            beside = publication([build(ORDERS, 2)], environment="fix", base=1)
            fixed = ledger.publish(beside)
            own, prod = ledger.resolve(fixed.number).states, ledger.resolve(1).states
            assert own[SALES] == prod[SALES]
            assert own[ORDERS] != prod[ORDERS]
            assert [r.number for r in ledger.releases("prod")] == [1]
            promoted = ledger.publish(
                replace(publication(expected=1), sort="promotion", states={ORDERS: own[ORDERS]})
            )
            assert ledger.resolve(promoted.number).states == own
            ledger.drop_environment("fix", at=NOW)
            assert set(ledger.environments()) == {"prod"}
            assert map_of(ledger, ledger.release(2)) == map_of(ledger, promoted)

    @pytest.mark.parametrize("expected", [None, 7])
    def test_who_comes_too_late_changes_nothing(self, url: str, expected: int | None) -> None:
        with Ledger.open(url) as ledger:
            first = ledger.publish(publication([build(SALES)]))
            late = publication([build(SALES, 2)], expected=expected, base=1)
            with pytest.raises(Conflict) as caught:
                ledger.publish(replace(late, barred=((SALES, "key"),)))
            assert caught.value.found == first
            assert caught.value.issues[0].code == "E701"
            assert ledger.head("prod") == first
            assert ledger.epoch == 1
            assert ledger.barred() == frozenset()
            assert ledger.builds([build(SALES, 2).id]) == {}

    def test_a_dropped_environment_is_a_conflict(self, url: str) -> None:
        with Ledger.open(url) as ledger, pytest.raises(Conflict) as caught:
            ledger.publish(replace(publication([build(SALES)]), expected=3))
        assert caught.value.found is None

    def test_a_rollback_equals_what_it_returns_to(self, url: str) -> None:
        with Ledger.open(url) as ledger:
            tree = ledger.put_tree({"a.sql": "select 1"})
            ledger.publish(replace(publication([build(SALES)]), tree=tree))
            ledger.publish(
                replace(publication([build(SALES, 2), build(ORDERS)], expected=1), tree="")
            )
            bad = ((SALES, "key 2"), (ORDERS, "key"))
            back = ledger.point(
                "prod", expected=2, to=1, author="me", reason="bad", at=NOW, barred=bad
            )
            assert (back.number, back.sort, back.parent, back.tree) == (3, "rollback", 1, tree)
            assert map_of(ledger, back) == {SALES: state_of(build(SALES))}
            assert ledger.barred() == set(bad)
            again = replace(publication(expected=3), unbarred=bad[:1], barred=bad[1:])
            ledger.publish(again)
            assert ledger.barred() == {(ORDERS, "key")}

    def test_unknown_releases_states_and_definitions_are_named(self, url: str) -> None:
        with Ledger.open(url) as ledger:
            for ask in (
                lambda: ledger.release(9),
                lambda: ledger.resolve(9),
                lambda: ledger.states(["0" * 24]),
                lambda: ledger.definitions(["0"]),
                lambda: ledger.tree("0"),
                lambda: ledger.publish(replace(publication(), states={SALES: "0" * 24})),
                lambda: ledger.pin(Pin(release=9, reason="", at=NOW, author="me")),
            ):
                with pytest.raises(HeadwaterError) as caught:
                    ask()
                assert caught.value.issues[0].code == "E707"

    def test_who_publishes_at_once_wins_or_is_told(self, url: str) -> None:
        with Ledger.open(url) as ledger:
            ledger.publish(publication([build(SALES)]))
        start, told = threading.Barrier(4), []

        def race(version: int) -> None:
            with Ledger.open(url) as ledger:
                change = publication([build(SALES, version)], expected=1)
                start.wait()
                try:
                    ledger.publish(change)
                except Conflict as conflict:
                    told.append(conflict)

        threads = [threading.Thread(target=race, args=(version,)) for version in range(2, 6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with Ledger.open(url) as ledger:
            assert len(told) == 3
            assert ledger.epoch == 2
            assert all(conflict.found == ledger.head("prod") for conflict in told)

    def test_a_reader_never_waits_for_a_writer(self, url: str) -> None:
        with Ledger.open(url) as ledger, Ledger.open(url) as other:
            ledger.publish(publication([build(SALES)]))
            with ledger._database.write() as connection:
                connection.execute(sa.text("update ledger set epoch = 77"))
                began = time.monotonic()
                assert other.epoch == 1
                assert map_of(other, other.head("prod")) == {SALES: state_of(build(SALES))}
                assert time.monotonic() - began < 1


class Recording:
    def test_builds_are_found_by_key_and_exact_interval(self, url: str) -> None:
        first, second = build(SALES, 1, day(1)), build(SALES, 2, day(1))
        other = build(SALES, 3, day(2))
        with Ledger.open(url) as ledger:
            ledger.record_builds([first])
            ledger.record_builds([first, second, other])
            ledger.record_builds([])
            wanted = (SALES, "key", day(1))
            missing = [
                (SALES, "key", day(3)),
                (SALES, "other", day(1)),
                (ORDERS, "key", day(1)),
            ]
            assert ledger.find_builds([wanted, *missing]) == {wanted: second}
            assert ledger.shown_in([second.id]) == {}
            assert ledger.mark_vacuumed([second.id], at=NOW, epoch=0)
            assert ledger.find_builds([wanted]) == {wanted: first}
            assert ledger.builds([second.id]) == {second.id: second}

    def test_vacuum_and_a_publish_never_meet_over_a_build(self, url: str) -> None:
        with Ledger.open(url) as ledger:
            ledger.record_builds([build(SALES), build(ORDERS)])
            scanned = ledger.epoch
            ledger.publish(publication([build(SALES)]))
            assert not ledger.mark_vacuumed([build(SALES).id], at=NOW, epoch=scanned)
            assert ledger.mark_vacuumed([build(ORDERS).id], at=NOW, epoch=ledger.epoch)
            with pytest.raises(HeadwaterError) as caught:
                ledger.publish(publication([build(ORDERS)], expected=1))
            assert caught.value.issues[0].code == "E709"
            assert ledger.epoch == 1

    def test_thousands_of_builds_are_found_at_once(self, url: str) -> None:
        made = [build(SALES, 1, day(n)) for n in range(2500)]
        with Ledger.open(url) as ledger:
            ledger.record_builds(made)
            keys = {(b.node, b.input_key, b.interval): b for b in made}
            assert ledger.find_builds(keys) == keys

    def test_a_prepared_build_becomes_visible_once(self, url: str) -> None:
        with Ledger.open(url) as ledger:
            ledger.record_builds([build(SALES)])
            ledger.publish(publication([build(SALES)]))
            ledger.publish(publication([build(SALES)], expected=1))
            assert ledger.shown_in([build(SALES).id]) == {build(SALES).id: 1}

    def test_trees_come_back(self, url: str) -> None:
        files = {"tables/sales.sql": "select 'é'", "headwater.yml": "name: shop\n" * 99, "a": ""}
        with Ledger.open(url) as ledger:
            digest = ledger.put_tree(files)
            assert ledger.put_tree(files) == digest
            changed = ledger.put_tree({**files, "a": "b"})
            assert changed != digest
            assert ledger.put_tree({}) not in {"", digest}
        with Ledger.open(url) as ledger:
            assert ledger.tree(digest) == files
            assert ledger.tree(changed) == {**files, "a": "b"}
            assert ledger.tree("") == {}

    def test_runs_and_their_events_come_back(self, url: str) -> None:
        run = RunRecord(
            id="run 1",
            environment="prod",
            request='{"select": []}',
            started_at=NOW,
            author="me",
            pid=77,
            host="here",
        )
        events = [
            Event(at=NOW, sort="build", text="done", node=SALES, step="query", data='{"rows": 1}'),
            Event(at=NOW, sort="publish", text="#1"),
        ]
        with Ledger.open(url) as ledger:
            ledger.start_run(run)
            ledger.start_run(replace(run, id="run 2", environment="fix", started_at=NOW + HOUR))
            ledger.add_events("run 1", events[:1])
            ledger.add_events("run 1", events[1:])
            ledger.finish_run("run 1", status="done", at=NOW + HOUR, summary="{}")
            done = replace(run, status="done", finished_at=NOW + HOUR, summary="{}")
            assert list(ledger.runs("prod")) == [done]
            assert [found.id for found in ledger.runs()] == ["run 2", "run 1"]
            assert [found.id for found in ledger.runs(status="running")] == ["run 2"]
            assert list(ledger.events("run 1")) == events
            assert list(ledger.events("run 2")) == []

    def test_notes_come_back(self, url: str) -> None:
        free = Note(sort="acknowledgement", text="known", at=NOW, author="me", node=SALES)
        bound = Note(sort="decision", text="yes", at=NOW, author="me", data='{"by": "me"}')
        with Ledger.open(url) as ledger:
            ledger.add_notes([free])
            ledger.publish(replace(publication(), notes=(bound,)))
            assert list(ledger.notes()) == [free, replace(bound, release=1)]
            assert list(ledger.notes(sort="decision")) == [replace(bound, release=1)]
            assert list(ledger.notes(node=SALES)) == [free]

    def test_files_are_needed_until_the_grace_has_passed(self, url: str) -> None:
        old, new = build(SALES, 1), build(SALES, 2)
        prepared = build(ORDERS, 1, started_at=NOW + 9 * HOUR)
        with Ledger.open(url) as ledger:
            ledger.publish(publication([old]))
            ledger.publish(publication([new], expected=1, at=NOW + 5 * HOUR))
            ledger.record_builds([prepared])

            def needed(hours: int) -> set[str]:
                found = list(ledger.data_files(now=NOW + hours * HOUR, grace=6 * HOUR))
                assert {use.path for use in found} == {
                    file.path for made in (old, new, prepared) for file in made.files
                }
                assert len(found) == 3
                return {use.build for use in found if use.needed}

            # The first release was left after 5 hours, so its file is needed up to the 11th.
            assert needed(10) == {old.id, new.id, prepared.id}
            assert needed(12) == {new.id, prepared.id}
            assert needed(16) == {new.id}
            ledger.pin(Pin(release=1, reason="audit", at=NOW, author="me"))
            ledger.pin(Pin(release=1, reason="audit 2011", at=NOW, author="me"))
            assert [pin.reason for pin in ledger.pins()] == ["audit 2011"]
            assert needed(99) == {old.id, new.id}
            ledger.unpin(1)
            assert needed(99) == {new.id}
            assert ledger.mark_vacuumed([old.id], at=NOW, epoch=2)
            left = list(ledger.data_files(now=NOW + 99 * HOUR, grace=HOUR))
            assert {use.build: use.release for use in left} == {new.id: 2, prepared.id: None}

    def test_a_file_of_a_dropped_environment_has_its_grace(self, url: str) -> None:
        with Ledger.open(url) as ledger:
            ledger.publish(publication([build(SALES)]))
            ledger.publish(publication([build(SALES, 2)], environment="fix", base=1))
            ledger.drop_environment("fix", at=NOW + 9 * HOUR)
            found = ledger.data_files(now=NOW + 10 * HOUR, grace=2 * HOUR)
            assert {use.build: use.needed for use in found}[build(SALES, 2).id]
            found = ledger.data_files(now=NOW + 12 * HOUR, grace=2 * HOUR)
            assert not {use.build: use.needed for use in found}[build(SALES, 2).id]


class Locking:
    def test_one_run_an_environment(self, url: str) -> None:
        with Ledger.open(url) as ledger, Ledger.open(url) as other:
            mine = ledger.run_lock("prod", holder="me, process 1")
            theirs = other.run_lock("prod", holder="you, process 2")
            assert mine.try_acquire()
            assert not theirs.try_acquire()
            assert theirs.holder() == "me, process 1"
            with other.run_lock("fix/ü", holder="you") as held:
                assert held
            mine.release()
            mine.release()
            assert theirs.try_acquire()
            assert mine.holder() == "you, process 2"
            theirs.release()

    def test_waiting_for_the_lock(self, url: str) -> None:
        with Ledger.open(url) as ledger:
            first = ledger.run_lock("prod", holder="me")
            assert first.try_acquire()
            threading.Timer(0.2, first.release).start()
            began = time.monotonic()
            with ledger.run_lock("prod", holder="you", wait_s=10) as held:
                assert held
                assert 0.1 < time.monotonic() - began < 5


class Versions:
    def test_versions_are_counted_for_each_node(self, url: str) -> None:
        with Ledger.open(url) as ledger:
            first, second, other = build(SALES, 1), build(SALES, 2), build(ORDERS, 1)
            made = [
                ledger.add_version(
                    each, environment="try", passed=each is second, body="{}", at=NOW
                )
                for each in (first, second, other)
            ]
            assert [str(v) for v in made] == ["table.sales@1", "table.sales@2", "table.orders@1"]
            assert list(ledger.versions(SALES)) == [made[1], made[0]]
            assert list(ledger.versions()) == [made[2], made[1], made[0]]
            assert ledger.version(SALES, 2) == made[1]
            assert ledger.version_of(first.id) == made[0]
            assert ledger.version_of("nothing") is None
            assert set(ledger.builds([first.id, second.id])) == {first.id, second.id}
            with pytest.raises(HeadwaterError, match=r"there are @1\.\.@2"):
                ledger.version(SALES, 7)
            with pytest.raises(HeadwaterError, match="never trained"):
                ledger.version(CUSTOMERS, 1)

    def test_a_later_judgement_stands_beside_a_version(self, url: str) -> None:
        with Ledger.open(url) as ledger:
            made, other = (
                ledger.add_version(each, environment="prod", passed=True, body="{}", at=NOW)
                for each in (build(SALES, 1), build(SALES, 2))
            )
            for number, passed in enumerate((True, False)):
                judged = ledger.judge_version(
                    made, passed=passed, body=f"[{number}]", at=NOW + HOUR, author="ada"
                )
            assert judged == replace(made, passed=False, judgement="[1]")
            assert ledger.version(SALES, 1) == ledger.version_of(made.build) == judged
            assert list(ledger.versions(SALES)) == [other, judged]
            notes = ledger.notes(sort="judgement", node=SALES)
            assert [(note.text, note.author) for note in notes] == [("table.sales@1", "ada")] * 2

    def test_two_at_once_get_two_numbers(self, url: str) -> None:
        start, numbers = threading.Barrier(4), []

        def add(number: int) -> None:
            with Ledger.open(url) as ledger:
                start.wait()
                made = build(SALES, number)
                version = ledger.add_version(made, environment="prod", passed=True, body="", at=NOW)
                numbers.append(version.number)

        with Ledger.open(url):
            threads = [threading.Thread(target=add, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(numbers) == [1, 2, 3, 4]

    def test_the_files_of_a_version_are_always_needed(self, url: str) -> None:
        made_from, version = build(ORDERS, 1), build(SALES, 1)
        with Ledger.open(url) as ledger:
            ledger.publish(publication([made_from]))
            files = (*version.files, *made_from.files)
            ledger.add_version(
                version, environment="prod", passed=False, body="", files=files, at=NOW
            )
            ledger.publish(publication([build(ORDERS, 2)], expected=1, at=NOW + HOUR))
            uses = ledger.data_files(now=NOW + 99 * HOUR, grace=HOUR)
            assert {use.path for use in uses if use.needed} >= {file.path for file in files}


class Schemas:
    def test_a_ledger_of_an_older_headwater_is_upgraded(self, url: str) -> None:
        database = Database(url, create=True)
        migrate.upgrade(database, "0001")
        with database.write() as connection:
            connection.execute(sa.insert(ledger), {"one": 1, "identity": "x", "epoch": 0})
        database.close()
        with Ledger.open(url) as opened:
            made = opened.add_version(
                build(SALES), environment="prod", passed=True, body="", at=NOW
            )
            assert made.number == 1

    def test_the_migrations_make_the_same_tables(self, url: str) -> None:
        from alembic.autogenerate import compare_metadata
        from alembic.migration import MigrationContext

        database = Database(url, create=True)
        migrate.upgrade(database)
        with database.read() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert context.get_current_revision() == REVISIONS[-1]
            differences = compare_metadata(context, metadata)
            migrated = described(connection)
        assert differences == []
        with database.write() as connection:
            metadata.drop_all(connection)
            metadata.create_all(connection)
        with database.read() as connection:
            assert described(connection) == migrated
        database.close()

    def test_a_migrated_ledger_works(self, url: str) -> None:
        database = Database(url, create=True)
        migrate.upgrade(database)
        with database.write() as connection:
            connection.execute(sa.insert(ledger), {"one": 1, "identity": "x", "epoch": 0})
        database.close()
        with Ledger.open(url, create=False) as opened:
            assert opened.publish(publication([build(SALES)])).number == 1

    def test_a_ledger_of_a_newer_headwater_is_refused(self, url: str) -> None:
        with Ledger.open(url) as opened, opened._database.write() as connection:
            connection.execute(sa.update(revision).values(version_num="9999"))
        with pytest.raises(HeadwaterError, match="newer Headwater") as caught:
            Ledger.open(url)
        assert caught.value.issues[0].code == "E708"
        assert "upgrade headwater" in caught.value.issues[0].fix

    def test_tables_of_other_software_are_left_alone(self, url: str) -> None:
        database = Database(url, create=True)
        with database.write() as connection:
            connection.execute(sa.text("create table runs (mine integer)"))
        database.close()
        with pytest.raises(HeadwaterError) as caught:
            Ledger.open(url)
        assert caught.value.issues[0].code == "E706"


def described(connection: sa.Connection) -> dict[str, object]:
    """Columns, keys and indexes of every table, as the database itself tells them."""
    inspector = sa.inspect(connection)
    return {
        name: (
            [(c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(name)],
            inspector.get_pk_constraint(name),
            sorted(inspector.get_foreign_keys(name), key=str),
            sorted(inspector.get_unique_constraints(name), key=str),
            sorted(inspector.get_indexes(name), key=str),
            sorted(inspector.get_check_constraints(name), key=str),
        )
        for name in metadata.tables
    }


class Conformance(Versions, Publishing, Recording, Locking, Schemas):
    """All of it."""
