# One image for every role: the program in one bundle, beside Node and nothing else. docs/image.md says what it holds and why.
ARG BUILD_IMAGE=node:24.21.0-trixie-slim@sha256:173f125896c3b47ddf056734c7ea789d04595a6a08769a8f78e0df642781fb66
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot@sha256:9eeb7f5887d0e239e78264b06f7f11d2e14be534050481803a9e4728fcdd278e

FROM ${RUNTIME_IMAGE} AS runtime

FROM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
# No package's script runs: nothing in the bundle is compiled.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY image image
COPY policies policies
COPY src src
ARG SOURCE_DATE_EPOCH=0
RUN node image/build.ts --out /app
# The compile cache holds for one Node binary, its options and one user: it is made by those that will read it.
COPY --from=runtime /nodejs/bin/node /nodejs/bin/node
ENV NODE_COMPILE_CACHE=/app/cache
RUN install -d -o 65532 /app/cache \
  && setpriv --reuid=65532 --regid=65532 --clear-groups /nodejs/bin/node --disable-proto=delete --max-semi-space-size=16 image/warm.ts /app \
  && chown -R 0:0 /app \
  && chmod -R a=rX /app \
  && find /app -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH}" {} +

FROM runtime
ARG RUNTIME_IMAGE
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Sallyport" \
  org.opencontainers.image.description="An access gateway for AI agents on Google Cloud." \
  org.opencontainers.image.base.name="${RUNTIME_IMAGE}" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
COPY --from=build --chown=0:0 /app /app
WORKDIR /app
# What the options and the threshold are for: image/process.ts.
ENV NODE_COMPILE_CACHE=/app/cache
ENV MALLOC_TRIM_THRESHOLD_=131072
USER 65532:65532
EXPOSE 8080
STOPSIGNAL SIGTERM
# The role is the argument: gateway, console, keeper, apply, install.
ENTRYPOINT ["/nodejs/bin/node", "--disable-proto=delete", "--max-semi-space-size=16", "/app/main.cjs"]
