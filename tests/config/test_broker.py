"""The embedded broker: messages in a folder."""

import os

import pytest
from kombu import Connection

from config import broker


@pytest.fixture
def queue(tmp_path):
    """A queue of the embedded broker: put(), get_nowait()."""
    options = {
        "data_folder_in": str(tmp_path),
        "data_folder_out": str(tmp_path),
        "control_folder": str(tmp_path / "control"),
    }
    with Connection("filesystem://localhost", transport_options=options) as connection:
        # kombu remembers per process which queues exist, so each test has one of its own name
        yield connection.SimpleQueue(tmp_path.name)


def test_messages_come_out_once_and_in_order(queue):
    for number in range(3):
        queue.put({"number": number})

    taken = []
    for _ in range(3):
        message = queue.get(timeout=1)
        taken.append(message.payload["number"])
        message.ack()

    assert taken == [0, 1, 2]
    with pytest.raises(queue.Empty):
        queue.get_nowait()


def test_half_a_message_is_not_taken(queue, tmp_path):
    queue.put({"number": 1})
    [message] = tmp_path.glob("*.msg")
    message.rename(f"{message}.part")

    with pytest.raises(queue.Empty):
        queue.get_nowait()


def test_only_old_messages_are_tidied_away(queue, tmp_path):
    for number in range(2):
        queue.put({"number": number})
    old, young = sorted(tmp_path.glob("*.msg"))
    os.utime(old, (0, 0))

    assert broker.tidy(tmp_path, older_than=3600) == 1
    assert list(tmp_path.glob("*.msg")) == [young]
