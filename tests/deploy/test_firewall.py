"""``WAF=on``: a firewall in front of the API that counts requests by address."""

from typing import Any

import pytest

import app
from tests.deploy import bill

#: What each rule counts, besides "all".
WINDOWS = {"/v1/iostat", "/v2/iostat"}


@pytest.fixture(scope="module")
def rules(parts: Any) -> dict[str, Any]:
    """Give the statement of each rule, by its name."""
    found = parts["Firewall"]["Rules"]
    return {it["Name"]: it["Statement"]["RateBasedStatement"] for it in found}


def test_there_is_none_unless_somebody_asks_for_it(template: Any) -> None:
    assert template["Parameters"]["Waf"]["Default"] == "off"
    assert template["Conditions"]["HasFirewall"] == {"Fn::Equals": [{"Ref": "Waf"}, "on"]}
    for name in ("Firewall", "FirewallAssociation"):
        assert template["Resources"][name]["Condition"] == "HasFirewall"


def test_it_stands_before_the_stage_of_the_api(parts: Any) -> None:
    assert parts["Firewall"]["Scope"] == "REGIONAL"
    arn = "arn:${AWS::Partition}:apigateway:${AWS::Region}::/restapis/${RestAPI}/stages/"
    assert parts["FirewallAssociation"] == {
        "ResourceArn": {"Fn::Sub": arn + "${RestAPI.Stage}"},
        "WebACLArn": {"Fn::GetAtt": ["Firewall", "Arn"]},
    }


def test_every_rule_counts_by_address_and_blocks(parts: Any, rules: dict[str, Any]) -> None:
    assert parts["Firewall"]["DefaultAction"] == {"Allow": {}}
    assert {str(it["Action"]) for it in parts["Firewall"]["Rules"]} == {"{'Block': {}}"}
    assert {it["AggregateKeyType"] for it in rules.values()} == {"IP"}


@pytest.mark.parametrize("prefix", ["/api", "", "/base"])
@pytest.mark.parametrize("path", sorted(app.app.routes))
def test_each_rule_counts_what_it_is_for(rules: dict[str, Any], prefix: str, path: str) -> None:
    """The prefix is the stage, or what a domain of the operator's own has before a path."""
    counted = {
        name
        for name, rule in rules.items()
        if bill.counts(rule.get("ScopeDownStatement"), prefix + path)
    }
    expected = {"all"}
    if not path.startswith("/v3/"):
        expected.add("without-login")
    if path in WINDOWS:
        expected.add("windows")
    assert counted == expected


def test_an_address_that_is_refused_gets_a_429_in_the_shape_of_ours(parts: Any) -> None:
    answer = parts["RestAPI"]["GatewayResponses"]["WAF_FILTERED"]
    assert answer["StatusCode"] == 429
    assert answer["ResponseParameters"]["Headers"]["Retry-After"] == "'60'"
