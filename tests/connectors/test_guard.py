"""The guard: no name and no spelling leads inside, whatever a resolver answers."""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import Any

import pytest

from connectors.errors import ConfigError, Transient
from connectors.guard import Guard, is_public


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254",
        "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.168.1.1", "198.18.0.1",
        "198.51.100.1", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
        "168.63.129.16", "192.88.99.1",
        "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001::1",
        "2001:db8::1", "2002:7f00:1::", "fc00::1", "fd12::1", "fe80::1", "fec0::1", "ff02::1",
        "3fff::1", "4000::1",
    ],
)  # fmt: skip
def test_inside_is_inside(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "172.32.0.1",
        "100.128.0.1",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
    ],
)
def test_outside_is_outside(address: str) -> None:
    assert is_public(ip_address(address))


def answering(*addresses: str) -> Any:
    def resolve(host: str, port: int, **more: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses]

    return resolve


def test_one_inner_address_among_several_is_enough_to_refuse() -> None:
    with pytest.raises(ConfigError, match="private or reserved"):
        Guard(resolver=answering("1.1.1.1", "127.0.0.1")).resolve("crm.example.com", 443)
    assert Guard(resolver=answering("1.1.1.1")).resolve("crm.example.com", 443) == "1.1.1.1"


@pytest.mark.parametrize("host", ["0177.0.0.1", "127.1", "2130706433", "①②⑦.⓪.⓪.①", "localhost"])
def test_spellings_of_home_are_home(host: str) -> None:
    with pytest.raises((ConfigError, Transient)):
        Guard().resolve(host, 80)


def test_an_operator_may_list_networks_and_hosts() -> None:
    inner = answering("10.1.2.3")
    assert Guard(["10.1.0.0/16"], inner).resolve("crm.corp", 443) == "10.1.2.3"
    assert Guard(["CRM.corp."], inner).resolve("crm.corp", 443) == "10.1.2.3"
    assert Guard(["10.1.2.3"], inner).is_listed("10.1.2.3")
    for listed in ("10.2.0.0/16", "other.corp", "fd00::/8"):
        with pytest.raises(ConfigError):
            Guard([listed], inner).resolve("crm.corp", 443)


def test_a_name_that_leads_nowhere_may_come_back() -> None:
    def fail(*args: Any, **more: Any) -> Any:
        raise socket.gaierror("no such name")

    with pytest.raises(Transient, match="cannot be found"):
        Guard(resolver=fail).resolve("gone.example.com", 443)
    with pytest.raises(Transient, match="has no address"):
        Guard(resolver=answering()).resolve("gone.example.com", 443)
