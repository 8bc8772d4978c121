"""Streamlit's entry: the list of pages."""

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from ui.model.menu import model_menu
from ui.shell.access import admitted
from ui.shell.account import account, ask_to_log_in, asked_before_login


def moved(page: StreamlitPage, old: str) -> StreamlitPage:
    """A page that is not listed: whoever comes by the old address goes on to the new one, its query with it."""

    def go_on() -> None:
        st.switch_page(page, query_params=st.query_params.to_dict())

    return st.Page(go_on, title=page.title, url_path=old, visibility="hidden")


PAGES = [
    st.Page("ui/text/page.py", title="Text", icon=":material/notes:", default=True),
    st.Page("ui/image/page.py", url_path="image", title="Image", icon=":material/image:"),
    st.Page("ui/table/page.py", url_path="table", title="Table", icon=":material/table_chart:"),
    st.Page("ui/data/page.py", url_path="data", title="Data", icon=":material/translate:"),
    st.Page("ui/document/page.py", url_path="document", title="Document", icon=":material/description:"),
    st.Page("ui/sets/page.py", url_path="sets", title="Data sets", icon=":material/dataset:"),
    st.Page("ui/scaling/page.py", url_path="scaling", title="Scaling", icon=":material/trending_up:"),
]
SIDE_BAR = 230  # pixels: the maps need the rest
OLD = [moved(PAGES[0], "text"), *(moved(page, f"{page.url_path}_page") for page in PAGES[1:])]
here = admitted()
page = st.navigation([*PAGES, *OLD], position="top" if here else "hidden")
st.set_page_config(page_title=f"{page.title} · Swing", page_icon="⚖️", layout="wide", initial_sidebar_state=SIDE_BAR)
if here and (link := asked_before_login()):
    st.switch_page(next((one for one in [*PAGES, *OLD] if one.url_path == link[0]), PAGES[0]), query_params=link[1])
elif here:
    model_menu()
    account()
    page.run()
else:
    ask_to_log_in(page.url_path)
