"""What LDAP's values mean, and groups that contain groups."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.directory.ldap_groups import GroupBook, newest
from gateway.adapters.directory.ldap_process import LdapEntry
from gateway.adapters.directory.ldap_values import aliases, escaped, identifier, is_disabled
from gateway.domain.person import GroupEntry


def entry(**attributes: bytes) -> LdapEntry:
    return LdapEntry(dn="cn=x", attributes={name.lower(): [value] for name, value in attributes.items()})


@pytest.mark.parametrize(
    "hostile",
    ["*", "*)(uid=*", "a)(|(uid=*", "\\2a", "a\x00b", "admin)(&)", "ü", "\udcff", "x" * 1000, "(", "&", "|!=~<>"],
)
def test_no_value_is_read_as_a_filter(hostile: str) -> None:
    text = escaped(hostile)
    assert not set(text) & set("*()\x00&|!=~<>")
    assert text.replace("\\", "").isalnum()
    assert escaped("alice1") == "alice1"


@given(st.text(max_size=20))
def test_escaping_says_the_same(text: str) -> None:
    octets, out, at = text.encode("utf-8", "surrogatepass"), bytearray(), 0
    told = escaped(text)
    while at < len(told):
        if told[at] == "\\":
            out.append(int(told[at + 1 : at + 3], 16))
            at += 3
        else:
            out.append(ord(told[at]))
            at += 1
    assert bytes(out) == octets


@pytest.mark.parametrize(
    ("attributes", "off"),
    [
        ({}, False),
        ({"userAccountControl": b"512"}, False),
        ({"userAccountControl": b"514"}, True),
        ({"userAccountControl": b"66050"}, True),
        ({"userAccountControl": b"no number"}, False),
        ({"nsAccountLock": b"true"}, True),
        ({"loginDisabled": b"TRUE"}, True),
        ({"loginDisabled": b"FALSE"}, False),
        ({"pwdAccountLockedTime": b"000001010000Z"}, True),
        ({"pwdAccountLockedTime": b"20261130120000Z"}, False),
        ({"accountStatus": b"Suspended"}, True),
        ({"accountStatus": b"active"}, False),
    ],
)
def test_each_servers_switch_is_known(attributes: dict[str, bytes], off: bool) -> None:
    assert is_disabled(entry(**attributes)) is off


def test_identifiers_in_octets_read_as_their_makers_write_them() -> None:
    octets = bytes(range(16))
    assert identifier(entry(objectGUID=octets), "objectGUID") == "03020100-0504-0706-0809-0a0b0c0d0e0f"
    assert identifier(entry(GUID=octets), "GUID") == "00010203-0405-0607-0809-0a0b0c0d0e0f"
    assert identifier(entry(entryUUID=b"a-b"), "entryuuid") == "a-b"
    assert identifier(entry(), "entryUUID") == ""


def test_of_proxy_addresses_those_of_smtp_are_aliases() -> None:
    assert aliases(("SMTP:a@x.example", "smtp:b@x.example", "X400:C=de;A= ", "c@x.example")) == (
        "a@x.example",
        "b@x.example",
        "c@x.example",
    )


def test_nested_groups_are_found_upwards_and_rings_end() -> None:
    book = GroupBook()
    book.add("cn=A, dc=x", "a", members=["uid=ann,dc=x", "cn=b,dc=x"])
    book.add("cn=b,dc=x", "b", members=["CN=a,dc=x", "cn=c,dc=x"])
    book.add("cn=c,dc=x", "c", members=["uid=bob,dc=x", "login", "cn=c,dc=x"])
    assert book.of("UID=ann, dc=x", "ann") == ("a", "b")
    assert book.of("uid=bob,dc=x", "bob") == ("a", "b", "c")
    assert book.of("uid=eve,dc=x", "login") == ("a", "b", "c")
    assert book.of("uid=nobody,dc=x") == ()
    assert book.within("cn=a,dc=x", "uid=bob,dc=x")
    assert not book.within("cn=c,dc=x", "uid=ann,dc=x")
    assert book.tree() == (
        GroupEntry(name="a", parents=("b",)),
        GroupEntry(name="b", parents=("a",)),
        GroupEntry(name="c", parents=("b", "c")),
    )


def test_groups_that_say_where_they_belong() -> None:
    book = GroupBook()
    book.add("cn=a", "a", member_of=["cn=b", "cn=gone"])
    book.add("cn=b", "b", member_of=["cn=a"])
    assert book.of(direct=["CN=a", "cn=unknown"]) == ("a", "b")


def test_a_chain_of_fifty_thousand_groups_is_walked() -> None:
    book = GroupBook()
    for number in range(50_000):
        book.add(f"cn=g{number}", f"g{number}", members=[f"cn=g{number + 1}"])
    assert len(book.of(direct=["cn=g49999"])) == 50_000


@pytest.mark.parametrize(
    ("value", "before", "after"),
    [
        ("9", "10", "10"),
        ("11", "9", "11"),
        ("20261130120000Z", "20261130115959Z", "20261130120000Z"),
        ("20261130120000.000001Z#000000#000#000000", "20261130120000.000000Z#000000#001#000000", None),
        ("5", "", "5"),
    ],
)
def test_what_grows_is_compared_as_what_it_is(value: str, before: str, after: str | None) -> None:
    assert newest(value, before) == (value if after is None else after)
