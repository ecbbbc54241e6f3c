import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runCommand } from 'citty';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ConsoleRefused, createConsoleClient } from '../../src/cli/console-client.ts';
import { createPolicyCommand } from '../../src/cli/policy.ts';
import { apply, plan, test as runCases } from '../../src/cli/policy-commands.ts';
import { aFolder, aTerminal, crm, reads } from './folders.ts';
import { servedConsole } from './served-console.ts';

const files = { 'connections/crm.yaml': crm, 'policies/reads.yaml': reads };

const cases = (expected: string, operation = '{verb: read, resources: [public.users]}') => `cases:
  - name: analysts read customers
    given:
      identity: {member: "user:ana@example.com", groups: [analysts]}
      connection: crm
      operation: ${operation}
    expect: ${expected}
`;
const tested = { ...files, 'tests/crm.yaml': cases('{effect: allow}') };

async function aConsole() {
  const served = await servedConsole();
  return { ...served, client: createConsoleClient({ console: served.url, token: served.token }) };
}

describe('plan', () => {
  test('it shows what would change and changes nothing', async () => {
    const { client, store } = await aConsole();
    const terminal = aTerminal();
    const options = { folder: await aFolder(files), console: client, prune: false, guards: false };

    const status = await plan(terminal, { ...options, detailedExitCode: false });
    const detailed = await plan(terminal, { ...options, detailedExitCode: true });

    expect([status, detailed]).toEqual([0, 2]);
    expect(terminal.out()).toContain('Plan: 2 to create, 0 to change, 0 to remove.');
    expect(store.contents()).toEqual({});
  });
});

