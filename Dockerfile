# The two base images, by the digest of what was reviewed, for all processors. A seller who may not pull from the public
# registries sets both.
ARG NODE_IMAGE=node:24-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot@sha256:14d42e2511532589a7c7e01a753667a74fcc96266e137e8125006b87b0c32d0a
# The version in package.json, for the label. The build fails if they differ.
ARG VERSION=0.2.0

FROM ${RUNTIME_IMAGE} AS base

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc LICENSE ./
ARG VERSION
RUN test "\"${VERSION}\"" = "$(npm pkg get version)" \
  || { echo "VERSION is ${VERSION}, and package.json says $(npm pkg get version)" >&2; exit 1; }
RUN npm ci --no-update-notifier
COPY tsconfig.json ./
COPY scripts/build scripts/build
COPY status-page status-page
COPY src src
RUN node scripts/build/build.ts src/main.ts dist/main.js
RUN mkdir -p /app/compile-cache && cp dist/* LICENSE /app/ \
  && chmod -R a+rX /app package.json scripts && chown 65532:65532 /app/compile-cache
# The program's first line names the base's Node by its path, because the base may have no env, and a link puts
# the program on PATH as marketplace-sidecar.
RUN --mount=type=bind,from=base,target=/base \
  for folder in /nodejs/bin /usr/local/bin /usr/bin /bin; do \
    if test -x "/base${folder}/node"; then node="${folder}/node"; break; fi; \
  done \
  && test -n "${node}" || { echo "RUNTIME_IMAGE has no node in /nodejs/bin, /usr/local/bin, /usr/bin or /bin" >&2; exit 1; } \
  && sed -i "1s|.*|#!${node} --disable-sigusr1|" /app/main.js && chmod 0755 /app/main.js
# V8's compiled form of the bundle, for a faster start. Node accepts it only from the same user, the same Node
# and the same flags: those of the ENTRYPOINT below.
USER 65532:65532
RUN node scripts/build/warm-up.ts /app/compile-cache --max-semi-space-size=3 --initial-old-space-size=20 --heap-growing-percent=10 --no-maglev --no-sparkplug --expose-gc --disable-sigusr1 /app/main.js
USER 0:0
# The ledger's folder gets its owner here, because the runtime base may not have a shell.
RUN mkdir -p /layout/app /layout/etc/marketplace-sidecar /layout/var/lib/marketplace-sidecar /layout/usr/bin \
  && cp -R /app/. /layout/app/ \
  && ln -s /app/main.js /layout/usr/bin/marketplace-sidecar \
  && chmod -R a+rX,go-w /layout \
  && chown -R 65532:65532 /layout/var/lib/marketplace-sidecar \
  && chmod 0700 /layout/var/lib/marketplace-sidecar

FROM ${RUNTIME_IMAGE} AS runtime
ARG VERSION
LABEL org.opencontainers.image.title="marketplace-sidecar" \
  org.opencontainers.image.description="Entitlement and durable hourly metering for container products on AWS Marketplace" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}"
COPY --from=build /layout/ /
# Distroless keeps Node in /nodejs/bin, the Debian images in /usr/local/bin. glibc gives freed memory back.
ENV HOME=/ \
  NODE_ENV=production \
  NODE_COMPILE_CACHE=/app/compile-cache \
  MALLOC_TRIM_THRESHOLD_=131072 \
  PATH=/nodejs/bin:/usr/local/bin:/usr/bin:/bin
USER 65532:65532
WORKDIR /app
# Fargate and Docker give a volume at this path the owner of the folder in the image.
VOLUME ["/var/lib/marketplace-sidecar"]
# Health and metrics. The application's listener is on loopback and is never exposed.
EXPOSE 9464
# Not that of the base: images of web servers, for one, are stopped with SIGQUIT.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "/app/main.js", "healthcheck"]
# The heap grows late and is collected often, also when there is nothing to do, and two of V8's compilers stay out of memory:
# docs/explain/performance.md has the figures.
# No signal opens a debugger inside the pod.
ENTRYPOINT ["node", "--max-semi-space-size=3", "--initial-old-space-size=20", "--heap-growing-percent=10", "--no-maglev", "--no-sparkplug", "--expose-gc", "--disable-sigusr1", "/app/main.js"]
CMD ["run"]

# The emulated Metering service, for development and tests: docker build --target emulator
FROM build AS emulator-build
RUN node scripts/build/build.ts src/cli/emulate/emulate-main.ts /emulator/app/emulator.js \
  && cp LICENSE /emulator/app/ \
  && chmod -R a+rX,go-w /emulator

FROM ${RUNTIME_IMAGE} AS emulator
ARG VERSION
LABEL org.opencontainers.image.title="marketplace-sidecar-emulator" \
  org.opencontainers.image.description="The AWS Marketplace Metering service, emulated for development and tests" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}"
COPY --from=emulator-build /emulator/ /
ENV NODE_ENV=production \
  PATH=/nodejs/bin:/usr/local/bin:/usr/bin:/bin
USER 65532:65532
WORKDIR /app
# Any client that reaches this port controls the emulator. Publish it to 127.0.0.1 only.
EXPOSE 7071
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:7071/_emulator/clock').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--disable-sigusr1", "/app/emulator.js", "--host", "0.0.0.0", "--port", "7071"]

# A build without --target makes the last stage.
FROM runtime
