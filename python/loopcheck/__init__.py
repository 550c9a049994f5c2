"""Tells which asyncio event loop each entry point really gets on Windows, and puts it right."""
