#!/usr/bin/env bash
# Builds the image of this tag, or takes the one that an earlier run of the same commit has pushed: what was checked once stays what it is.
set -euo pipefail

mkdir -p .release
if pulled="$(docker pull --quiet "$IMAGE:$TAG_NAME" 2>&1)"; then
  revision="$(docker inspect --format '{{index .Config.Labels "org.opencontainers.image.revision"}}' "$IMAGE:$TAG_NAME")"
  if [ "$revision" != "$COMMIT_SHA" ]; then
    echo "$IMAGE:$TAG_NAME is of commit $revision, not of $COMMIT_SHA: a released tag is not moved, make a new one." >&2
    exit 1
  fi
elif grep -qi 'not found' <<<"$pulled"; then
  docker build --tag "$IMAGE:$TAG_NAME" --build-arg "VERSION=$TAG_NAME" --build-arg "REVISION=$COMMIT_SHA" .
else
  echo "$pulled" >&2
  exit 1
fi
