#!/usr/bin/env bash
# Pushes the image, and writes down its digest and its bill of materials for the steps that follow.
set -euo pipefail

docker push --quiet "$IMAGE:$TAG_NAME"
by_digest="$(docker inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$IMAGE:$TAG_NAME" | grep -F "$IMAGE@sha256:")"
if [ "$(wc -l <<<"$by_digest")" != 1 ]; then
  echo "The registry names more than one digest: $by_digest" >&2
  exit 1
fi
echo "$by_digest" >.release/image

container="$(docker create "$by_digest")"
trap 'docker rm "$container" >/dev/null' EXIT
docker cp "$container:/app/sbom.cdx.json" .release/sbom.cdx.json
echo "$by_digest"
