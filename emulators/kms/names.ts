import { invalid } from '../grpc/grpc.ts';

const id = '[a-zA-Z0-9_-]{1,63}';
const location = 'projects/[a-z0-9.:-]+/locations/[a-z0-9-]+';
const patterns = {
  location: new RegExp(`^${location}$`),
  keyRing: new RegExp(`^${location}/keyRings/${id}$`),
  cryptoKey: new RegExp(`^${location}/keyRings/${id}/cryptoKeys/${id}$`),
  version: new RegExp(`^(${location}/keyRings/${id}/cryptoKeys/${id})/cryptoKeyVersions/([1-9]\\d{0,8})$`),
};

/** The name itself when it is a well-formed one of that kind. */
export function nameOf(kind: keyof typeof patterns, name: string | null | undefined): string {
  if (!patterns[kind].test(name ?? '')) throw invalid(`Resource name [${name ?? ''}] is not valid for a ${kind}.`);
  return name ?? '';
}

/** 1 to 63 letters, digits, underscores and hyphens (CreateKeyRingRequest.key_ring_id). */
export function idOf(field: string, given: string | null | undefined): string {
  if (!new RegExp(`^${id}$`).test(given ?? '')) throw invalid(`${field} must match ${id}.`);
  return given ?? '';
}

export function versionOf(name: string | null | undefined): { key: string; number: number } {
  const [, key = '', number] = patterns.version.exec(nameOf('version', name)) ?? [];
  return { key, number: Number(number) };
}
