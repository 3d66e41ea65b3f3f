# Redis where no registry gives the official image: Debian's package, with that image's user and folder.
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends redis-server && rm -r /var/lib/apt/lists/* \
 && mkdir /data && chown redis: /data
VOLUME /data
