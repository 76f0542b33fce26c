from pathlib import Path

from diag.collect.peers import Peers
from diag.collect.sockets import UnixSocket
from diag.model.channel import ChannelKind

HEADER = "sl local rem st\n"


def tcp(local: str, remote: str, state: str, inode: int) -> str:
    return f" 0: {local} {remote} {state} 0:0 0:0 0 0 0 {inode} 1 0\n"


def net(root: Path, pid: int, *, tcp4: str = "", unix: str = "") -> None:
    folder = root / str(pid) / "net"
    folder.mkdir(parents=True)
    (folder / "tcp").write_text(HEADER + tcp4)
    (folder / "tcp6").write_text(HEADER)
    (folder / "unix").write_text("Num RefCount\n" + unix)


def peers(root: Path, **unix: UnixSocket) -> Peers:
    table = {int(key.removeprefix("i")): each for key, each in unix.items()}
    return Peers(proc_root=root, unix_sockets=lambda: table)


def stream(
    *,
    state: int = 1,
    name: str | None = None,
    peer: int | None = None,
    pending: tuple[int, ...] = (),
) -> UnixSocket:
    return UnixSocket(1, state, name, peer, pending)


def test_the_other_end_of_a_pair(tmp_path: Path) -> None:
    found = peers(tmp_path, i5=stream(peer=6), i6=stream(peer=5, name="/x")).find(1, 5)
    assert (found.kind, found.inodes) == (ChannelKind.UNIX_SOCKET, (6,))
    assert found.name == "/x"


def test_a_listener_waits_for_the_outside(tmp_path: Path) -> None:
    found = peers(tmp_path, i5=stream(state=10, name="/x")).find(1, 5)
    assert found.outside == "new connections on /x"


def test_a_connection_that_is_not_accepted_leads_to_the_listener(tmp_path: Path) -> None:
    table = peers(tmp_path, i5=stream(peer=0), i9=stream(state=10, name="/x", pending=(5,)))
    found = table.find(1, 5)
    assert found.inodes == (9,)
    assert found.name == "/x, which has not accepted it"


def test_a_closed_peer_leaves_nobody(tmp_path: Path) -> None:
    found = peers(tmp_path, i5=stream(peer=0)).find(1, 5)
    assert found.inodes == ()
    assert found.name == "closed by its peer"
    assert found.outside is None


def test_a_socket_that_is_being_connected_waits_for_the_outside(tmp_path: Path) -> None:
    assert peers(tmp_path, i5=stream(state=7)).find(1, 5).outside


def test_anyone_can_send_to_a_datagram_socket(tmp_path: Path) -> None:
    found = peers(tmp_path, i5=UnixSocket(2, 7, "/log", None, ())).find(1, 5)
    assert found.outside == "any sender to /log"


def test_a_unix_socket_of_another_network_namespace_is_uncertain(tmp_path: Path) -> None:
    line = "ffff8880: 00000003 00000000 00000000 0001 03 55 /run/x\n"
    net(tmp_path, 1, unix=line)
    found = peers(tmp_path).find(1, 55)
    assert found.kind is ChannelKind.UNIX_SOCKET
    assert "network namespace" in (found.uncertain or "")


def test_a_kernel_that_does_not_answer_is_said(tmp_path: Path) -> None:
    def refuse() -> dict[int, UnixSocket]:
        raise PermissionError(1, "not permitted")

    net(tmp_path, 1, unix="ffff8880: 00000003 00000000 00000000 0001 03 55\n")
    found = Peers(proc_root=tmp_path, unix_sockets=refuse).find(1, 55)
    assert "not permitted" in (found.uncertain or "")


def test_loopback_finds_the_reversed_pair(tmp_path: Path) -> None:
    here, there = "0100007F:1F90", "0100007F:C350"
    net(tmp_path, 1, tcp4=tcp(here, there, "01", 5) + tcp(there, here, "01", 6))
    found = peers(tmp_path).find(1, 5)
    assert (found.kind, found.inodes) == (ChannelKind.TCP_SOCKET, (6,))
    assert found.name == "127.0.0.1:8080 to 127.0.0.1:50000"


def test_a_tcp_connection_in_the_backlog_leads_to_the_listener(tmp_path: Path) -> None:
    here, there = "0100007F:C350", "0100007F:1F90"
    lines = tcp(here, there, "01", 5) + tcp(there, here, "01", 0)
    listener = tcp("00000000:1F90", "00000000:0000", "0A", 8)
    net(tmp_path, 1, tcp4=lines + listener)
    assert peers(tmp_path).find(1, 5).inodes == (8,)


def test_a_remote_party_is_named_with_its_service(tmp_path: Path) -> None:
    net(tmp_path, 1, tcp4=tcp("0200000A:C350", "0100000A:1538", "01", 5))
    assert peers(tmp_path).find(1, 5).outside == "socket to 10.0.0.1:5432 (postgresql)"


def test_a_local_party_that_cannot_be_found_is_outside(tmp_path: Path) -> None:
    net(tmp_path, 1, tcp4=tcp("0100007F:C350", "0100007F:1F90", "01", 5))
    assert peers(tmp_path).find(1, 5).outside == "whoever serves 127.0.0.1:8080"


def test_other_families_are_outside(tmp_path: Path) -> None:
    net(tmp_path, 1)
    found = peers(tmp_path).find(1, 5)
    assert found.kind is ChannelKind.SOCKET
    assert found.outside


def test_tables_that_may_not_be_read_are_uncertain(tmp_path: Path) -> None:
    assert peers(tmp_path).find(1, 5).uncertain


def test_a_namespace_that_may_not_be_entered_is_said(tmp_path: Path) -> None:
    net(tmp_path, 7, unix="0000: 00000002 00000000 00000000 0001 03 55\n")
    found = peers(tmp_path).find(7, 55)  # the fake process has no namespace to enter
    assert found.kind is ChannelKind.UNIX_SOCKET
    assert found.uncertain is not None
    assert "network namespace" in found.uncertain
