# SPDX-License-Identifier: Apache-2.0
"""Files and directories of the host that one container gets: nydus-overlayctl file, with the real nydusd."""

import concurrent.futures
import errno
import json
import os
import re
import socket
from pathlib import Path

import jsonschema
import pytest
from kata_lab.hand_over import end_process
from kata_lab.node import SERVED, SUBMOUNTS
from kata_lab.refusal import WRONG_CALL, refused, refused_without_a_change
from mount_lab import running
from mount_lab.records import records_at
from mount_lab.running import check, run

pytest_plugins = ["kata_lab.fixtures"]

SCHEMA = Path(__file__).resolve().parents[2] / "packaging" / "schema" / "file-share.schema.json"
IN_GUEST = "/run/kata-containers/shared/containers/"
HOSTILE_NAMES = ("new\nline", "quo'te \"$(reboot)\" \\ \x1b[2J", "..hidden", "-rf", "é" * 50, "a,b:c")
MOST_FILES = 128


@pytest.fixture(params=["go", "rs"])
def sandbox(request, node):
    """In both layouts; nothing is left of it."""
    sandbox = node.sandbox("s", request.param).create()
    yield sandbox
    sandbox.delete()
    assert node.left_over() == []


@pytest.fixture
def container(sandbox):
    return sandbox.bound_container("c").hand_over()


@pytest.fixture
def go_container(node):
    sandbox = node.sandbox("s").create()
    yield sandbox.bound_container("c").hand_over()
    sandbox.delete()
    assert node.left_over() == []


@pytest.fixture
def hosts(tmp_path):
    file = tmp_path / "hosts"
    file.write_text("127.0.0.1 localhost\n")
    return file


@pytest.fixture
def volume(tmp_path):
    directory = tmp_path / "volume"
    (directory / "below").mkdir(parents=True)
    (directory / "data").write_text("the host's\n")
    return directory


def seen_by_guest(container, file):
    """Where nydusd serves it."""
    return container.sandbox.share / SERVED[container.sandbox.layout] / file["name"]


def submounts(sandbox):
    return sandbox.share / SUBMOUNTS[sandbox.layout]


def names_in_share(sandbox):
    return sorted(os.listdir(submounts(sandbox)))


def files_of(container):
    (shown,) = [each for each in container.sandbox.show()["containers"] if each["id"] == container.name]
    return shown.get("files", [])


def assert_read_only(action):
    with pytest.raises(OSError) as refusal:
        action()
    assert refusal.value.errno == errno.EROFS


# What the guest sees


def test_file(container, hosts):
    file = container.share_file(hosts, "--destination=/etc/hosts")
    jsonschema.validate(file, json.loads(SCHEMA.read_text()))
    assert re.fullmatch("c-[0-9a-f]{16}-hosts", file["name"])
    assert file["guest_path"] == IN_GUEST + file["name"]
    assert file["host_path"] == str(submounts(container.sandbox) / file["name"])
    assert seen_by_guest(container, file).read_text() == hosts.read_text()
    seen_by_guest(container, file).write_text("the guest's\n")
    assert hosts.read_text() == "the guest's\n"
    assert files_of(container) == [file["name"]]
    assert file["name"] in check(container.sandbox.node.run_tool("sandbox", "show")).out


def test_directory(container, volume):
    file = container.share_file(volume, "--destination=/data/")
    assert file["name"].endswith("-data")
    (seen_by_guest(container, file) / "new").write_text("the guest's\n")
    assert (volume / "new").read_text() == "the guest's\n"


def test_path_is_written_for_people_and_scripts(container, hosts):
    told = check(run(*container.share_file_command(hosts))).out
    assert told == f"{IN_GUEST}{files_of(container)[0]}\n"


