"""Who can have a file from Streamlit's server, without a page: what is saved, by its address; what was uploaded, nobody."""

from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit.runtime.media_file_storage import MediaFileKind
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec
from streamlit.web.server.starlette import starlette_routes as routes

UPLOAD = "/_stcore/upload_file/session/file"


@pytest.fixture()
def server():
    """A client without a cookie, and what it is served: saved files and those that were uploaded."""
    saved, brought = MemoryMediaFileStorage("/media"), MemoryUploadedFileManager("/_stcore/upload_file")
    runtime = SimpleNamespace(is_active_session=lambda session: True)
    found = [*routes.create_media_routes(saved, None), *routes.create_upload_routes(runtime, brought, None)]
    with TestClient(Starlette(routes=found)) as client:
        yield client, saved, brought


def test_what_leaves_a_page_has_an_address_and_what_is_brought_has_none(server):
    client, saved, brought = server
    name = saved.load_and_get_id(b"<script>alert(1)</script>", "text/html", MediaFileKind.DOWNLOADABLE, "swing-report.html")
    answer = client.get(saved.get_url(name))
    assert answer.content == b"<script>alert(1)</script>"  # whoever knows the address
    assert answer.headers["content-disposition"] == 'attachment; filename="swing-report.html"'  # to be saved, not shown
    other = f"{int(name, 16) ^ 1:032x}"  # of 128 bits that hang on its content
    assert len(name) == 32 and client.get(f"/media/{other}.html").status_code == 404
    brought.add_file("session", UploadedFileRec("file", "secret.csv", "text/csv", b"secret"))
    for method in ("GET", "HEAD", "POST"):
        assert client.request(method, UPLOAD).status_code == 405
    for method in ("PUT", "DELETE"):  # without the token against forged requests
        assert client.request(method, UPLOAD, files={"file": b"other"} if method == "PUT" else None).status_code == 403
    assert brought.get_files("session", ["file"])[0].data == b"secret"
