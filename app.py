"""Streamlit's entry: the list of pages."""

import streamlit as st

st.set_page_config(page_title="Swing", page_icon="⚖️", layout="wide")
PAGES = [
    st.Page("ui/text_page.py", title="Text", icon=":material/notes:", default=True),
    st.Page("ui/image_page.py", title="Image", icon=":material/image:"),
    st.Page("ui/table_page.py", title="Table", icon=":material/table_chart:"),
    st.Page("ui/data_page.py", title="Data", icon=":material/translate:"),
    st.Page("ui/scaling_page.py", title="Scaling", icon=":material/trending_up:"),
]
st.navigation(PAGES).run()