def test_read_only_is_read_only_for_the_guest_too(container, hosts, volume):
    """Kata's reason for its second bind: a remount does not reach the copy that the guest sees."""
    file, directory = container.share_file(hosts, "--read-only"), container.share_file(volume, "--read-only")
    for place in (seen_by_guest(container, file), Path(file["host_path"])):
        assert place.read_text() == hosts.read_text()
        assert_read_only(lambda place=place: place.write_text("x"))
        assert_read_only(lambda place=place: os.chmod(place, 0o777))
    for place in (seen_by_guest(container, directory), Path(directory["host_path"])):
        assert_read_only((place / "new").touch)
        assert_read_only((place / "data").unlink)
    # The source itself is as it was.
    hosts.write_text("changed\n")
    assert seen_by_guest(container, file).read_text() == "changed\n"


def test_neither_what_is_mounted_below_nor_what_will_be(container, volume):
    """Kata binds without MS_REC, and privately."""
    running.mount("before", volume / "below", "tmpfs")
    try:
        file = container.share_file(volume)
        (volume / "later").mkdir()
        running.mount("after", volume / "later", "tmpfs")
        try:
            places = [seen_by_guest(container, file) / name for name in ("below", "later")]
            assert [place for place in places if records_at(place)] == []
        finally:
            running.unmount(volume / "later")
    finally:
        running.unmount(volume / "below")


def test_what_the_host_mounts_where_a_file_lies_in_the_share(go_container, volume):
    """Each bind is private there too, although what it lies on is shared."""
    file = go_container.share_file(volume)
    for bind in (Path(file["host_path"]), go_container.bind()):
        (bind / "below").mkdir(exist_ok=True)
        running.mount("later", bind / "below", "tmpfs")
        assert records_at(go_container.sandbox.share / "shared" / file["name"] / "below") == []
        assert records_at(go_container.seen_by_guest() / "below") == []
        running.unmount(bind / "below")


def test_link_is_followed_once(container, hosts, tmp_path):
    """As Kata does: resolv.conf is one on many hosts."""
    link = tmp_path / "resolv.conf"
    link.symlink_to(hosts)
    file = container.share_file(link)
    assert file["name"].endswith("-resolv.conf")
    link.unlink()
    link.symlink_to("/etc/shadow")
    assert seen_by_guest(container, file).read_text() == hosts.read_text()


def test_each_call_has_its_own(container, hosts):
    files = [container.share_file(hosts) for _ in range(3)]
    assert len({file["name"] for file in files}) == 3
    container.unshare_file(files[1]["name"])
    assert files_of(container) == [files[0]["name"], files[2]["name"]]
    assert seen_by_guest(container, files[2]).read_text() == hosts.read_text()


def test_calls_at_the_same_time(container, hosts):
    with concurrent.futures.ThreadPoolExecutor() as calls:
        files = list(calls.map(lambda _: container.share_file(hosts), range(8)))
        assert sorted(files_of(container)) == sorted(file["name"] for file in files)
        list(calls.map(lambda file: container.unshare_file(file["name"]), files))
    assert names_in_share(container.sandbox) == ["c"]


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=range(len(HOSTILE_NAMES)))
def test_hostile_name(go_container, hosts, name):
    file = go_container.share_file(hosts, f"--destination=/etc/{name}")
    assert file["name"].endswith(f"-{name}")
    assert seen_by_guest(go_container, file).read_text() == hosts.read_text()
    told = check(run(*go_container.share_file_command(hosts, f"--destination=/etc/{name}"))).out
    assert told.endswith("\n") and told[:-1].isprintable()
    go_container.unshare_file(file["guest_path"])
    assert len(files_of(go_container)) == 1


def test_containers_on_an_image_have_files_too(sandbox, image_of_version, hosts):
    container = sandbox.container("on-image", image_of_version["6"]).hand_over()
    file = container.share_file(hosts)
    assert seen_by_guest(container, file).read_text() == hosts.read_text()
    container.unshare()
    assert names_in_share(sandbox) == []
    refused(container.share_file_command(hosts), "is not shared with s")


# Taking back


