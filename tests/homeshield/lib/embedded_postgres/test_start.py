"""A server comes up when it is needed: alone, in a crowd, in odd places; and nobody else gets in."""

import os
import shutil
import signal
import stat
import statistics
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from homeshield.lib import embedded_postgres
from homeshield.lib.embedded_postgres import binaries
from homeshield.lib.embedded_postgres.location import Account, can_reach, locate

from .isolation import (
    ENSURE,
    PROJECT,
    ROOT,
    delete_server,
    launch,
    only_root,
    output,
    program_of,
    select,
    server_pid,
    wait_until,
)

SOCKET_PATH_LIMIT = 103  # macOS's; Linux has 107


def test_first_start_makes_the_database(home: Path) -> None:
    assert not embedded_postgres.status().running

    info = embedded_postgres.ensure_running()

    assert (info.user, info.dbname) == ("homeshield", "homeshield")
    assert embedded_postgres.status().running
    row = "(datname, pg_encoding_to_char(encoding), datlocprovider, datlocale)::text"
    assert select(f"SELECT {row} FROM pg_database WHERE datname = current_database()") == (
        "(homeshield,UTF8,b,C.UTF-8)"
    )
    folders = {path.name for path in home.iterdir() if path.is_dir()}
    copies = {path.name for path in home.glob(f"{binaries.PACKAGE}-*")}  # where this checkout lies in a closed folder
    assert folders - copies == {"data"}


@pytest.mark.parametrize(("name", "value"), embedded_postgres.SERVER_SETTINGS.items())
def test_settings_are_in_force(running: embedded_postgres.ConnectionInfo, name: str, value: str) -> None:
    assert select(f"SHOW {name}") == value


def test_a_running_server_costs_far_less_than_a_millisecond(running: embedded_postgres.ConnectionInfo) -> None:
    costs = []
    for _ in range(200):
        began = time.perf_counter()
        embedded_postgres.ensure_running()
        costs.append(time.perf_counter() - began)

    assert statistics.median(costs) < 0.0005


def test_four_processes_start_one_server(home: Path) -> None:
    processes = [launch(ENSURE) for _ in range(4)]

    pids = {output(process) for process in processes}

    assert pids == {str(server_pid())}
    assert (home / "server.log").read_text().count("starting PostgreSQL") == 1
    assert select("SELECT 1") == 1


def test_stop_ends_the_server_and_leaves_no_socket_behind(home: Path) -> None:
    assert not embedded_postgres.stop()
    assert not home.exists(), "stopping nothing must create nothing"
    embedded_postgres.ensure_running()
    location = locate()

    assert embedded_postgres.stop()

    assert not embedded_postgres.status().running
    assert not location.socket_dir.exists()
    assert not embedded_postgres.stop()


def test_programs_of_postgresql_run_and_connect(running: embedded_postgres.ConnectionInfo) -> None:
    for name in ("psql", "pgbench", "pg_basebackup", "pg_dump"):
        version = subprocess.run([embedded_postgres.postgres_binary(name), "--version"], capture_output=True, text=True)
        assert version.stdout.startswith(f"{name} (PostgreSQL) 18")
    psql = [str(embedded_postgres.postgres_binary("psql")), embedded_postgres.url(), "-Atc", "SELECT 'reached'"]
    assert subprocess.run(psql, capture_output=True, text=True).stdout == "reached\n"
    with pytest.raises(embedded_postgres.EmbeddedPostgresError, match="no program 'oracle'"):
        embedded_postgres.postgres_binary("oracle")


def test_a_missing_package_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "PACKAGE", "no_such_package")
    binaries.installation.cache_clear()

    with pytest.raises(embedded_postgres.EmbeddedPostgresError, match="uv sync"):
        embedded_postgres.postgres_binary("psql")


def test_a_long_project_path_with_spaces(home: Path) -> None:
    project = home.parent / "a project with spaces" / ("x" * 60) / ("y" * 60)
    shutil.copytree(PROJECT / "homeshield" / "lib" / "embedded_postgres", project / "homeshield/lib/embedded_postgres")
    code = "from homeshield.lib import embedded_postgres as e; print(e.url(), e.status().data, sep='\\n')"
    stop = "from homeshield.lib import embedded_postgres as e; e.stop(); print(e.status().data)"
    try:
        url, data = output(launch(code, project=project, HOMESHIELD_POSTGRES_DIR="")).splitlines()
        assert select("SELECT 1", url) == 1
        if not ROOT:
            assert Path(data) == project / ".local" / "postgres" / "data"
    finally:
        data = output(launch(stop, project=project, HOMESHIELD_POSTGRES_DIR=""))
        shutil.rmtree(Path(data).parent)


def test_the_socket_path_stays_short_whatever_the_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(embedded_postgres.DIRECTORY_VARIABLE, str(home / ("long " * 40)))

    embedded_postgres.ensure_running()

    assert len(os.fsencode(locate().socket)) < SOCKET_PATH_LIMIT
    assert len(os.fsencode(locate().data)) > SOCKET_PATH_LIMIT
    assert select("SELECT 1") == 1
    delete_server()


