"""The use cases of the registry, on fakes."""

from typing import Any

import pytest

from chalicelib import errors
from chalicelib.hosts.model import FREE_AFTER, Host, HostState
from chalicelib.hosts.service import HostService, Wanted
from tests.support.fakes import FakeClock
from tests.support.memory_hosts import MemoryHosts, MemoryQueues

Logged = list[tuple[str, dict[str, object]]]


class Registry:
    """The registry on fakes."""

    def __init__(self) -> None:
        self.clock, self.store, self.queues = FakeClock(), MemoryHosts(), MemoryQueues()
        self.service = HostService(store=self.store, queues=self.queues, clock=self.clock)

    def names(self, **wanted: Any) -> list[str]:
        return [host.host for host in self.service.page(Wanted(**wanted), limit=100)[0]]


@pytest.fixture
def registry() -> Registry:
    return Registry()


def test_a_host_that_is_added_is_there_with_its_queue(registry: Registry, logged: Logged) -> None:
    host, added = registry.service.add("web-1", by="root")
    assert (host, added) == (Host(host="web-1", added_at=registry.clock.now()), True)
    assert registry.service.find("web-1") == host
    assert registry.queues.names == {"web-1"}
    assert logged == [("host added", {"host": "web-1", "by": "root"})]


def test_a_host_that_is_there_stays_as_it_is(registry: Registry, logged: Logged) -> None:
    host, _ = registry.service.add("web-1", by="root")
    registry.clock.freeze(10)
    assert registry.service.add("web-1", by="stpierre") == (host, False)
    assert len(logged) == 1


def test_a_host_without_a_queue_gets_it_when_it_is_added_again(registry: Registry) -> None:
    registry.queues.out = True
    with pytest.raises(errors.Outage):
        registry.service.add("web-1", by="root")
    registry.queues.out = False
    registry.clock.freeze(1)
    assert registry.service.add("web-1", by="root")[1] is False
    assert registry.queues.names == {"web-1"}


@pytest.mark.parametrize("name", ["", "WEB-1", "1", "a" * 33, "web~1"])
def test_a_name_that_cannot_be_one_is_invalid(registry: Registry, name: str) -> None:
    with pytest.raises(errors.Invalid):
        registry.service.add(name, by="root")
    for call in (registry.service.find, lambda it: registry.service.remove(it, by="root")):
        with pytest.raises(errors.NoSuchHost):
            call(name)
    assert (registry.store.rows, registry.queues.names) == ({}, set())


def test_a_removed_host_is_gone_with_its_queue(registry: Registry, logged: Logged) -> None:
    registry.service.add("web-1", by="root")
    registry.service.remove("web-1", by="stpierre")
    assert logged[-1] == ("host removed", {"host": "web-1", "by": "stpierre"})
    assert (registry.names(), registry.queues.names) == ([], set())
    with pytest.raises(errors.NoSuchHost, match="There is no host 'web-1'"):
        registry.service.find("web-1")
    removed_at = registry.clock.now()
    registry.clock.freeze(1)
    with pytest.raises(errors.NoSuchHost):
        registry.service.remove("web-1", by="root")
    assert registry.store.rows == {"web-1": Host(host="web-1", removed_at=removed_at)}


def test_a_name_is_free_again_some_time_after_the_removal(registry: Registry) -> None:
    registry.service.add("web-1", by="root")
    registry.service.remove("web-1", by="root")
    registry.clock.freeze(FREE_AFTER - 1)
    with pytest.raises(errors.NameNotFree, match="its name is free again in 1 s"):
        registry.service.add("web-1", by="root")
    registry.clock.freeze(1)
    assert registry.service.add("web-1", by="root")[1]


def test_a_removal_without_an_answer_of_sqs_is_finished_by_the_next_one(
    registry: Registry,
) -> None:
    registry.service.add("web-1", by="root")
    registry.queues.out = True
    with pytest.raises(errors.Outage):
        registry.service.remove("web-1", by="root")
    registry.queues.out = False
    registry.clock.freeze(1)
    with pytest.raises(errors.NoSuchHost):
        registry.service.remove("web-1", by="root")
    assert registry.queues.names == set()


def test_a_row_that_a_worker_made_is_no_host(registry: Registry) -> None:
    registry.store.rows["web-1"] = Host(host="web-1", seen_at=1)
    with pytest.raises(errors.NoSuchHost):
        registry.service.find("web-1")
    with pytest.raises(errors.NoSuchHost):
        registry.service.remove("web-1", by="root")
    assert registry.service.add("web-1", by="root")[1]


def test_hosts_are_listed_by_name_and_by_state(registry: Registry) -> None:
    for name in ("web-2", "web-1", "db-1", "web-10"):
        registry.service.add(name, by="root")
    seen = registry.store.rows["web-2"]._replace(seen_at=registry.clock.now())
    registry.store.rows["web-2"] = seen
    assert registry.names() == ["db-1", "web-1", "web-10", "web-2"]
    assert registry.names(name="web-?") == ["web-1", "web-2"]
    assert registry.names(state=HostState.ONLINE) == ["web-2"]
    assert registry.names(state=HostState.NEW, name="*-1*") == ["db-1", "web-1", "web-10"]


@pytest.mark.parametrize("limit", [1, 2, 3, 99, 250, 251, 1000])
def test_pages_lead_through_all_hosts(registry: Registry, limit: int) -> None:
    names = sorted(f"h{number}" for number in range(250))
    for name in names:
        registry.service.add(name, by="root")
    found, after, pages = [], "", 0
    while True:
        page, last = registry.service.page(Wanted(), limit=limit, after=after)
        found += [host.host for host in page]
        pages += 1
        if last is None:
            break
        assert len(page) == limit
        after = last
    assert (found, pages) == (names, -(-250 // limit))


def test_a_page_looks_at_so_many_hosts_and_no_more(registry: Registry) -> None:
    for number in range(1100):
        registry.store.rows[f"h{number:04}"] = Host(host=f"h{number:04}", added_at=1)
    wanted = Wanted(name="h1050")
    page, last = registry.service.page(wanted, limit=10)
    assert (page, last) == ([], "h0999")
    page, last = registry.service.page(wanted, limit=10, after="h0999")
    assert ([host.host for host in page], last) == (["h1050"], None)


def test_each_host_that_is_there_gets_its_queue_again(registry: Registry) -> None:
    for name in ("web-1", "web-2", "db-1"):
        registry.service.add(name, by="root")
    registry.service.remove("web-2", by="root")
    registry.queues.names.clear()
    registry.service.make_queues()
    assert registry.queues.names == {"web-1", "db-1"}
