"""What people of the administration see and do: calls and health for operators, the desk for agents (docs/desk.md).

`routes` needs the store and the desk token only; `add_desk` adds what the console needs.
"""

from bot.web.desk.calls import routes
from bot.web.desk.wired import add_desk

__all__ = ["add_desk", "routes"]
