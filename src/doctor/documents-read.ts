import type { z } from 'zod';
import { createDocuments } from '../connections/connections.ts';
import { type DocumentKind, documentSchemas } from '../model/documents.ts';
import type { Store } from '../platform/store.ts';
import { whyUnusable } from '../policy/policy.ts';

type Of<K extends DocumentKind> = ReadonlyMap<string, z.output<(typeof documentSchemas)[K]>>;

/** What is written in the policy database: those that hold, by name, and why others do not. */
export type Documents = { [K in DocumentKind]: Of<K> } & {
  invalid: readonly { kind: DocumentKind; name: string; error: string }[];
};

/** Every document as the product reads it. Throws what Firestore throws. */
export async function readDocuments(store: Store): Promise<Documents> {
  const stored = createDocuments({ store });
  const invalid: { kind: DocumentKind; name: string; error: string }[] = [];

  async function all<K extends DocumentKind>(kind: K): Promise<Of<K>> {
    const valid = new Map<string, z.output<(typeof documentSchemas)[K]>>();
    for (const { name, document, error } of await stored.list(kind)) {
      const why = error ?? whyUnusable(kind, document);
      if (why !== undefined) invalid.push({ kind, name, error: why });
      else valid.set(name, documentSchemas[kind].parse(document) as z.output<(typeof documentSchemas)[K]>);
    }
    return valid;
  }

  const [connections, policies, groups, classifications, agents] = await Promise.all([
    all('connections'),
    all('policies'),
    all('groups'),
    all('classifications'),
    all('agents'),
  ]);
  return { connections, policies, groups, classifications, agents, invalid };
}
