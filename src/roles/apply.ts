import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import type { ApplyConfig } from '../config.ts';
import { createDocuments, type Documents } from '../connections/connections.ts';
import { canonicalJson } from '../model/canonical.ts';
import { type DocumentKind, documentKinds } from '../model/documents.ts';
import { asProblem } from '../model/problem.ts';
import { createFirestoreStore } from '../platform/firestore.ts';
import { readYaml } from '../policy/policy.ts';
import { whyUnusable } from './usable.ts';

const fileSchema = z.partialRecord(z.enum(documentKinds), z.record(z.string(), z.record(z.string(), z.unknown())));

type Wanted = { kind: DocumentKind; name: string; document: Record<string, unknown> };

/**
 * Writes the documents of a file, and the guards that ship with the product where the file says nothing else of them. All are checked
 * before one is written, and every fault is told; what is as it should be is not touched; nothing is removed, as humans author documents,
 * too. For a deployment: the trail tells of such a change with what it was, and names no author.
 */
export async function apply({ project, database, file, firestore }: ApplyConfig): Promise<void> {
  const store = await createFirestoreStore({
    projectId: project,
    databaseId: database,
    ...(firestore !== undefined && { emulatorHost: firestore }),
  });
  try {
    const wanted = merged(await builtIn(), read(await readFile(file, 'utf8')));
    for (const line of await applyTo(createDocuments({ store, whyUnusable }), wanted))
      process.stdout.write(`${line}\n`);
  } finally {
    await store.close();
  }
}

/** Resolves with what was done, a line each. Throws, before anything is written, where a document cannot be in force. */
export async function applyTo(documents: Documents, wanted: readonly Wanted[]): Promise<string[]> {
  const faults = await Promise.all(wanted.map((one) => faultOf(documents, one)));
  const found = faults.filter((fault) => fault !== undefined);
  if (found.length > 0) throw new Error(`Nothing was written:\n${found.join('\n')}`);
  const lines: string[] = [];
  for (const { kind, name, document } of wanted) {
    const there = await documents.get(kind, name);
    if (there !== undefined && canonicalJson(there.document) === canonicalJson(document)) continue;
    await documents.put(kind, name, document, { ifMatch: there?.etag ?? null });
    lines.push(`${kind}/${name}: ${there === undefined ? 'created' : 'changed'}`);
  }
  return [...lines, `${wanted.length} documents are in place, ${wanted.length - lines.length} of them as they were.`];
}

async function faultOf(documents: Documents, { kind, name, document }: Wanted): Promise<string | undefined> {
  try {
    await documents.check(kind, name, document);
    return undefined;
  } catch (thrown) {
    return `  ${kind}/${name}: ${asProblem(thrown).detail ?? ''}`;
  }
}

export function read(text: string): Wanted[] {
  const byKind = fileSchema.parse(JSON.parse(text));
  return documentKinds.flatMap((kind) =>
    Object.entries(byKind[kind] ?? {}).map(([name, document]) => ({ kind, name, document })),
  );
}

async function builtIn(): Promise<Wanted[]> {
  const folder = new URL('../../policies/built-in/', import.meta.url);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort();
  return Promise.all(
    names.map(async (file) => ({
      kind: 'policies' as const,
      name: basename(file, '.yaml'),
      document: z.record(z.string(), z.unknown()).parse(readYaml(await readFile(new URL(file, folder), 'utf8'))),
    })),
  );
}

/** What the file says of a document is what holds. */
function merged(guards: readonly Wanted[], own: readonly Wanted[]): Wanted[] {
  const named = new Map([...guards, ...own].map((wanted) => [`${wanted.kind}/${wanted.name}`, wanted]));
  return [...named.values()];
}
