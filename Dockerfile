# The page on a server of your own; docs/hosting.md says how to run it.
FROM python:3.11-slim

WORKDIR /app

# The fonts of packages.txt, which the page gives to browsers for scripts that their system has no letters of.
COPY packages.txt ./
RUN apt-get update \
    && grep '^fonts-' packages.txt | xargs apt-get install --yes --no-install-recommends \
    && rm -rf /var/lib/apt/lists/*

# Versions and hashes of requirements.txt. Without a GPU, TORCH=constraints-cpu.txt takes a tenth of the room;
# PIP_EXTRA_INDEX_URL then names PyTorch's index of wheels for CPUs.
ARG TORCH=constraints-torch.txt
ARG PIP_EXTRA_INDEX_URL
COPY requirements.txt constraints.txt constraints-torch.txt constraints-cpu.txt ./
RUN pip install --no-cache-dir --no-deps --require-hashes -r constraints.txt -r "$TORCH" \
    && pip check

# Visitors' pools and what the app makes of its own lie in /data, and nothing else is written to outside /tmp.
RUN useradd --create-home --uid 1000 smile \
    && mkdir -p /data \
    && chown smile:smile /data

COPY . ./

ENV GRADIO_SERVER_NAME=0.0.0.0 \
    PORT=7860 \
    SMILE_CACHE=/data/cache \
    SMILE_VISITORS=/data/visitors
VOLUME ["/data"]
EXPOSE 7860
USER smile

HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/config', timeout=8)"]

CMD ["python", "app.py"]
