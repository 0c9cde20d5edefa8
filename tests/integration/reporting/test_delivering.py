"""Packs delivered to real places: a folder, a mail server, a web server."""

from __future__ import annotations

import email
import json
import socket
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from tests.integration.run.small import Small

from headwater.errors import HeadwaterError, Issue
from headwater.project import Project
from headwater.project.reporting.delivering import Delivery, deliver, read_deliveries, write_files
from headwater.project.reporting.mailing import Server, send_mail
from headwater.project.reporting.making import build_pack, find_report, pack_files
from headwater.project.reporting.webhooks import post_json


class Mailbox:
    """What an SMTP server received."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.receivers: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        message = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.receivers += envelope.rcpt_tos
        return "250 OK"


def free_port() -> int:
    """aiosmtpd wants to know its port beforehand."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    found = Mailbox()
    port = free_port()
    controller = Controller(found, hostname="127.0.0.1", port=port)
    controller.start()
    yield found, port
    controller.stop()


class Hook(BaseHTTPRequestHandler):
    """Takes JSON; answers with what is left in `answers`, then 200."""

    answers: ClassVar[list[int]] = []
    taken: ClassVar[list[tuple[dict[str, str], Any]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.taken.append((dict(self.headers), json.loads(body)))
        self.send_response(self.answers.pop(0) if self.answers else 200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def hook() -> Iterator[str]:
    Hook.answers, Hook.taken = [], []
    server = HTTPServer(("127.0.0.1", 0), Hook)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/in"
    server.shutdown()
    server.server_close()


def send(
    shop: Small, destinations: str, *, again: bool = False, period: str = ""
) -> tuple[tuple[Delivery, ...], tuple[Issue, ...]]:
    title = "title: 'Pack <script>alert(1)</script>'"
    shop.write("reports/monthly.yml", f"{title}\nmetrics: [revenue]\ndeliver: {destinations}\n")
    with shop.open() as project:
        return send_in(project, again=again, period=period)


def send_in(
    project: Project, *, again: bool, period: str
) -> tuple[tuple[Delivery, ...], tuple[Issue, ...]]:
    pack = build_pack(project, find_report(project, None), period=period)
    return deliver(pack, pack_files(pack, project), project.workspace, again=again)


def test_a_folder_gets_whole_files_once(shop: Small) -> None:
    first, issues = send(shop, "[{folder: out/packs}]", period="2023-05")
    assert issues == ()
    assert [each.status for each in first] == ["delivered"]
    names = sorted(path.name for path in (shop.root / "out/packs").iterdir())
    assert names == ["monthly-2023-05.html", "monthly-2023-05.json", "monthly-2023-05.pdf"]
    second, _ = send(shop, "[{folder: out/packs}]", period="2023-05")
    assert [each.status for each in second] == ["already"]
    third, _ = send(shop, "[{folder: out/packs}]", period="2023-05", again=True)
    assert [each.status for each in third] == ["delivered"]
    with shop.open() as project:
        kept = [d for d in read_deliveries(project.ledger, "monthly") if "2023-05" in d.period]
    assert [each.status for each in kept] == ["delivered", "delivered"]
    assert kept[0].digest == kept[1].digest
    assert kept[0].release == 1


def test_mail_has_text_html_and_the_pack(
    shop: Small, mailbox: tuple[Mailbox, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    box, port = mailbox
    monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{port}")
    monkeypatch.setenv("BOARD", "board@shop.example")
    settings = (shop.root / "headwater.yml").read_text().split("mail:")[0]
    shop.write("headwater.yml", settings + "mail: {url: '${SMTP_URL}', sender: hw@shop.example}\n")
    _, issues = send(shop, "[{email: ['${BOARD}', b@shop.example]}]", period="2023-06")
    assert issues == ()
    (message,) = box.messages
    assert box.receivers == ["board@shop.example", "b@shop.example"]
    assert message["From"] == "hw@shop.example"
    assert message["Subject"].startswith("Pack <script>")
    assert message["Auto-Submitted"] == "auto-generated"
    text = message.get_body(("plain",))
    html = message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "Revenue stood at" in text.get_content()
    assert "<script>" not in html.get_content()
    assert [part.get_filename() for part in message.iter_attachments()] == [
        "monthly-2023-06.html",
        "monthly-2023-06.pdf",
    ]


def test_a_webhook_that_is_busy_is_asked_again(
    shop: Small, hook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Hook.answers = [503]
    monkeypatch.setenv("HOOK_TOKEN", "geheim123")
    _, issues = send(shop, f"[{{webhook: '{hook}?token=${{HOOK_TOKEN}}'}}]", period="2023-07")
    assert issues == ()
    assert len(Hook.taken) == 2
    headers, pack = Hook.taken[1]
    assert headers["Idempotency-Key"] == pack["digest"]
    assert pack["period"] == {"first": "2023-07-01", "last": "2023-07-31"}
    with shop.open() as project:
        (note,) = [n for n in project.ledger.notes(sort="report") if "2023-07" in n.text]
    assert "geheim123" not in note.text + note.data


def test_what_fails_is_recorded_without_its_secret_and_does_not_stop_the_rest(
    shop: Small, hook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Hook.answers = [404]
    monkeypatch.setenv("HOOK", f"{hook}/geheim456")
    places = "[{webhook: '${HOOK}'}, {folder: out/rest}]"
    found, issues = send(shop, places, period="2023-08")
    assert [each.status for each in found] == ["failed", "delivered"]
    (issue,) = issues
    assert issue.code == "E956"
    assert "404" in issue.what
    assert "geheim456" not in str(issue) + found[0].error
    found, issues = send(shop, places, period="2023-08")
    assert [each.status for each in found] == ["delivered", "already"]
    assert issues == ()


def test_a_secret_that_is_not_set_and_no_mail_server(
    shop: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SMTP_URL", raising=False)
    settings = (shop.root / "headwater.yml").read_text().split("mail:")[0]
    shop.write("headwater.yml", settings)
    places = "[{webhook: '${NOWHERE}'}, {email: a@shop.example}]"
    _, issues = send(shop, places, period="2023-09")
    assert [issue.code for issue in issues] == ["E118", "E958"]


def test_a_folder_that_cannot_be_written(shop: Small) -> None:
    shop.write("out/file", "in the way")
    _, issues = send(shop, "[{folder: out/file/packs}]", period="2023-10")
    assert [issue.code for issue in issues] == ["E957"]


def test_the_url_of_a_server() -> None:
    server = Server.parse("smtp://me:pw@mail.example")
    assert not server.is_here
    assert "pw" not in repr(server)
    assert (server.port, Server.parse("smtps://mail.example").port) == (587, 465)
    assert Server.parse("smtp://a%40b:p%2Fw@localhost").password == "p/w"
    for wrong in ("mail.example", "http://x", "smtp://", "smtp://x:port"):
        with pytest.raises(HeadwaterError, match="E955"):
            Server.parse(wrong)


def test_a_login_that_is_refused() -> None:
    class Refusing:
        def __call__(self, *_: object) -> AuthResult:
            return AuthResult(success=False, handled=False)

    port = free_port()
    controller = Controller(
        Mailbox(), hostname="127.0.0.1", port=port, authenticator=Refusing(), auth_require_tls=False
    )
    controller.start()
    message = EmailMessage()
    message["From"], message["To"] = "a@x.example", "b@x.example"
    with pytest.raises(OSError, match=r"535|Authentication"):
        send_mail(message, Server.parse(f"smtp://me:pw@127.0.0.1:{port}"), timeout_s=5)
    controller.stop()


def test_a_webhook_is_given_up_and_redirects_are_not_followed(hook: str) -> None:
    Hook.answers = [500, 500]
    with pytest.raises(OSError, match="500"):
        post_json(hook, b"{}", "k", longest_wait_s=0.01, attempts=2)
    Hook.answers = [302]
    with pytest.raises(OSError, match="302"):
        post_json(hook, b"{}", "k", longest_wait_s=0.01, attempts=2)
    with pytest.raises(OSError, match="not one of the web"):
        post_json("file:///etc/passwd", b"{}", "k")


def test_files_are_replaced_whole(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.html": b"one"})
    write_files(tmp_path, {"a.html": b"two"})
    assert [path.name for path in tmp_path.iterdir()] == ["a.html"]
    assert (tmp_path / "a.html").read_bytes() == b"two"
