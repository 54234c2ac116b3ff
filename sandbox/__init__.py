"""Opening, checking and rendering of foreign documents, each in a disposable jail.

The gateway never parses a document itself: `sandbox.client.Sandbox` streams it into a worker behind bubblewrap, seccomp,
resource limits and a watchdog, and streams the result out again. The package imports nothing else of the project. This
module stays empty on purpose: the worker imports it too, and its start counts.
"""
