"""The service in our words: `client` asks, `wire` knows every oddity of its replies."""

from batchrunner.providers.modellix.client import Modellix
from batchrunner.providers.modellix.wire import is_task_id, task_id_hints

__all__ = ["Modellix", "is_task_id", "task_id_hints"]
