#!/usr/bin/env bash
# Says by signature that this digest passed the checks: what Binary Authorization asks for before a service may run it.
set -euo pipefail
# A trigger lets a substitution that is missing through as nothing, and nothing says so.
: "${PROJECT_ID:?}" "${ATTESTOR:?}" "${KEY:?}"

image="$(<.release/image)"
gcloud beta container binauthz attestations sign-and-create --artifact-url="$image" \
  --attestor="$ATTESTOR" --validate --keyversion="$KEY" --project="$PROJECT_ID" --quiet
