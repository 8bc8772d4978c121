# Swing for others: docs/deploy.md says how it is built and run. Its root may be read-only; it writes to /data and /tmp alone.
ARG PYTHON=3.11

FROM python:${PYTHON}-slim AS build
# requirements-cpu.lock is without CUDA, some gigabytes less; it needs the index of torch's CPU builds beside PyPI.
ARG LOCK=requirements.lock
ARG PIP_EXTRA_INDEX_URL
ARG PIP_FIND_LINKS
WORKDIR /source
COPY requirements.txt requirements.lock requirements-cpu.lock ./
RUN python -m venv /opt/swing && /opt/swing/bin/pip install --no-cache-dir --require-hashes -r ${LOCK}
COPY pyproject.toml setup.py README.md LICENSE app.py swing.py ./
COPY .streamlit .streamlit
COPY assets assets
COPY xai xai
COPY model model
COPY batch batch
COPY ui ui
RUN /opt/swing/bin/pip install --no-cache-dir --no-index --no-deps --no-build-isolation .

FROM python:${PYTHON}-slim
# LightGBM's wheel takes OpenMP from the system.
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/swing /opt/swing
# A checkpoint in the folder `checkpoint` is baked in: --build-arg SWING_MODEL=/model. Without one the bundled Gemma 3 is served.
COPY LICENSE checkpoin[t] /model/
ARG SWING_MODEL
ENV PATH=/opt/swing/bin:$PATH \
    SWING_MODEL=${SWING_MODEL} \
    SWING_HOME=/data/swing \
    HOME=/data \
    NUMBA_CACHE_DIR=/data/numba \
    MPLCONFIGDIR=/tmp/matplotlib \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# Streamlit looks for .streamlit/secrets.toml here.
WORKDIR /srv/swing
RUN mkdir /data && chown 10001:10001 /data
USER 10001:10001
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
ENTRYPOINT ["swing", "--public", "--port", "8501"]