describe('apply', () => {
  test('it makes what it showed, and a second time there is nothing to do', async () => {
    const { client, store } = await aConsole();
    const options = { folder: await aFolder(files), console: client, prune: false, guards: true, yes: true };

    const first = await apply(aTerminal(), options);
    const terminal = aTerminal();
    const second = await apply(terminal, options);

    expect([first, second]).toEqual([0, 0]);
    expect(terminal.out()).toContain('No changes.');
    expect(store.contents('connections')).toMatchObject({ 'connections/crm': { kind: 'postgres' } });
    expect(Object.keys(store.contents('policies'))).toContain('policies/guard-risks');
  });

  test('nothing is changed without a yes', async () => {
    const { client, written } = await aConsole();
    const options = { folder: await aFolder(files), console: client, prune: false, guards: false, yes: false };

    const nobody = aTerminal();
    const statuses = [await apply(nobody, options), await apply(aTerminal('y'), options)];

    expect(statuses).toEqual([1, 1]);
    expect(nobody.err()).toContain('--yes');
    expect(written()).toEqual([]);
  });

  test('a human’s yes is enough', async () => {
    const { client, written } = await aConsole();
    const options = { folder: await aFolder(files), console: client, prune: false, guards: false, yes: false };

    expect(await apply(aTerminal('yes'), options)).toBe(0);
    expect(written()).toEqual(['connections/crm', 'policies/reads']);
  });

  test('nothing is removed unless it is pruned', async () => {
    const { client, store } = await aConsole();
    store.seed('groups/old', { members: [] });
    const options = { folder: await aFolder(files), console: client, guards: false, yes: true };

    await apply(aTerminal(), { ...options, prune: false });
    expect(Object.keys(store.contents('groups'))).toEqual(['groups/old']);

    await apply(aTerminal(), { ...options, prune: true });
    expect(Object.keys(store.contents('groups'))).toEqual([]);
  });

  test('what somebody else changed meanwhile is not overwritten, and it is told how far it came', async () => {
    const { client, store } = await aConsole();
    await apply(aTerminal(), { folder: await aFolder(files), console: client, prune: false, guards: false, yes: true });
    const folder = await aFolder({ ...files, 'policies/reads.yaml': `${reads}limits: {rows: 5}\n` });
    const meddled = {
      ...client,
      async documents() {
        const seen = await client.documents();
        store.seed('policies/reads', { ...store.contents()['policies/reads'], description: 'meanwhile' });
        return seen;
      },
    };
    const terminal = aTerminal();

    const status = await apply(terminal, { folder, console: meddled, prune: false, guards: false, yes: true });

    expect(status).toBe(1);
    expect(terminal.err()).toContain('policies/reads: The document changed meanwhile.');
    expect(terminal.err()).toContain('0 of 1 changes were made');
    expect(store.contents()['policies/reads']).toMatchObject({ description: 'meanwhile' });
  });

  test('a token that is not accepted is told in words', async () => {
    const { url } = await aConsole();
    const client = createConsoleClient({ console: url, token: 'wrong' });

    await expect(client.documents()).rejects.toThrow('The token is missing or not accepted.');
  });

  test('who may not edit policies is told so', async () => {
    const { url } = await aConsole();
    const client = createConsoleClient({ console: url, token: 'auditor' });

    await expect(client.documents()).rejects.toThrow('Policy denies this operation.');
  });

  test.for(['http://console.example.com', 'ftp://127.0.0.1', 'not a url'])('the token is not sent to %s', (console) => {
    expect(() => createConsoleClient({ console, token: 'a-token' })).toThrow(ConsoleRefused);
  });

  test('through Identity-Aware Proxy the token is the proxy’s alone, and the console hears from that who asks', async () => {
    const { url, written } = await aConsole();
    const seen: (string | undefined)[] = [];
    const proxy = await serve((request, response) => {
      const { 'proxy-authorization': proof, authorization } = request.headers;
      seen.push(authorization);
      if (proof !== 'Bearer for-the-proxy') return void response.writeHead(401).end();
      const headers = {
        'X-Goog-IAP-JWT-Assertion': 'iap-admin',
        'Content-Type': 'application/json',
        'If-None-Match': '*',
      };
      buffer(request)
        .then((body) =>
          fetch(`${url}${request.url}`, { method: request.method ?? 'GET', headers, ...(body.length > 0 && { body }) }),
        )
        .then(async (answer) => response.writeHead(answer.status).end(await answer.text()));
    });
    const client = createConsoleClient({ console: proxy, token: 'for-the-proxy', throughIap: true });
    const after = { principals: ['group:analysts'], connections: ['crm'], verbs: ['read'], effect: 'allow' };

    await client.make({ action: 'create', kind: 'policies', name: 'reads', after });

    expect(new Set(seen)).toEqual(new Set([undefined]));
    expect(written()).toContain('policies/reads');
  });

  test('a redirect is not followed with the token', async () => {
    const asked: string[] = [];
    const elsewhere = await serve((request, response) => {
      asked.push(request.url ?? '');
      response.end('{}');
    });
    const console = await serve((_, response) => response.writeHead(307, { location: elsewhere }).end());
    const client = createConsoleClient({ console, token: 'a-token' });

    await expect(client.documents()).rejects.toThrow('cannot be reached');
    expect(asked).toEqual([]);
  });
});

