"""Operations that checks call and moto lacks, added to its server: `add_operations`."""

from __future__ import annotations

from bot.demo.moto_compute import add_compute_operations
from bot.demo.moto_data import add_data_operations
from bot.demo.moto_ec2 import add_ec2_operations
from bot.demo.moto_front import add_front_operations
from bot.demo.moto_iam import add_iam
from bot.demo.moto_watch import add_watch_operations


def add_operations() -> None:
    """Teaches moto, in this process, what the demo's services do; `bot.demo.moto_answers` speaks for the others."""
    add_compute_operations()
    add_ec2_operations()
    add_data_operations()
    add_iam()
    add_front_operations()
    add_watch_operations()