@pytest.mark.parametrize("key", ["name", "guest_path", "host_path"])
def test_unshare(container, hosts, volume, key):
    for source in (hosts, volume):
        file = container.share_file(source)
        assert check(run(*container.unshare_file_command(file[key]))).out == ""
        assert names_in_share(container.sandbox) == ["c"] and files_of(container) == []
        told = check(run(*container.unshare_file_command(file[key]))).out
        assert told.startswith("container 'c' of 's' has no file '")
    assert hosts.exists() and (volume / "data").exists()


def test_unshare_of_what_never_was(container):
    node = container.sandbox.node
    for words in (("t", "c"), ("s", "d"), ("s", "c")):
        told = check(node.run_tool("file", "unshare", *words, "c-0123456789abcdef-x")).out
        assert told == f"container '{words[1]}' of '{words[0]}' has no file 'c-0123456789abcdef-x'\n"
    for path in ("/etc/hosts", f"{IN_GUEST}../c"):
        refused(container.unshare_file_command(path), "is no path in the share of s", code=WRONG_CALL)


def test_unshare_while_the_guest_has_it_open(container, hosts, volume):
    for source, name in ((hosts, ""), (volume, "data")):
        file = container.share_file(source)
        with open(seen_by_guest(container, file) / name if name else seen_by_guest(container, file)) as held:
            container.unshare_file(file["name"])
            assert held.read() != ""
    assert names_in_share(container.sandbox) == ["c"]


def test_a_container_takes_its_files_along(container, hosts, volume):
    for source in (hosts, volume, volume):
        container.share_file(source, "--read-only")
    other = container.sandbox.bound_container("other").hand_over()
    kept = other.share_file(hosts)
    container.unshare()
    assert names_in_share(container.sandbox) == sorted(["other", kept["name"]])
    assert (volume / "data").exists()


def test_a_sandbox_takes_its_files_along(sandbox, hosts, volume):
    container = sandbox.bound_container("c").hand_over()
    for source in (hosts, volume):
        container.share_file(source)
    end_process(sandbox.show()["nydusd"]["pid"])
    # The fixture deletes it and looks what is left.


@pytest.mark.parametrize("last_word", ["rootfs unshare", "sandbox delete"])
def test_many_files_take_no_more_walks_through_the_mounts(node, hosts, tmp_path, last_word):
    walks = []
    for files in (1, 5):
        sandbox = node.sandbox(f"s{files}").create()
        container = sandbox.bound_container("c").hand_over()
        for _ in range(files):
            container.share_file(hosts)
        log = tmp_path / f"{files}.strace"
        command = container.unshare_command() if last_word == "rootfs unshare" else sandbox.delete_command()
        check(run("strace", "-qq", "-e", "trace=openat,open", "-o", log, *command))
        walks.append(log.read_text().count("/proc/self/mountinfo"))
        sandbox.delete()
    assert walks[0] == walks[1] > 0


def test_unshare_after_somebody_has_unmounted_it(container, volume):
    file = container.share_file(volume)
    running.unmount(file["host_path"])
    container.unshare_file(file["name"])
    assert names_in_share(container.sandbox) == ["c"]


@pytest.mark.parametrize("last_word", ["file unshare", "rootfs unshare", "sandbox delete"])
def test_other_mount_in_its_place_stays(container, volume, last_word):
    file = container.share_file(volume)
    place = Path(file["host_path"])
    running.unmount(place)
    running.mount("planted", place, "tmpfs")
    (place / "precious").write_text("planted")
    command = {
        "file unshare": container.unshare_file_command(file["name"]),
        "rootfs unshare": container.unshare_command(),
        "sandbox delete": container.sandbox.delete_command(),
    }[last_word]
    refused(command, "something is mounted there")
    assert (place / "precious").read_text() == "planted"
    running.unmount(place)
    check(run(*command))
    assert not place.exists()


# What is refused


def plant_pipe(path):
    os.mkfifo(path)