async function serve(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

describe('test', () => {
  async function run(content: string, more: Record<string, string> = {}) {
    const terminal = aTerminal();
    const folder = await aFolder({ ...files, 'tests/crm.yaml': content, ...more });
    const status = await runCases(terminal, { folder, guards: true, now: new Date(0) });
    return { status, out: terminal.out() };
  }

  test.for([
    ['{effect: allow, approvals: [], policies: [reads]}', undefined],
    ['{effect: allow, approvals: [guard-risks]}', '{verb: read, risks: [unbounded]}'],
    ['{effect: deny, reason: no-grant}', '{verb: write, resources: [public.users]}'],
  ] as const)('a case holds: %s', async ([expected, operation]) => {
    const { status, out } = await run(cases(expected, operation));

    expect(out).toBe('crm.yaml\n  ✓ analysts read customers\n1 case, 0 failed\n');
    expect(status).toBe(0);
  });

  test('a case that does not hold is told with what came instead', async () => {
    const { status, out } = await run(cases('{effect: deny, unmask: [EMAIL_ADDRESS]}'));

    expect(status).toBe(1);
    expect(out).toContain('✗ analysts read customers');
    expect(out).toContain('effect: expected "deny", got "allow"');
    expect(out).toContain('unmask: expected ["EMAIL_ADDRESS"], got []');
  });

  test('groups of documents and a plain member are understood', async () => {
    const content = cases('{effect: allow}').replace(/identity: .*/, 'identity: "user:ana@example.com"');

    const { status } = await run(content, { 'groups/analysts.yaml': 'members: ["user:ana@example.com"]' });

    expect(status).toBe(0);
  });

  test('a case of a connection that is not there fails', async () => {
    const { status, out } = await run(cases('{effect: deny}').replace('connection: crm', 'connection: other'));

    expect(status).toBe(1);
    expect(out).toContain('there is no connection other');
  });

  test.for([
    ['no cases', 'cases: []'],
    ['a misspelt expectation', cases('{efect: allow}')],
    ['an unknown verb', cases('{effect: allow}', '{verb: peek}')],
  ])('%s is an error and not a success', async ([, content = '']) => {
    await expect(run(content)).rejects.toThrow('tests/crm.yaml');
  });

  test('a folder without cases is an error and not a success', async () => {
    const folder = await aFolder(files);

    await expect(runCases(aTerminal(), { folder, guards: true, now: new Date(0) })).rejects.toThrow('holds no cases');
  });
});

describe('the command', () => {
  async function sallyport(args: string[], environment: Record<string, string> = {}) {
    const terminal = aTerminal();
    const statuses: number[] = [];
    const exit = (status: number) => void statuses.push(status);
    await runCommand(createPolicyCommand({ terminal, environment, exit }), { rawArgs: args });
    return { code: statuses.at(-1), stdout: terminal.out(), stderr: terminal.err() };
  }

  test('it plans against the console that the environment names, and says by its exit status that something would change', async () => {
    const { url, token } = await aConsole();
    const environment = { SALLYPORT_CONSOLE: url, SALLYPORT_TOKEN: token };

    const ran = await sallyport(['plan', await aFolder(files), '--detailed-exitcode', '--no-guards'], environment);

    expect(ran).toMatchObject({ code: 2, stdout: expect.stringContaining('Plan: 2 to create') });
  });

  test('it applies with a token from a file', async () => {
    const { url, token, store } = await aConsole();
    const folder = await aFolder({ ...files, token: `${token}\n` });

    const ran = await sallyport(['apply', folder, '--yes', '--console', url, '--token-file', `${folder}/token`]);

    expect(ran.code).toBe(0);
    expect(Object.keys(store.contents('connections'))).toEqual(['connections/crm']);
  });

  test.for([
    ['a misspelt option', ['plan', '.', '--prun'], 'There is no option --prun.'],
    ['a second folder', ['plan', '.', 'other'], 'Name one, and no more.'],
    ['no console', ['plan', '.'], 'Name the console'],
    ['no token', ['plan', '.', '--console', 'http://127.0.0.1:1'], 'Give a token'],
    [
      'a token file that is not there',
      ['plan', '.', '--console', 'http://127.0.0.1:1', '--token-file', '/nowhere'],
      'cannot be read',
    ],
    ['a folder without documents', ['test', 'test/fakes'], 'holds none of the folders'],
  ] as const)('%s is an error in words', async ([, args, words]) => {
    const ran = await sallyport([...args]);

    expect(ran).toMatchObject({ code: 1, stderr: expect.stringContaining(words) });
  });

  test('what npm starts as sallyport runs, plain where there is no terminal', async () => {
    const root = new URL('../../', import.meta.url);
    const manifest = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
    const cli = fileURLToPath(new URL(manifest.bin.sallyport, root));

    const { stdout } = await promisify(execFile)(process.execPath, [cli, 'policy', 'test', await aFolder(tested)]);

    expect(stdout).toBe('crm.yaml\n  ✓ analysts read customers\n1 case, 0 failed\n');
  });
});
