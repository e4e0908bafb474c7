"""Celery as the bell between processes: short tasks, no results, no patience with a broker that is away."""

from __future__ import annotations

from celery import Celery
from flask import Flask

_PATIENCE = 1.0  # seconds for the broker to answer a connection


def make_celery(app: Flask) -> Celery:
    """The Celery application of this process, speaking to BROKER_URL."""
    celery = Celery("posthouse", broker=app.config["BROKER_URL"], include=["app.jobs.tasks"], set_as_current=True)
    celery.set_default()
    celery.conf.update(
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        task_acks_late=False,
        task_default_queue="fast",
        task_create_missing_queues=True,
        task_publish_retry=False,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=False,
        worker_enable_remote_control=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_timeout=_PATIENCE,
        broker_connection_retry=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "socket_connect_timeout": _PATIENCE,
            "socket_timeout": 5.0,  # longer than the second for which a worker waits at the queue
            "max_retries": 0,
            "retry_policy": {"max_retries": 0},
            "global_keyprefix": "posthouse:",
        },
    )
    return celery


def listen(celery: Celery) -> None:
    """Be a Celery worker in this thread until SIGTERM. Two threads do: a task only wakes others."""
    worker = celery.Worker(
        pool_cls="threads", concurrency=2, queues=["fast", "bulk"], loglevel="WARNING", quiet=True,
        without_gossip=True, without_mingle=True, without_heartbeat=True,
    )
    worker.start()