def plant_socket(path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def plant_device(path):
    os.mknod(path, 0o20666, os.makedev(1, 3))


@pytest.mark.parametrize("plant", [plant_pipe, plant_socket, plant_device], ids=lambda plant: plant.__name__)
def test_only_files_and_directories(go_container, tmp_path, plant):
    source = tmp_path / "source"
    plant(source)
    command = go_container.share_file_command(source)
    refused_without_a_change(command, "neither a regular file nor a directory", code=WRONG_CALL)


WRONG_WORDS = {
    "relative-source": (["hosts"], "is not an absolute path"),
    "no-name": (["/"], "is not an absolute path that ends in a name"),
    "relative-destination": (["/etc/hostname", "--destination=hosts"], "destination 'hosts' is not an absolute path"),
    "destination-without-name": (["/etc/hostname", "--destination=/etc/.."], "ends in a name"),
    "destination-too-long": (["/etc/hostname", "--destination=/" + "x" * 237], "more than 236 bytes"),
    "destination-no-text": (["/etc/hostname", b"--destination=/\xff"], "is no UTF-8"),
    "no-path": ([], "wants a sandbox, a container and a path"),
}


@pytest.mark.parametrize("name", WRONG_WORDS)
def test_wrong_words(go_container, name):
    words, phrase = WRONG_WORDS[name]
    command = [*go_container.share_file_command("")[:-1], *(os.fsdecode(word) for word in words)]
    refused_without_a_change([os.fsdecode(os.fsencode(word)) for word in command], phrase, code=WRONG_CALL)


def test_what_is_not_there(go_container, hosts, node):
    refused_without_a_change(go_container.share_file_command("/nowhere/hosts"), "'/nowhere/hosts': No such file")
    tool = [node.tool, "file", "share"]
    refused_without_a_change([*tool, "t", "c", hosts], "there is no sandbox 't'")
    refused_without_a_change([*tool, "s", "d", hosts], "container d is not shared with s", "rootfs share")
    refused_without_a_change([*tool, "s", "../c", hosts], "is not an identifier", code=WRONG_CALL)


def test_container_that_was_taken_back(sandbox, container, hosts):
    container.unshare()
    refused_without_a_change(container.share_file_command(hosts), "container c is not shared with s")


def test_dead_nydusd(container, hosts):
    end_process(container.sandbox.show()["nydusd"]["pid"])
    refused_without_a_change(container.share_file_command(hosts), "has died")


def test_mount_that_was_made_private(go_container, node, hosts):
    before = node.left_over()
    node.propagate(False)
    refused(go_container.share_file_command(hosts), "does not propagate")
    assert node.left_over() == before and files_of(go_container) == []
    node.propagate(True)
    # What it saw before goes with the view.
    running.unmount(go_container.seen_by_guest())


def record_files(container, *shared):
    """As many files that are not there, each shared or left by a killed call."""
    record = container.sandbox.state / ".sandbox.json"
    state = json.loads(record.read_text())
    files = [{"name": f"c-{number:016x}-x", "mount": 0, "shared": is_so} for number, is_so in enumerate(shared)]
    state["containers"][0]["files"] = files
    record.write_text(json.dumps(state))


def test_more_files_than_a_container_takes(go_container, hosts):
    record_files(go_container, *[True] * (MOST_FILES - 1))
    go_container.share_file(hosts)
    refused_without_a_change(go_container.share_file_command(hosts), "container c has 128 files already")


def test_show_does_not_list_what_a_killed_call_has_left(go_container):
    record_files(go_container, False, True)
    assert files_of(go_container) == [f"c-{1:016x}-x"]
    shown = check(go_container.sandbox.node.run_tool("sandbox", "show")).out
    assert f"c-{1:016x}-x" in shown and f"c-{0:016x}-x" not in shown
    record_files(go_container, False)
    assert "files" not in go_container.sandbox.show()["containers"][0]


def test_what_a_killed_call_has_left_does_not_count(go_container, hosts):
    record_files(go_container, False, *[True] * (MOST_FILES - 1))
    go_container.share_file(hosts)
    refused_without_a_change(go_container.share_file_command(hosts), "container c has 128 files already")
