import { canonicalJson, sha256 } from '../model/canonical.ts';
import { contentOf } from '../model/document-content.ts';
import type { StoredDocument } from '../platform/store.ts';

export const digestOf = ({ data, revision }: Pick<StoredDocument, 'data' | 'revision'>): string =>
  contentOf(data, revision).sha256;

/** The version of all policy: the hash of what is in force, by path. */
export function versionOf(digests: ReadonlyMap<string, string>): string {
  return sha256(canonicalJson([...digests].sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** The version with one document put in, changed, or taken out. */
export function versionWith(digests: ReadonlyMap<string, string>, path: string, digest: string | null): string {
  const changed = new Map(digests);
  if (digest === null) changed.delete(path);
  else changed.set(path, digest);
  return versionOf(changed);
}
