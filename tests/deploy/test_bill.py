"""What strangers can cost in a month, and take of what users need, computed from the template."""

from typing import Any

import pytest

from chalicelib.api.access import Access
from chalicelib.settings import Settings
from tests.deploy import bill
from tests.deploy.bill import Method


@pytest.fixture(scope="module")
def methods(parts: Any) -> list[Method]:
    """Give every method of the API as the template throttles it."""
    return list(bill.methods(parts["RestAPI"]["MethodSettings"]))


@pytest.fixture(scope="module")
def settings(environ: dict[str, str], parts: Any) -> Settings:
    return Settings.from_env(environ | chosen(parts, firewall=False))


@pytest.fixture(scope="module")
def behind_firewall(environ: dict[str, str], parts: Any) -> Settings:
    return Settings.from_env(environ | chosen(parts, firewall=True))


def chosen(parts: Any, *, firewall: bool) -> dict[str, str]:
    """Give the settings of the API that depend on ``WAF``."""
    variables = parts["APIHandler"]["Environment"]["Variables"]
    return {
        name: it["Fn::If"][1 if firewall else 2]
        for name, it in variables.items()
        if isinstance(it, dict) and it["Fn::If"][0] == "HasFirewall"
    }


def test_a_strangers_month_costs_less_than_1000_dollars(
    methods: list[Method], settings: Settings, parts: Any
) -> None:
    assert bill.of_all_strangers(methods, settings, parts) < 1000


def test_the_bound_would_notice_a_held_answer_and_a_wider_throttle(
    methods: list[Method], settings: Settings, parts: Any
) -> None:
    held = settings._replace(open_hold_seconds=20)
    assert bill.of_all_strangers(methods, held, parts) > 1000
    wider = [it._replace(rate=2 * it.rate) for it in methods]
    assert bill.of_all_strangers(wider, settings, parts) > 1000


def test_behind_the_firewall_the_month_of_one_address_costs_less_than_50_dollars(
    methods: list[Method], behind_firewall: Settings, parts: Any
) -> None:
    assert bill.of_one_address(methods, behind_firewall, parts) < 50


def test_that_bound_would_notice_a_longer_window_and_a_rule_that_is_missing(
    methods: list[Method], settings: Settings, behind_firewall: Settings, parts: Any
) -> None:
    assert bill.of_one_address(methods, settings, parts) > 50
    rules = parts["Firewall"]["Rules"]
    for rule in rules:
        others = [it for it in rules if it is not rule]
        changed = parts | {"Firewall": {"Rules": others}}
        assert bill.of_one_address(methods, behind_firewall, changed) > 50


def test_users_keep_half_of_the_api_whatever_strangers_do(
    methods: list[Method], settings: Settings, parts: Any
) -> None:
    reserved = parts["APIHandler"]["ReservedConcurrentExecutions"]["Fn::If"][1]
    taken = sum(
        it.burst + it.rate * bill.seconds(it, settings)
        for it in methods
        if it.access is Access.OPEN
    )
    assert taken <= reserved / 2


def test_what_users_do_most_is_throttled_least(methods: list[Method]) -> None:
    rates = {(it.verb, it.path): it.rate for it in methods}
    look = rates.pop(("GET", "/v3/task/{task_id}"))
    assert look > max(rates.values())
    of_anybody = [it.rate for it in methods if it.access is Access.OPEN]
    assert max(of_anybody) < rates["POST", "/v3/iostat"]
