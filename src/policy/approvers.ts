import type { PolicySet } from '../model/documents.ts';
import { namesConnection } from './rules.ts';

/** Whom the policies in force ask for a yes to anything on a connection, as members. */
export function approversOf(name: string, { connections, policies }: PolicySet): readonly string[] {
  const document = connections.get(name);
  if (document === undefined) return [];
  const asking = [...policies.values()].filter((policy) =>
    policy.connections.some((entry) => namesConnection(entry, { name, document })),
  );
  return [...new Set(asking.flatMap(({ approval }) => approval?.approvers ?? []))];
}
