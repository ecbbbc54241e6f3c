#!/usr/bin/env bash
# Builds the image of this commit, or takes the one that an earlier run has pushed: what was checked once stays what it is.
set -euo pipefail
# A trigger lets a substitution that is missing through as nothing, and nothing says so.
: "${IMAGE:?}" "${TAG_NAME:?}" "${COMMIT_SHA:?}"

# Whether the registry has this tag. Ends the build where that cannot be known.
there() {
  local said
  if said="$(docker pull --quiet "$IMAGE:$1" 2>&1)"; then return 0; fi
  if grep -qi 'not found' <<<"$said"; then return 1; fi
  echo "$said" >&2
  exit 1
}

commit_of() {
  docker inspect --format '{{index .Config.Labels "org.opencontainers.image.revision"}}' "$IMAGE:$1"
}

mkdir -p .release
if there "$TAG_NAME" && [ "$(commit_of "$TAG_NAME")" != "$COMMIT_SHA" ]; then
  echo "$TAG_NAME was released from another commit than $COMMIT_SHA. A tag is not moved: make a new one." >&2
  exit 1
fi
if ! there "$COMMIT_SHA"; then
  docker build --tag "$IMAGE:$COMMIT_SHA" --build-arg "VERSION=$TAG_NAME" --build-arg "REVISION=$COMMIT_SHA" .
fi
# Cloud Build pushes this one at its end: only what was rolled out has the name of its version.
docker tag "$IMAGE:$COMMIT_SHA" "$IMAGE:$TAG_NAME"
