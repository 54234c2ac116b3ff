"""Directories: LDAP through a process of its own, Microsoft Entra through Graph."""
