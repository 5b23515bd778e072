# The two bases. A seller who may not pull from the public registries sets both.
ARG NODE_IMAGE=node:24-bookworm-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-update-notifier
COPY tsconfig.json ./
COPY scripts/build.ts scripts/build.ts
COPY src src
RUN node scripts/build.ts
# The ledger's folder gets its owner here, because the runtime base may have no shell.
RUN mkdir -p /layout/app /layout/etc/marketplace-sidecar /layout/var/lib/marketplace-sidecar \
  && cp dist/* /layout/app/ \
  && chmod -R a+rX,go-w /layout \
  && chown -R 65532:65532 /layout/var/lib/marketplace-sidecar \
  && chmod 0700 /layout/var/lib/marketplace-sidecar

FROM ${RUNTIME_IMAGE} AS runtime
LABEL org.opencontainers.image.title="marketplace-sidecar" \
  org.opencontainers.image.description="Entitlement and durable hourly metering for container products on AWS Marketplace" \
  org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /layout/ /
# Distroless keeps Node in /nodejs/bin, the Debian images in /usr/local/bin.
ENV NODE_ENV=production \
  PATH=/nodejs/bin:/usr/local/bin:/usr/bin:/bin
USER 65532:65532
WORKDIR /app
# Fargate and Docker give a volume at this path the owner that the folder has in the image.
VOLUME ["/var/lib/marketplace-sidecar"]
# Health and metrics. The application's listener is on loopback and is never exposed.
EXPOSE 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "/app/main.js", "healthcheck"]
ENTRYPOINT ["node", "/app/main.js"]
CMD ["run"]
