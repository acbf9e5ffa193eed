"""A disk that does not take a clip: what else is not paid for then."""

import errno
from pathlib import Path

from batchrunner.domain.step import HoldReason
from batchrunner.engine.stops import Stops
from batchrunner.io.dir_fd import Refused
from batchrunner.planning.inputs import StopReason
from batchrunner.storage.output_folders import nearest

_THE_WHOLE_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})


def stop_for(error: OSError, final: Path, stops: Stops) -> StopReason:
    """Why this clip has to wait; nothing more is paid for that the same disk or folder would not take."""
    why = str(error) if isinstance(error, Refused) else error.strerror or str(error)
    if error.errno in _THE_WHOLE_DISK or isinstance(error, Refused):
        said = f"cannot write clips to {final.parent}: {why}; fix this and run again"
        stops.stop(HoldReason.HALT, said)
    else:
        folder = final.parent if error.errno == errno.ENAMETOOLONG else nearest(final.parent)[0]
        stops.stop_folder(folder, f"cannot write {final.name}: {why}; fix this and run again")
    return StopReason(HoldReason.FETCH_FAILED, f"cannot write its clip: {why}")
