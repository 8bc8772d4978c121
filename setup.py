"""What a wheel holds, where pyproject.toml cannot say it: packages by a pattern and two folders under other names."""

from setuptools import find_namespace_packages, setup

setup(
    packages=[*find_namespace_packages(include=["xai*", "model*", "ui*", "batch*"]), "swing_assets", "swing_assets.streamlit"],
    package_dir={"swing_assets": "assets", "swing_assets.streamlit": ".streamlit"},
    package_data={
        "": ["py.typed", "*.css", "*.html", "*.j2"],
        "swing_assets": ["**/*"],
        "swing_assets.streamlit": ["config.toml"],
    },
)
