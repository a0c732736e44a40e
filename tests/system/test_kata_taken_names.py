# SPDX-License-Identifier: Apache-2.0
"""Names that are taken, by the sandbox or by somebody else, are refused; what has them is not taken away."""

import pytest
from kata_lab.daemon import mount_points
from kata_lab.refusal import WRONG_CALL, refused, refused_without_a_change
from mount_lab.running import check, run

pytest_plugins = ["kata_lab.fixtures"]


@pytest.fixture
def image(image_of_version):
    return image_of_version["6"]


def served(sandbox):
    return mount_points(sandbox.show()["nydusd"]["api_socket"])


@pytest.mark.parametrize("layout", ("go", "rs"))
@pytest.mark.parametrize("with_binds", (True, False), ids=("bind", "no-bind"))
def test_container_named_as_the_directory_of_the_sandboxs_binds(node, image, layout, with_binds):
    bound = node.directory / "bound"
    bound.mkdir()
    (bound / "precious").write_text("bound")
    sandbox = node.sandbox("s", layout, *([f"--bind={bound}"] if with_binds else [])).create()
    container = sandbox.container("sandbox-mounts", image)
    why = "sandbox-mounts would lie where the sandbox's own binds do"
    refused_without_a_change(container.hand_over_command(), why, code=WRONG_CALL)
    options = {"stdin": None, "input": container.options().encode()}
    refused_without_a_change(container.share_command(), why, code=WRONG_CALL, **options)
    refused_without_a_change(container.unshare_command(), why, code=WRONG_CALL)
    sandbox.container("c", image).hand_over()
    sandbox.delete()
    assert (bound / "precious").read_text() == "bound"
    assert node.left_over() == []


@pytest.fixture
def serve(sandbox, image):
    """Has the sandbox's nydusd serve the image, without a container."""

    def serve(mount_point):
        container = sandbox.container("served", image)
        words = [f"--sandbox={sandbox.name}", f"--source={image.bootstrap}", "--config=-", mount_point]
        settings = {"stdin": None, "input": image.configuration(container.cache).encode()}
        check(run(sandbox.node.tool, "nydusd", "mount", *words, **settings))

    return serve


def test_image_that_is_served_already(sandbox, container, image, serve):
    serve("/rafs/c/lowerdir")
    refused_without_a_change(container.hand_over_command(), "/rafs/c/lowerdir", "already")
    assert served(sandbox) == ["/containers", "/rafs/c/lowerdir"]
    assert sandbox.show()["containers"] == []
    container.unshare()
    assert served(sandbox) == ["/containers", "/rafs/c/lowerdir"]
    sandbox.container("d", image).hand_over()


@pytest.mark.parametrize("layout", ("go", "rs"))
def test_directory_among_the_submounts(node, image, layout):
    sandbox = node.sandbox("s", layout).create()
    container = sandbox.container("c", image)
    directory = container.bind().parent
    directory.mkdir()
    (directory / "precious").write_text("somebody's")
    refused(container.hand_over_command(), "there is a c in", "not ours")
    assert served(sandbox) == ["/containers"]
    container.unshare()
    assert (directory / "precious").read_text() == "somebody's"
    sandbox.container("d", image).hand_over()
    sandbox.delete()
    assert node.left_over() == []
