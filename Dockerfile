# How this file was shown to work, and what was not shown: docs/operations/container.md
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
WORKDIR /src
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.txt requirements-dev.txt ./
RUN python -m venv --without-pip /opt/parcelveil && \
    python -m pip --python /opt/parcelveil/bin/python install --require-hashes --only-binary :all: -r requirements.txt
# The one tool that builds the wheel comes from the same lock, with its hashes.
RUN python -m venv --without-pip /opt/build && \
    sed -n '/^setuptools==/,/[^\\]$/p' requirements-dev.txt > requirements-build.txt && \
    python -m pip --python /opt/build/bin/python install --require-hashes --only-binary :all: -r requirements-build.txt
COPY setup.cfg pyproject.toml README.md LICENSE ./
COPY schemas/ schemas/
COPY middleware/ middleware/
COPY simulator/ simulator/
COPY examples/orders/ examples/orders/
RUN python -m pip --python /opt/build/bin/python wheel --no-deps --no-build-isolation --wheel-dir /opt/wheel . && \
    python -m pip --python /opt/parcelveil/bin/python install --no-deps --no-index /opt/wheel/*.whl

FROM python:${PYTHON}-slim
RUN groupadd --gid 10001 parcelveil && \
    useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin parcelveil && \
    install --directory --owner 10001 --group 10001 --mode 0700 /data
COPY --from=build /opt/parcelveil /opt/parcelveil
# /data is the only folder that is ever written to: keys, journal, an embedded database. TMPDIR lies there for the same reason.
ENV PATH=/opt/parcelveil/bin:${PATH} \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TMPDIR=/data \
    PARCELVEIL_SERVER__LISTEN=0.0.0.0:8080
WORKDIR /data
VOLUME ["/data"]
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; port = os.environ.get('PORT') or os.environ['PARCELVEIL_SERVER__LISTEN'].rpartition(':')[2]; u.build_opener(u.ProxyHandler({})).open(f'http://127.0.0.1:{port}/healthz', timeout=4)"]
ENTRYPOINT ["parcelveil"]
CMD ["serve"]
