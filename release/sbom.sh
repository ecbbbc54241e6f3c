#!/usr/bin/env bash
# Puts the bill of materials beside the image, signed with the key of images.
set -euo pipefail
# A trigger lets a substitution that is missing through as nothing, and nothing says so.
: "${PROJECT_ID:?}" "${SBOM_BUCKET:?}" "${KEY:?}"

image="$(<.release/image)"
gcloud artifacts sbom load --source=.release/sbom.cdx.json --uri="$image" \
  --destination="gs://$SBOM_BUCKET" --kms-key-version="$KEY" --project="$PROJECT_ID" --quiet
