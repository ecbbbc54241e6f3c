import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'unbash';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDocument } from '../docs/markdown.ts';
import { isShell, readShell } from '../docs/shell.ts';
import { approvalOf, decide, run, stand, standDir, trail } from './stand.ts';

/** What the README and the auditor's pages tell its reader to type, typed as it stands there, with the stand's ports in place of the demo's. */

const MINUTES = 240_000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-readme-'));
  await symlink(resolve('demo'), join(folder, 'demo'));
  await symlink(standDir, join(folder, '.sallyport'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Told = { status: number; out: string };

/** What each command answered of the README's block that holds this line; asked for by how it begins. */
async function typed(line: string): Promise<(command: string) => Told> {
  const { blocks } = readDocument('README.md', await readFile('README.md', 'utf8'));
  const { code = '' } = blocks.find((block) => block.lang === 'bash' && block.code.includes(line)) ?? {};
  const steps = parse(code).commands.map(({ pos, end }) => code.slice(pos, end));
  const { stdout } = await promisify(execFile)('bash', ['-c', scriptOf(steps)], { cwd: folder });
  const answers = stdout.split(/^@@@ /m).slice(1);
  return (command) => {
    const [, status, out = ''] =
      /^(\d+)\n([\s\S]*)$/.exec(answers[steps.findIndex((step) => step.startsWith(command))] ?? '') ?? [];
    return { status: Number(status), out };
  };
}

/** Each step in the same shell, its status before what it said. `npm run sallyport --` is what package.json says, without npm. */
function scriptOf(steps: readonly string[]): string {
  const cli = `"${process.execPath}" "${resolve('src/cli/cli.ts')}"`;
  const npm = `npm() { [ "$1 $2 $3" = "run sallyport --" ] || return 99; shift 3; ${cli} "$@"; }`;
  const here = steps.map((step) =>
    step.replaceAll('http://127.0.0.1:8080', stand.gateway).replaceAll('http://127.0.0.1:8081', stand.console),
  );
  const told = here.map((step) =>
    /^(export |[A-Z]+=)/.test(step)
      ? `${step}\nprintf '@@@ %s\\n' $?`
      : `said=$(${step} 2>&1; printf '\\n@@ %s' $?); printf '@@@ %s\\n%s\\n' "\${said##*@@ }" "\${said%@@ *}"`,
  );
  return [npm, ...told].join('\n');
}

test(
  'Try it: the bot reads a row, and the email is masked',
  async () => {
    const told = await typed('select id, email from users');

    expect(JSON.parse(told('curl').out)).toMatchObject({
      state: 'done',
      result: { columns: [{ name: 'id' }, { masked: 'EMAIL_ADDRESS' }], rows: [[7, '[EMAIL_ADDRESS]']] },
    });
  },
  MINUTES,
);

test(
  'A first policy: its cases hold, nothing would change, classify proposes and grants prints SQL',
  async () => {
    const told = await typed('policy plan');
    const sallyport = (command: string) => told(`npm run sallyport -- ${command}`);

    expect(sallyport('policy test')).toMatchObject({ status: 0, out: expect.stringContaining(', 0 failed') });
    for (const command of ['policy plan', 'policy apply'])
      expect(sallyport(command)).toMatchObject({ status: 0, out: expect.stringContaining('No changes.') });
    expect(sallyport('classify crm')).toMatchObject({ status: 0, out: expect.stringMatching(/email: EMAIL_ADDRESS/) });
    expect(sallyport('postgres grants crm')).toMatchObject({ status: 0, out: expect.stringMatching(/^CREATE ROLE /m) });
  },
  MINUTES,
);

test(
  'The trail: who approved an operation, its session again, and a bundle that is proven without a network',
  async () => {
    const session = { headers: { 'Sallyport-Session': 'demo' } };
    // What asks a human, and takes nothing from the other tests of this stand.
    const statement = "comment on table public.orders is 'read me'";
    const held = await run(statement, [], session);
    await decide(approvalOf(held), 'approve');
    const done = await run(statement, [], session);
    const operation = String(done.body['operation']);
    await trail(
      `SELECT * FROM \`sallyport_evidence.events\` WHERE operation = '${operation}' AND type = 'completed'`,
      (rows) => rows.length > 0,
    );

    const told = await typed('evidence/approvals?format=csv');

    const [header = '', ...rows] = told('curl').out.trim().split('\r\n');
    const row = rows.find((line) => line.includes(operation))?.split(',') ?? [];
    const said = Object.fromEntries(header.split(',').map((name, index) => [name, row[index]]));
    expect(said).toMatchObject({ approvers: 'user:dba@example.com', outcome: 'completed' });
    for (const column of ['approver_is_not_requester', 'approved_before_run', 'same_digest', 'used_once'])
      expect(said[column]).toBe('true');
    expect(told('npm run sallyport -- replay demo')).toMatchObject({
      status: 0,
      out: expect.stringContaining(operation),
    });
    expect(told('npm run sallyport -- evidence export')).toMatchObject({ status: 0 });
    expect(told('npm run sallyport -- verify')).toMatchObject({
      status: 0,
      out: expect.stringContaining('✓ Nothing is wrong.'),
    });
  },
  MINUTES,
);

/** Every query of the trail that a page shows: of `bq` in a script, in a block of SQL, or in backticks. */
async function queries(): Promise<{ page: string; sql: string }[]> {
  const pages = [
    'README.md',
    ...(await readdir('docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
  ];
  const found = await Promise.all(
    pages.map(async (page) => {
      const { blocks, spans } = readDocument(page, await readFile(page, 'utf8'));
      const scripts = blocks.filter(({ lang }) => isShell(lang)).flatMap(({ code }) => readShell(code).commands);
      const texts = [
        ...scripts.filter(({ words }) => words[0] === 'bq').flatMap(({ words }) => words.slice(-1)),
        ...blocks.filter(({ lang }) => lang === 'sql').map(({ code }) => code),
        ...spans.map(({ text }) => text),
      ];
      return texts.map((sql) => ({ page, sql: sql.trim() }));
    }),
  );
  return found.flat().filter(({ sql }) => /^(SELECT|WITH)\b/.test(sql) && /\bsallyport_(audit|evidence)\./.test(sql));
}

test('The trail answers every query that the documentation shows', async () => {
  const asked = await queries();

  const refused: string[] = [];
  for (const { page, sql } of asked)
    await trail(sql, () => true, 2000).catch((error) =>
      refused.push(`${page}: ${sql}: ${error instanceof Error ? error.message : error}`),
    );

  expect(refused).toEqual([]);
  expect(asked.length).toBeGreaterThan(3);
});
