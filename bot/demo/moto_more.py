"""Operations that checks call and moto lacks, added to its server: `add_operations`."""

from __future__ import annotations

from bot.demo.moto_compute import add_compute_operations
from bot.demo.moto_data import add_data_operations
from bot.demo.moto_detectors import add_detectors
from bot.demo.moto_ec2 import add_ec2_operations
from bot.demo.moto_front import add_front_operations
from bot.demo.moto_guards import add_guards
from bot.demo.moto_iam import add_iam
from bot.demo.moto_stores import add_stores
from bot.demo.moto_watch import add_watch_operations


def add_operations() -> None:
    """Teaches moto, in this process, what it has no answer to."""
    add_compute_operations()
    add_detectors()
    add_ec2_operations()
    add_guards()
    add_data_operations()
    add_stores()
    add_iam()
    add_front_operations()
    add_watch_operations()
