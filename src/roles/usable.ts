import { connectionSchema, type DocumentKind } from '../model/documents.ts';
import { whyUnusable as whyNoPolicy } from '../policy/policy.ts';

/**
 * Why a document that fits its schema cannot be in force all the same: a policy whose condition does not compile, a connection whose
 * settings its kind of target does not take. Undefined where it can. The targets are loaded with the first connection that is judged.
 */
export async function whyUnusable(kind: DocumentKind, document: Record<string, unknown>): Promise<string | undefined> {
  if (kind !== 'connections') return whyNoPolicy(kind, document);
  const targets = await import('../targets/targets.ts');
  return targets.whyUnusable(connectionSchema.parse(document));
}
