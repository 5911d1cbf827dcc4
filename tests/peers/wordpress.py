"""A real WordPress on loopback: Debian's packages wordpress, php-cli, php-mysql, mariadb-server.

async with real_wordpress(folder) as site:
    ... site.settings ... a user who is an Author, with an application password

Everything it writes is under `folder`, and its processes end with it.
"""

import asyncio
import os
import secrets
import shutil
import socket
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path("/usr/share/wordpress")
PROGRAMS = ("php", "mariadbd", "mariadb-install-db")
IS_INSTALLED = PACKAGE.is_dir() and all(map(shutil.which, PROGRAMS))
USER = "wiredesk"
CONFIG = """<?php
define('DB_NAME', 'wordpress'); define('DB_USER', 'root'); define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:%(sock)s'); define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
define('WP_ENVIRONMENT_TYPE', 'local'); define('WP_HTTP_BLOCK_EXTERNAL', true);
define('DISABLE_WP_CRON', true); define('AUTOMATIC_UPDATER_DISABLED', true);
foreach (['AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY', 'NONCE_KEY', 'AUTH_SALT',
          'SECURE_AUTH_SALT', 'LOGGED_IN_SALT', 'NONCE_SALT'] as $name) {
  define($name, '%(secret)s' . $name);
}
$table_prefix = 'wp_';
if (!defined('ABSPATH')) { define('ABSPATH', __DIR__ . '/'); }
require_once ABSPATH . 'wp-settings.php';
"""
INSTALL = """<?php
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = '%(host)s'; $_SERVER['REQUEST_URI'] = '/';
require '%(root)s/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
ob_start();
wp_install('Downstream', 'admin', 'admin@example.com', true, '', '%(secret)s');
update_option('siteurl', 'http://%(host)s'); update_option('home', 'http://%(host)s');
update_option('permalink_structure', '/%%postname%%/');
$id = wp_create_user('%(user)s', '%(secret)s', 'wiredesk@example.com');
(new WP_User($id))->set_role('author');
list($password) = WP_Application_Passwords::create_new_application_password(
  $id, ['name' => 'wiredesk']);
ob_end_clean();
echo $password;
"""


@dataclass(frozen=True)
class Site:
    """A running one."""

    address: str
    settings: Mapping[str, str]


@asynccontextmanager
async def real_wordpress(folder: Path) -> AsyncIterator[Site]:
    """One that is installed, empty, and answers."""
    host, sock, root = f"127.0.0.1:{_free_port()}", folder / "db.sock", folder / "site"
    words = {"sock": sock, "host": host, "root": root, "user": USER}
    words["secret"] = secrets.token_hex(16)
    await asyncio.to_thread(_copy, root, CONFIG % words)
    database = await _database(folder, sock)
    try:
        (folder / "install.php").write_text(INSTALL % words)
        password = await _said("php", folder / "install.php")
        serving = await _start(
            *("php", "-S", host, "-t", root),
            env={**os.environ, "PHP_CLI_SERVER_WORKERS": "4"},
        )
        try:
            await _until_open(host)
            address = f"http://{host}"
            yield Site(address, {"site": address, "user": USER, "password": password})
        finally:
            await _end(serving)
    finally:
        await _end(database)


def _copy(root: Path, config: str) -> None:
    shutil.copytree(PACKAGE, root, ignore_dangling_symlinks=True)
    (root / "wp-config.php").write_text(config)
    (root / "wp-content" / "uploads").mkdir(exist_ok=True)


async def _database(folder: Path, sock: Path) -> Process:
    data = folder / "data"
    user = f"--user={os.environ.get('USER') or 'root'}"
    await _said(
        *("mariadb-install-db", "--no-defaults", f"--datadir={data}", user),
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
    )
    (folder / "init.sql").write_text("CREATE DATABASE IF NOT EXISTS wordpress;\n")
    process = await _start(
        *("mariadbd", "--no-defaults", f"--datadir={data}", f"--socket={sock}", user),
        *("--skip-networking", f"--init-file={folder / 'init.sql'}"),
    )
    async with asyncio.timeout(60):
        while not sock.is_socket():  # noqa: ASYNC240  # a moment
            await asyncio.sleep(0.1)
    return process


async def _start(*command: str | Path, env: Mapping[str, str] | None = None) -> Process:
    """In a session of its own, so that its workers end with it."""
    return await asyncio.create_subprocess_exec(
        *command, stdout=DEVNULL, stderr=DEVNULL, env=env, start_new_session=True
    )


async def _said(*command: str | Path) -> str:
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
    out, err = await process.communicate()
    assert process.returncode == 0, (out + err).decode()
    return out.decode().strip()


async def _end(process: Process) -> None:
    if process.returncode is None:
        os.killpg(process.pid, 15)
    await process.wait()


async def _until_open(host: str) -> None:
    name, _, port = host.partition(":")
    async with asyncio.timeout(30):
        while True:
            try:
                _, writer = await asyncio.open_connection(name, int(port))
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
