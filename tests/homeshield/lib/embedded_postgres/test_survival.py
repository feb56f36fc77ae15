"""The server, or whoever started it, dies at a bad moment: the next caller gets a whole server again."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from homeshield.lib import embedded_postgres
from homeshield.lib.embedded_postgres.binaries import server_binary
from homeshield.lib.embedded_postgres.location import locate

from .isolation import ENSURE, account, kill_server, launch, program_of, select, server_pid, wait_until


def test_a_killed_server_is_started_again_with_its_data(running: embedded_postgres.ConnectionInfo) -> None:
    with psycopg.connect(embedded_postgres.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    killed = kill_server()

    assert embedded_postgres.ensure_running() == running

    assert server_pid() != killed
    assert select("SELECT n FROM kept") == 7


def test_a_server_killed_in_the_middle_of_work_is_waited_for(running: embedded_postgres.ConnectionInfo) -> None:
    # Pure computation does not notice the death of the main process: this backend lives on for a while.
    work = "DO $$ BEGIN WHILE clock_timestamp() < now() + interval '1 s' LOOP END LOOP; END $$"
    psql = embedded_postgres.postgres_binary("psql")
    worker = subprocess.Popen([psql, embedded_postgres.url(), "-c", work], stdout=subprocess.DEVNULL)
    wait_until(lambda: select("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'DO %'") == 1)
    logged = len(locate().log.read_text())
    os.kill(server_pid(), signal.SIGKILL)

    embedded_postgres.ensure_running()

    worker.wait(timeout=10)
    assert "shared memory block" in locate().log.read_text()[logged:], "the control: there was something to wait for"
    assert select("SELECT 1") == 1


@pytest.mark.parametrize("moment", ["", "global/pg_control", "base/5"])
def test_a_kill_during_the_first_start_leaves_nothing_half_done(home: Path, moment: str) -> None:
    starter = launch(ENSURE)
    wait_until(lambda: bool(list(home.glob(f"unfinished-*/{moment}"))))

    starter.kill()

    starter.communicate()
    assert not (home / "data").exists()
    embedded_postgres.ensure_running()
    assert select("SELECT 1") == 1
    assert (home / "data" / "PG_VERSION").exists()
    time.sleep(0.5)  # what the killed starter's initdb still wrote
    kill_server()
    embedded_postgres.ensure_running()
    assert list(home.glob("unfinished-*")) == []


def test_a_starter_killed_while_it_waits_leaves_a_usable_server(running: embedded_postgres.ConnectionInfo) -> None:
    kill_server()
    starter = launch(ENSURE)
    wait_until(lambda: embedded_postgres.status().running)
    starter.kill()
    starter.communicate()

    embedded_postgres.ensure_running()

    assert select("SELECT 1") == 1


def _stop_and_leave_lock_files(pid: int | str) -> None:
    """The state after a crash of the machine: the files that name the server are there, the server is not."""
    embedded_postgres.ensure_running()
    location = locate()
    content = location.pid_file.read_text().splitlines()
    embedded_postgres.stop()
    files = {location.pid_file: content[1:], Path(f"{location.socket}.lock"): content[1:5]}
    location.socket_dir.mkdir(mode=0o700)
    os.chown(location.socket_dir, location.uid, -1)
    for path, rest in files.items():
        path.write_text("\n".join([str(pid), *rest, ""]) if pid else "")
        path.chmod(0o600)
        os.chown(path, location.uid, -1)


def _starts_by_itself() -> bool:
    """Whether PostgreSQL starts on the data without the launcher's help."""
    location = locate()
    postgres = server_binary("postgres", location)
    command: list[str | Path] = [postgres, "-D", location.data, "-k", location.socket_dir, "-h", ""]
    try:
        subprocess.run(command, capture_output=True, timeout=0.5, cwd="/", **account())
    except subprocess.TimeoutExpired:
        return True
    return False


def test_a_stale_pid_file_is_no_obstacle(running: embedded_postgres.ConnectionInfo) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    _stop_and_leave_lock_files(gone.pid)

    embedded_postgres.ensure_running()

    assert select("SELECT 1") == 1


def test_an_empty_pid_file_is_no_obstacle(running: embedded_postgres.ConnectionInfo) -> None:
    _stop_and_leave_lock_files("")
    assert not _starts_by_itself(), "the control: the file does stop PostgreSQL"

    embedded_postgres.ensure_running()

    assert select("SELECT 1") == 1


@pytest.mark.parametrize("state", ["living", "zombie"])
def test_a_reused_pid_is_no_obstacle_and_its_process_no_victim(
    running: embedded_postgres.ConnectionInfo, state: str
) -> None:
    other = subprocess.Popen(["sleep", "60"], cwd="/", **account())
    try:
        if state == "zombie":
            other.kill()
            wait_until(lambda: ") Z " in Path(f"/proc/{other.pid}/stat").read_text())
        _stop_and_leave_lock_files(other.pid)
        assert not _starts_by_itself(), "the control: the file does stop PostgreSQL"
        assert not embedded_postgres.status().running

        embedded_postgres.ensure_running()

        assert select("SELECT 1") == 1
        if state == "living":
            embedded_postgres.stop()
            assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_deleted_socket_folder_comes_back(running: embedded_postgres.ConnectionInfo) -> None:
    shutil.rmtree(running.host)

    embedded_postgres.ensure_running()

    assert select("SELECT 1") == 1


def test_deleting_the_folder_of_a_running_server_gives_a_new_one(home: Path) -> None:
    embedded_postgres.ensure_running()
    deleted = server_pid()
    shutil.rmtree(home)

    embedded_postgres.ensure_running()

    assert server_pid() != deleted
    assert program_of(deleted) == ""
    assert select("SELECT 1") == 1


def test_a_server_that_cannot_start_says_why(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    embedded_postgres.ensure_running()
    embedded_postgres.stop()
    with (home / "data" / "postgresql.conf").open("a") as configuration:
        configuration.write("no_such_setting = 1\n")

    with pytest.raises(embedded_postgres.EmbeddedPostgresError, match="no_such_setting"):
        embedded_postgres.ensure_running()