def test_no_folder_above_changes_its_mode_and_ours_are_private(home: Path) -> None:
    above = {path: path.stat() for path in home.parents}

    embedded_postgres.ensure_running()

    for path, before in above.items():
        after = path.stat()
        assert (after.st_mode, after.st_uid, after.st_gid) == (before.st_mode, before.st_uid, before.st_gid), path
    location = locate()
    for private in (location.data, location.socket_dir):
        entry = private.lstat()
        assert (stat.S_IMODE(entry.st_mode), entry.st_uid) == (0o700, location.uid)
    assert stat.S_IMODE(location.socket.stat().st_mode) == 0o700
    assert stat.S_IMODE(home.stat().st_mode) == (0o711 if ROOT else 0o700)
    assert home.stat().st_uid == os.geteuid()


@only_root
def test_another_user_cannot_connect(running: embedded_postgres.ConnectionInfo) -> None:
    code = f"""
import os, socket
client = socket.socket(socket.AF_UNIX)
os.setgroups([]); os.setgid(54321); os.setuid(54321)
try:
    client.connect({str(locate().socket)!r})
except PermissionError:
    print("refused")
"""
    assert output(launch(code)) == "refused"
    allowed = code.replace("54321", str(locate().uid)) + "else:\n    print('connected')"
    assert output(launch(allowed)) == "connected", "the control: the server's own account does get in"


def test_another_users_socket_folder_is_refused(home: Path) -> None:
    location = locate()
    elsewhere = home.parent / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    location.socket_dir.symlink_to(elsewhere)
    try:
        with pytest.raises(embedded_postgres.EmbeddedPostgresError, match="is not a folder of the server's user"):
            embedded_postgres.ensure_running()
    finally:
        location.socket_dir.unlink()

    assert not embedded_postgres.status().running
    assert list(elsewhere.iterdir()) == []


@only_root
def test_a_closed_folder_is_refused_and_stays_closed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = home.parent / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setenv(embedded_postgres.DIRECTORY_VARIABLE, str(closed / "pg"))

    with pytest.raises(embedded_postgres.EmbeddedPostgresError, match="no folder is opened for it"):
        embedded_postgres.ensure_running()

    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


@only_root
def test_binaries_under_a_closed_folder_are_copied(home: Path) -> None:
    closed = home.parent / "closed"
    closed.mkdir(mode=0o700)
    installation = binaries.installation()
    package = closed / "site-packages" / binaries.PACKAGE
    shutil.copytree(installation, package / installation.name, copy_function=os.link)
    shutil.copytree(installation.parents[1] / binaries.LIBRARIES, package.parent / binaries.LIBRARIES)
    (package / "__init__.py").touch()

    pid = output(launch(ENSURE, PYTHONPATH=str(package.parent)))

    assert Path(program_of(int(pid))).is_relative_to(home), "it runs the copy"
    assert select("SELECT to_tsvector('english', 'houses')::text") == "'hous':1", "a module and a file of the copy"
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_ctrl_c_in_the_starting_terminal_leaves_the_server_up(stopped: embedded_postgres.ConnectionInfo) -> None:
    starter = launch(f"{ENSURE.replace('print(', 'print(flush=True, *[')[:-1]}]); import time; time.sleep(60)")
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())

    os.killpg(starter.pid, signal.SIGINT)

    starter.communicate(timeout=10)
    assert starter.returncode == -signal.SIGINT
    assert server_pid() == pid
    assert os.getsid(pid) != os.getsid(0)
    assert select("SELECT 1") == 1


def test_ctrl_c_during_the_first_start_leaves_nothing_half_done(home: Path) -> None:
    starter = launch(ENSURE)
    wait_until(lambda: bool(list(home.glob("unfinished-*/PG_VERSION"))))

    os.killpg(starter.pid, signal.SIGINT)

    starter.communicate(timeout=10)
    assert starter.returncode == -signal.SIGINT
    assert not (home / "data").exists()
    embedded_postgres.ensure_running()
    assert select("SELECT 1") == 1


def test_the_server_listens_on_no_tcp_port(running: embedded_postgres.ConnectionInfo) -> None:
    def sockets(tables: tuple[str, ...], column: int) -> set[str]:
        lines = [line.split() for table in tables for line in Path("/proc/net", table).read_text().splitlines()[1:]]
        return {f"socket:[{line[column]}]" for line in lines}

    targets: set[str] = set()
    try:
        for link in Path(f"/proc/{server_pid()}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed in the meantime
                targets.add(str(link.readlink()))
    except (FileNotFoundError, PermissionError):
        pytest.skip("this system does not show the sockets of the server's process")

    assert targets & sockets(("unix",), 6), "the control: its Unix socket is seen"
    assert not targets & sockets(("tcp", "tcp6"), 9)


@only_root
def test_the_server_of_a_normal_user_is_their_own(home: Path) -> None:
    user = Account("nobody", 65534, 65534)
    if not can_reach(binaries.installation() / "bin" / "postgres", user):
        pytest.skip("the environment lies under a folder that only root can enter")
    home.mkdir(mode=0o700)
    os.chown(home, user.uid, user.gid)
    # Everything is imported while still root: the interpreter may lie where only root can read.
    become = f"os.setgroups([]); os.setgid({user.gid}); os.setuid({user.uid})"
    report = "s = e.status(); print(s.account, os.stat(f'/proc/{s.pid}').st_uid, s.data.stat().st_uid)"

    start = f"{become}; e.ensure_running(); {report}; e.stop()"
    told = output(launch(f"import os; from homeshield.lib import embedded_postgres as e; {start}"))

    assert told == f"None {user.uid} {user.uid}"
