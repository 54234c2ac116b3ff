"""The IPP front-end: requests to calls of the services, their answers and refusals to responses."""

from ipp.server.app import create_app

__all__ = ["create_app"]
