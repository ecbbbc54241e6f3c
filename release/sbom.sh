#!/usr/bin/env bash
# Puts the bill of materials beside the image, signed with the key of images.
set -euo pipefail

image="$(<.release/image)"
gcloud artifacts sbom load --source=.release/sbom.cdx.json --uri="$image" \
  --destination="gs://$SBOM_BUCKET" --kms-key-version="$KEY" --project="$PROJECT_ID" --quiet
