#!/usr/bin/env bash
# Pushes the image by its commit, and writes down its digest and its bill of materials for the steps that follow.
set -euo pipefail
# A trigger lets a substitution that is missing through as nothing, and nothing says so.
: "${IMAGE:?}" "${COMMIT_SHA:?}"

digests() {
  docker inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$IMAGE:$COMMIT_SHA" | grep -F "$IMAGE@sha256:" || true
}

# One that was pulled has a digest, and is not pushed again.
if [ -z "$(digests)" ]; then docker push --quiet "$IMAGE:$COMMIT_SHA"; fi
by_digest="$(digests)"
if [ -z "$by_digest" ] || [ "$(wc -l <<<"$by_digest")" != 1 ]; then
  echo "The image has no one digest: $by_digest" >&2
  exit 1
fi
echo "$by_digest" >.release/image

container="$(docker create "$by_digest")"
trap 'docker rm "$container" >/dev/null' EXIT
docker cp "$container:/app/sbom.cdx.json" .release/sbom.cdx.json
echo "$by_digest"
