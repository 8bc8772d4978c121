"""Streamlit's entry: the list of pages."""

import streamlit as st

st.set_page_config(page_title="Swing", page_icon="⚖️", layout="wide")
PAGES = [
    st.Page("ui/text_page.py", title="Text", icon="📝", default=True),
    st.Page("ui/table_page.py", title="Table", icon="🧮"),
]
st.navigation(PAGES).run()
