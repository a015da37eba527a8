# The version of Node that the tests run on: the devDependency `node` of package.json.
FROM node:26.10.0-slim AS base

FROM base AS dependencies
WORKDIR /app
# Manifests only, so that this layer is rebuilt when a dependency changes and not with each line of code.
COPY package.json package-lock.json ./
COPY packages/contracts/package.json packages/contracts/
COPY packages/sdk/package.json packages/sdk/
COPY packages/server/package.json packages/server/
# Nothing that runs in production needs an install script, so none gets to run; source maps, a fifth
# of the installed bytes, are read by nothing at run time.
RUN npm ci --omit=dev --workspace packages/server --ignore-scripts --no-audit --no-fund \
 && find . -name '*.map' -type f -delete

FROM base
WORKDIR /app
# npm nests a package under its workspace when two versions of it are needed: hence all of /app.
COPY --from=dependencies /app ./
COPY packages/contracts packages/contracts
COPY packages/sdk packages/sdk
COPY packages/server packages/server
# `questline` on the path for `docker compose exec api questline …`. /data belongs to the user below
# because a new named volume takes its owner from the image; `data` leads there, so that the address
# sqlite:///data/app.db, relative to /app, is kept in the volume too.
RUN chmod 755 packages/server/src/cli.ts \
 && ln -s /app/packages/server/src/cli.ts /usr/local/bin/questline \
 && install -d -o node -g node -m 700 /data \
 && ln -s /data data

# A container listens on every address, which takes away development's protection by loopback: the
# image by itself is therefore production, and refuses to start without its secrets.
ENV ENVIRONMENT=production \
    HOST=0.0.0.0 \
    PORT=8000 \
    DATA_DIR=/data \
    REPORTS_DIR=/data/reports
# `node` in the base image, as a number: Kubernetes can check a number against runAsNonRoot.
USER 1000:1000
VOLUME ["/data"]
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/health/live', { signal: AbortSignal.timeout(4000) }).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--disable-proto=delete", "--max-semi-space-size=8", "packages/server/src/cli.ts", "start"]
