#!/usr/bin/env bash
# Rolls the image out, with the Node that the first step's `npm ci` brought: this step's image has gcloud, and no Node.
set -euo pipefail

image="$(<.release/image)"
exec node_modules/.bin/node release/roll-out.ts "$image"
