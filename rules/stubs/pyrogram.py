# pyrogram 2.0.106 pyrogram/sync.py:29-32: importing it asks for the current loop, and so makes it.
# Its forks, which people import by the same name, also work on Python 3.14, where nothing makes one.
import asyncio.events as events

events._current_or_new()
