"""What LDAP's values mean: identifiers, switched-off accounts, and filters in which a value stays a value."""

from uuid import UUID

from gateway.adapters.directory.ldap_process import LdapEntry

ACCOUNT_DISABLED = 0x2  # MS-ADTS section 2.2.16, userAccountControl
LOCKED_FOR_EVER = "000001010000Z"  # draft-behera-ldap-password-policy-10 section 5.3.3
SWITCHES = ("userAccountControl", "nsAccountLock", "loginDisabled", "pwdAccountLockedTime", "accountStatus")
"""Active Directory; 389 and FreeIPA; eDirectory; OpenLDAP's ppolicy; what mail systems add."""
_OCTETS = frozenset({"objectguid", "guid"})


def escaped(value: str) -> str:
    """A value for a filter, RFC 4515 section 3: whatever stands in it is compared, and never read as a filter."""
    octets = value.encode("utf-8", "surrogatepass")
    return "".join(chr(one) if chr(one).isascii() and chr(one).isalnum() else f"\\{one:02x}" for one in octets)


def escaped_octets(value: bytes) -> str:
    return "".join(f"\\{one:02x}" for one in value)


def identifier(entry: LdapEntry, attribute: str) -> str:
    """A GUID in octets as Microsoft and NetIQ write it; else the text."""
    value = entry.first(attribute)
    if value is None:
        return ""
    if attribute.lower() in _OCTETS and len(value) == 16:
        return str(UUID(bytes_le=value) if attribute.lower() == "objectguid" else UUID(bytes=value))
    return entry.text(attribute)


def is_disabled(entry: LdapEntry) -> bool:
    """By any of the common switches, whichever server it is."""
    control = entry.text("userAccountControl")
    if control.lstrip("-").isdigit() and int(control) & ACCOUNT_DISABLED:
        return True
    if any(entry.text(name).upper() == "TRUE" for name in ("nsAccountLock", "loginDisabled")):
        return True
    if entry.text("pwdAccountLockedTime") == LOCKED_FOR_EVER:
        return True
    return entry.text("accountStatus").lower() in {"disabled", "inactive", "suspended"}


def aliases(values: tuple[str, ...]) -> tuple[str, ...]:
    """Mail addresses among them; of proxyAddresses those of SMTP."""
    found = []
    for value in values:
        scheme, colon, rest = value.partition(":")
        if not colon:
            found.append(value)
        elif scheme.lower() == "smtp":
            found.append(rest)
    return tuple(found)
