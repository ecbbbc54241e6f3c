import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { parseSync } from 'oxc-parser';
import { describe, expect, test } from 'vitest';

/** Which room may import which. A room that is not listed here may not exist. */
const rooms: Record<string, readonly string[]> = {
  model: [],
  platform: ['model'],
  identity: ['model', 'platform'],
  connections: ['model', 'platform'],
  policy: ['model'],
  approvals: ['model', 'platform'],
  audit: ['model', 'platform'],
  credentials: ['model', 'platform'],
  masking: ['model'],
  target: ['model', 'masking'],
  // The grammar of shells, for every target that runs commands.
  shell: ['model'],
  // The way to a target over HTTP, for every target that is reached so.
  proxy: ['model', 'platform'],
  targets: [
    'model',
    'target',
    'proxy',
    'targets/postgres',
    'targets/bigquery',
    'targets/kubernetes',
    'targets/ssh',
    'targets/http',
  ],
  'targets/postgres': ['model', 'masking', 'target'],
  'targets/kubernetes': ['model', 'masking', 'target', 'proxy', 'shell', 'platform'],
  'targets/http': ['model', 'masking', 'target', 'proxy'],
  'targets/bigquery': ['model', 'masking', 'target', 'proxy'],
  'targets/ssh': ['model', 'masking', 'target', 'shell', 'platform'],
  evidence: ['model', 'platform'],
  gateway: [
    'model',
    'platform',
    'identity',
    'connections',
    'policy',
    'targets',
    'target',
    'approvals',
    'audit',
    'credentials',
    'masking',
  ],
  api: ['gateway', 'model', 'approvals'],
  // SSH as a local client speaks it, over a WebSocket: an adaptor like api.
  tunnel: ['gateway', 'model', 'api'],
  console: ['approvals', 'audit', 'evidence', 'connections', 'model'],
  // The command line is a program of its own: like main, it builds its clients, with the credentials of whoever calls it.
  cli: ['model', 'evidence', 'policy', 'platform', 'doctor'],
  // Looks at a deployment from outside, by the product's own definitions of what there should be.
  doctor: ['model', 'platform', 'config', 'identity', 'connections', 'policy', 'audit', 'evidence', 'targets'],
  config: ['identity'],
  // Where clients are built: nobody but main may enter it.
  roles: ['*'],
  main: ['config', 'roles'],
};

/** Rooms whose imports of other rooms (but model and platform) may be of types alone: they are handed the rest. */
const typesOnly: readonly string[] = ['gateway', 'api', 'tunnel', 'console'];

/** Where each vendor's package may be imported. `*`: anywhere. */
const vendors: Record<string, readonly string[]> = {
  zod: ['*'],
  jose: ['identity'],
  hono: ['api', 'console'],
  '@hono/node-server': ['platform'],
  pino: ['platform'],
  '@google-cloud/firestore': ['platform'],
  '@google-cloud/secret-manager': ['platform'],
  '@google-cloud/kms': ['platform'],
  '@google-cloud/bigquery': ['platform', 'targets/bigquery'],
  'google-gax': ['platform'],
  'google-auth-library': ['platform'],
  '@google-cloud/cloud-sql-connector': ['platform'],
  '@bufbuild/cel': ['policy'],
  undici: ['proxy'],
  ws: ['platform', 'proxy'],
  ssh2: ['targets/ssh', 'tunnel'],
  unbash: ['shell'],
  pg: ['targets/postgres'],
  'libpg-query': ['targets/postgres'],
  yaml: ['cli', 'policy', 'targets/http', 'targets/kubernetes'],
  citty: ['cli'],
};

/** Built-ins that do no I/O: all that `model`, `policy` and `masking` may use. */
const pureBuiltins = ['node:buffer', 'node:crypto', 'node:util'];
const pureRooms = ['model', 'policy', 'masking', 'shell'];

/** Rooms that are vocabularies: any of their files may be imported. All others are entered through the file that bears their name. */
const open = ['model', 'platform'];

type Source = { path: string; code: string };

