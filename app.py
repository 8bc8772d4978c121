"""Streamlit's entry: the list of pages."""

import streamlit as st

st.set_page_config(page_title="Swing", page_icon="⚖️", layout="wide")
PAGES = [
    st.Page("ui/text/page.py", title="Text", icon=":material/notes:", default=True),
    st.Page("ui/image/page.py", url_path="image_page", title="Image", icon=":material/image:"),
    st.Page("ui/table/page.py", url_path="table_page", title="Table", icon=":material/table_chart:"),
    st.Page("ui/data/page.py", url_path="data_page", title="Data", icon=":material/translate:"),
    st.Page("ui/scaling/page.py", url_path="scaling_page", title="Scaling", icon=":material/trending_up:"),
]
st.navigation(PAGES).run()
