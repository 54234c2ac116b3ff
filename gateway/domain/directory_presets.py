"""What the common directories call things: a preset fills the form, and everything in it can be changed."""

from dataclasses import dataclass
from typing import Final

from gateway.domain.directory import FieldMap, Kind, LdapSettings, Membership


@dataclass(frozen=True, kw_only=True, slots=True)
class Preset:
    """`url` and `base` are examples to be overwritten."""

    name: str
    label: str
    kind: Kind = Kind.LDAP
    url: str = "ldaps://ldap.example.org"
    base: str = "dc=example,dc=org"
    ldap: LdapSettings
    fields: FieldMap


# Active Directory: MS-ADTS section 3.1.1. memberOf does not name the primary group, which is everybody's anyway.
_AD: Final = LdapSettings(
    urls=(),
    user_filter="(&(objectCategory=person)(objectClass=user)(sAMAccountName=*))",
    group_filter="(objectClass=group)",
    membership=Membership.PERSON,
    changed="uSNChanged",
)

PRESETS: Final[dict[str, Preset]] = {
    one.name: one
    for one in (
        Preset(
            name="ad",
            label="Microsoft Active Directory",
            url="ldaps://dc1.example.org",
            ldap=_AD,
            fields=FieldMap(
                name="sAMAccountName",
                external_id="objectGUID",
                full_name="displayName",
                department="department",
                language="preferredLanguage",
                aliases="proxyAddresses",
            ),
        ),
        Preset(
            name="openldap",
            label="OpenLDAP",
            ldap=LdapSettings(urls=(), changed="entryCSN"),
            fields=FieldMap(department="departmentNumber", language="preferredLanguage", groups="member"),
        ),
        Preset(
            name="edirectory",
            label="NetIQ eDirectory",
            base="o=example",
            ldap=LdapSettings(
                urls=(),
                group_filter="(objectClass=groupOfNames)",
                membership=Membership.PERSON,
            ),
            fields=FieldMap(
                name="cn",
                external_id="GUID",
                full_name="fullName",
                department="ou",
                language="Language",
                groups="groupMembership",
            ),
        ),
        Preset(
            name="domino",
            label="HCL Domino",
            base="o=example",
            ldap=LdapSettings(
                urls=(),
                user_filter="(objectClass=dominoPerson)",
                group_filter="(objectClass=dominoGroup)",
                changed="",
            ),
            fields=FieldMap(external_id="dominoUNID", department="department", groups="member"),
        ),
        Preset(
            name="google",
            label="Google Workspace (secure LDAP)",
            url="ldaps://ldap.google.com",
            ldap=LdapSettings(
                urls=(),
                user_filter="(objectClass=person)",
                group_filter="(objectClass=groupOfNames)",
                membership=Membership.PERSON,
                changed="",
            ),
            fields=FieldMap(full_name="displayName", department="departmentNumber"),
        ),
        Preset(
            name="entra",
            label="Microsoft Entra ID (Graph)",
            kind=Kind.GRAPH,
            ldap=LdapSettings(urls=()),
            fields=FieldMap(
                name="userPrincipalName",
                external_id="id",
                full_name="displayName",
                department="department",
                language="preferredLanguage",
                groups="groups",
                aliases="proxyAddresses",
            ),
        ),
    )
}
