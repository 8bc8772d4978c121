"""Streamlit's entry: the list of pages."""

import streamlit as st

st.set_page_config(page_title="Swing", page_icon="⚖️", layout="wide")
pages = [
    st.Page("ui/text_page.py", title="Text", icon="📝", default=True),
    st.Page("ui/image_page.py", title="Image", icon="🖼️"),
]
st.navigation(pages).run()
