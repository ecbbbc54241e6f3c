import { createHash } from 'node:crypto';
import { invalid } from '../grpc/grpc.ts';

export type VersionName = { secret: string; version: string };

const project = /^projects\/([^/]+)$/;
const secret = /^projects\/([^/]+)\/secrets\/([^/]+)$/;
const version = /^projects\/([^/]+)\/secrets\/([^/]+)\/versions\/([^/]+)$/;

/** `projects/NUMBER`, from a project's id or its number. */
export function projectName(name: string | null | undefined): string {
  return canonicalProject(match(project, name, 'projects/*')[0]);
}

/** `projects/NUMBER/secrets/ID`. Regional names are refused: the real global endpoint refuses them too. */
export function secretName(name: string | null | undefined): string {
  const [projectId, id] = match(secret, name, 'projects/*/secrets/*');
  return `${canonicalProject(projectId)}/secrets/${secretId(id)}`;
}

/** The version is a number, `latest`, or an alias. */
export function versionName(name: string | null | undefined): VersionName {
  const [projectId, id, number] = match(version, name, 'projects/*/secrets/*/versions/*');
  return { secret: `${canonicalProject(projectId)}/secrets/${secretId(id)}`, version: number ?? '' };
}

/** 1 to 255 letters, digits, hyphens and underscores (CreateSecretRequest.secret_id). */
export function secretId(id: string | null | undefined): string {
  if (!/^[A-Za-z0-9_-]{1,255}$/.test(id ?? '')) {
    throw invalid('The provided Secret ID does not match the expected format [[a-zA-Z_0-9]+].');
  }
  return id ?? '';
}

/**
 * The real service answers with the project's number whatever it was asked with, and callers must not trip over that:
 * here the number is made from the id.
 */
function canonicalProject(idOrNumber: string | undefined): string {
  const given = idOrNumber ?? '';
  if (/^\d{1,18}$/.test(given)) return `projects/${given}`;
  if (!/^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/.test(given)) throw invalid(`Invalid project [${given}].`);
  const digest = createHash('sha256').update(given).digest();
  return `projects/${100_000_000_000 + (digest.readUIntBE(0, 6) % 900_000_000_000)}`;
}

function match(pattern: RegExp, name: string | null | undefined, expected: string): string[] {
  const found = pattern.exec(name ?? '');
  if (found === null) throw invalid(`Invalid resource name [${name ?? ''}]: it does not match ${expected}.`);
  return found.slice(1);
}
