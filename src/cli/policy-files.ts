import { readdir, readFile } from 'node:fs/promises';
import { join, parse, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeIssues } from '../model/check.ts';
import { type DocumentKind, documentKinds, documentName, documentSchemas } from '../model/documents.ts';
import { readYaml, whyUnusable } from '../policy/policy.ts';
import { isRecord } from './json.ts';

/** A document as it was authored. */
export type AuthoredDocument = { kind: DocumentKind; name: string; document: Record<string, unknown> };

/** All that is wrong with the files, in words that name the file. */
export class BadFiles extends Error {
  override name = 'BadFiles';
  readonly complaints: readonly string[];

  constructor(complaints: readonly string[]) {
    super(complaints.join('\n'));
    this.complaints = complaints;
  }
}

/** The guards that are on by default; a document of the same kind and name in the author's folder takes their place. */
const builtIn = fileURLToPath(new URL('../../policies/built-in/', import.meta.url));

/**
 * Reads `<folder>/{connections,policies,groups,classifications,agents}/<name>.{yaml,yml,json}` and the built-in guards.
 * Throws `BadFiles` with every complaint at once; a file that would be skipped silently is one.
 */
export async function readPolicyFiles(
  folder: string,
  { guards = true }: { guards?: boolean } = {},
): Promise<AuthoredDocument[]> {
  const files = (await Promise.all(documentKinds.map((kind) => filesOf(folder, kind)))).flat();
  if (files.length === 0) throw new BadFiles([`${folder}: holds none of the folders ${documentKinds.join(', ')}`]);
  const own = await readAll(folder, files);
  if (!guards) return own;
  const shipped = await readAll(builtIn, await filesIn(builtIn, 'policies'));
  const names = new Set(own.map(({ kind, name }) => `${kind}/${name}`));
  return [...shipped.filter(({ kind, name }) => !names.has(`${kind}/${name}`)), ...own];
}

type File = { kind: DocumentKind; path: string };

async function filesOf(folder: string, kind: DocumentKind): Promise<File[]> {
  try {
    return await filesIn(join(folder, kind), kind);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

async function filesIn(folder: string, kind: DocumentKind): Promise<File[]> {
  const entries = await readdir(folder);
  return entries.sort().map((entry) => ({ kind, path: join(folder, entry) }));
}

async function readAll(folder: string, files: readonly File[]): Promise<AuthoredDocument[]> {
  const complaints: string[] = [];
  const documents = new Map<string, AuthoredDocument>();
  for (const file of files) {
    try {
      const document = await readOne(file);
      const key = `${document.kind}/${document.name}`;
      if (documents.has(key)) throw new Error('another file has the same name');
      documents.set(key, document);
    } catch (error) {
      complaints.push(`${relative(folder, file.path)}: ${error instanceof Error ? error.message : 'unreadable'}`);
    }
  }
  if (complaints.length > 0) throw new BadFiles(complaints);
  return [...documents.values()];
}

async function readOne({ kind, path }: File): Promise<AuthoredDocument> {
  const { name, ext } = parse(path);
  if (!['.yaml', '.yml', '.json'].includes(ext)) throw new Error('only .yaml, .yml and .json files belong here');
  const named = documentName.safeParse(name);
  if (!named.success) throw new Error(`its name must be ${describeIssues(named.error)}`);
  const document = readYaml(new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path)));
  if (!isRecord(document)) throw new Error('a document is a mapping');
  const result = documentSchemas[kind].safeParse(document);
  if (!result.success) throw new Error(describeIssues(result.error));
  const unusable = whyUnusable(kind, document);
  if (unusable !== undefined) throw new Error(unusable);
  return { kind, name, document };
}