describe('the house', () => {
  test('every import stays within the rules', () => {
    expect(sourcesBelow('src').flatMap(violationsIn)).toEqual([]);
  });

  test.each([
    ['src/policy/x.ts', "import { createAudit } from '../audit/audit.ts';", 'policy may not import audit'],
    ['src/policy/x.ts', "import type { Audit } from '../audit/audit.ts';", 'policy may not import audit'],
    ['src/policy/x.ts', "export { a } from '../audit/audit.ts';", 'policy may not import audit'],
    ['src/policy/x.ts', "export * from '../audit/audit.ts';", 'policy may not import audit'],
    ['src/policy/x.ts', "const a = await import('../audit/audit.ts');", 'policy may not import audit'],
    ['src/policy/x.ts', "type A = import('../audit/audit.ts').Audit;", 'policy may not import audit'],
    ['src/policy/x.ts', 'const a = await import(name);', 'policy imports a name that is computed'],
    ['src/policy/x.ts', "import fs from 'node:fs';", 'policy may not use node:fs'],
    ['src/policy/x.ts', "import { createRequire } from 'node:module';", 'policy may not use node:module'],
    ['src/audit/x.ts', "import { jwtVerify } from 'jose';", 'audit may not import the package jose'],
    ['src/audit/x.ts', "import lodash from 'lodash';", 'audit may not import the package lodash'],
    [
      'src/api/x.ts',
      "import { chain } from '../approvals/settle.ts';",
      'approvals is entered through approvals.ts alone',
    ],
    ['src/api/x.ts', "import { main } from '../main.ts';", 'api may not import main'],
    ['src/api/x.ts', "import { fake } from '../../test/fakes/store.ts';", 'api may not import outside src'],
    ['src/api/x.ts', "import { start } from '../../emulators/kms/kms.ts';", 'api may not import outside src'],
    ['src/gateway.ts', "import { createAudit } from './audit/audit.ts';", 'gateway may import only types of audit'],
    [
      'src/targets/postgres/x.ts',
      "import { a } from '../bigquery/bigquery.ts';",
      'targets/postgres may not import targets/bigquery',
    ],
    ['src/attic/x.ts', '', 'attic is not a room of this house'],
    ['src/attic.ts', '', 'attic is not a room of this house'],
  ])('finds the violation planted in %s: %s', (path, code, expected) => {
    expect(violationsIn({ path, code })).toEqual([`${path}: ${expected}`]);
  });

  test('the environment is read in config.ts alone, and in the command line, which is a program of its own', () => {
    const reads = /process\s*\??\.\s*env|process\s*\[|[{,]\s*env\b[^}]*}\s*=\s*process|['"]node:process['"]/;
    const readers = sourcesBelow('src').filter(({ code }) => reads.test(code));

    expect(readers.map(({ path }) => path).sort()).toEqual(['src/cli/cli.ts', 'src/config.ts']);
  });
});

function sourcesBelow(folder: string): Source[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
    .map((path) => ({ path, code: readFileSync(path, 'utf8') }));
}

function violationsIn({ path, code }: Source): string[] {
  const room = roomOf(path);
  if (rooms[room] === undefined) return [`${path}: ${room} is not a room of this house`];
  return importsOf(path, code)
    .map((found) => judge(room, path, found))
    .filter((complaint) => complaint !== undefined)
    .map((complaint) => `${path}: ${complaint}`);
}

function judge(room: string, path: string, { name, typeOnly }: Import): string | undefined {
  if (name === undefined) return `${room} imports a name that is computed`;
  if (name.startsWith('node:') || builtinModules.includes(name)) {
    return pureRooms.includes(room) && !pureBuiltins.includes(name) ? `${room} may not use ${name}` : undefined;
  }
  if (!name.startsWith('.')) return judgePackage(room, name);
  return judgeRoom(room, posix.join(posix.dirname(path), name), typeOnly);
}

function judgePackage(room: string, name: string): string | undefined {
  const bare = name.split('/', name.startsWith('@') ? 2 : 1).join('/');
  const allowed = vendors[bare] ?? [];
  return allowed.includes('*') || allowed.includes(room) ? undefined : `${room} may not import the package ${bare}`;
}

function judgeRoom(from: string, target: string, typeOnly: boolean): string | undefined {
  if (from === 'roles' && target === 'package.json') return undefined;
  if (!target.startsWith('src/')) return `${from} may not import outside src`;
  const to = roomOf(target);
  if (to === from) return undefined;
  const allowed = rooms[from] ?? [];
  if (to === 'main' || !(allowed.includes('*') || allowed.includes(to))) return `${from} may not import ${to}`;
  const door = `${posix.basename(to)}.ts`;
  if (!open.includes(to) && posix.basename(target) !== door) return `${to} is entered through ${door} alone`;
  if (typesOnly.includes(from) && !open.includes(to) && !typeOnly) return `${from} may import only types of ${to}`;
  return undefined;
}

/** `src/main.ts` → main, `src/audit/chain.ts` → audit, `src/targets/postgres/pool.ts` → targets/postgres. */
function roomOf(path: string): string {
  const parts = path.split('/').slice(1);
  const [first = '', second = ''] = parts;
  if (first !== 'targets') return first.replace(/\.ts$/, '');
  return parts.length > 2 ? `targets/${second}` : second.replace(/\.ts$/, '');
}

type Import = { name: string | undefined; typeOnly: boolean };

function importsOf(path: string, code: string): Import[] {
  const { program } = parseSync(path, code);
  const found: Import[] = [];
  visit(program, found);
  return found;
}

/** Every node that names a module: static, re-exported, type-only, dynamic and `import('…')` types. */
function visit(node: unknown, found: Import[]) {
  if (Array.isArray(node)) for (const item of node) visit(item, found);
  if (!isNode(node)) return;
  const { source, argument } = node;
  if (['ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration'].includes(node.type) && isNode(source)) {
    found.push({ name: literal(source), typeOnly: isTypeOnly(node) });
  }
  if (node.type === 'ImportExpression') found.push({ name: literal(source), typeOnly: false });
  if (node.type === 'TSImportType') found.push({ name: literal(source ?? argument), typeOnly: true });
  for (const value of Object.values(node)) visit(value, found);
}

type Node = { type: string; [field: string]: unknown };

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function isTypeOnly(node: Node): boolean {
  if (node['importKind'] === 'type' || node['exportKind'] === 'type') return true;
  const { specifiers } = node;
  return (
    Array.isArray(specifiers) &&
    specifiers.length > 0 &&
    specifiers.every((one) => one.importKind === 'type' || one.exportKind === 'type')
  );
}

function literal(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (isNode(node['literal'])) return literal(node['literal']);
  return typeof node['value'] === 'string' ? node['value'] : undefined;
}
