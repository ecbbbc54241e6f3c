import { runCommand } from 'citty';
import { describe, expect, test } from 'vitest';
import { createConsoleClient } from '../../src/cli/console-client.ts';
import { createPolicyCommand } from '../../src/cli/policy.ts';
import { apply } from '../../src/cli/policy-commands.ts';
import { history } from '../../src/cli/policy-history.ts';
import { simulate } from '../../src/cli/policy-simulate.ts';
import { anOperation } from '../console/policy-parts.ts';
import { aFolder, aTerminal, crm, reads } from './folders.ts';
import { servedConsole } from './served-console.ts';

const files = { 'connections/crm.yaml': crm, 'policies/reads.yaml': reads };
const closed = { ...files, 'policies/reads.yaml': reads.replace('effect: allow', 'effect: deny') };

/** A console whose documents are the files, and where analysts have read the CRM. */
async function withTraffic() {
  const served = await servedConsole();
  const client = createConsoleClient({ console: served.url, token: served.token });
  const options = { folder: await aFolder(files), console: client, prune: false, guards: false };
  await apply(aTerminal(), { ...options, yes: true });
  const operation = anOperation();
  const principal = operation.principal && { ...operation.principal, claimed_groups: ['analysts'] };
  served.operations.push({ ...operation, principal });
  return { ...served, client, options };
}

describe('simulate', () => {
  test('what is in force changes nothing, which is exit status 0', async () => {
    const { options } = await withTraffic();
    const terminal = aTerminal();

    const status = await simulate(terminal, options);

    expect(status).toBe(0);
    expect(terminal.out()).toContain('Draft: what is in force');
    expect(terminal.out()).toContain('Simulation: 1 operation: 0 would change, 1 would not, 0 cannot be told.');
  });

  test('what would change is shown by operation, as it was and as it would be, which is exit status 1', async () => {
    const { options, store } = await withTraffic();
    const terminal = aTerminal();
    const before = store.contents();

    const status = await simulate(terminal, { ...options, folder: await aFolder(closed) });

    expect(status).toBe(1);
    expect(terminal.out()).toContain('Draft: ~ policies/reads');
    expect(terminal.out()).toMatch(
      /1 {2}allowed → denied\n.*read public.users on crm {2}op_1\n +- allow by readers\n +\+ deny \(deny:reads\)/,
    );
    expect(store.contents()).toEqual(before);
  });

  test('what cannot be told is exit status 1, with the reason', async () => {
    const { options } = await withTraffic();
    const terminal = aTerminal();
    const conditional = { ...files, 'policies/reads.yaml': `${reads}condition: 'identity.claims.x == "y"'\n` };

    const status = await simulate(terminal, { ...options, folder: await aFolder(conditional) });

    expect(status).toBe(1);
    expect(terminal.out()).toContain('cannot be told: the condition of reads reads identity.claims');
  });

  test('a document that is in no file is gone from the draft only when asked to', async () => {
    const { options } = await withTraffic();
    const folder = await aFolder({ 'connections/crm.yaml': crm });

    expect(await simulate(aTerminal(), { ...options, folder })).toBe(0);
    expect(await simulate(aTerminal(), { ...options, folder, prune: true })).toBe(1);
  });
});

describe('history', () => {
  test('shows who changed what, line by line, the newest first', async () => {
    const { client, options } = await withTraffic();
    await apply(aTerminal(), { ...options, folder: await aFolder(closed), yes: true });
    const terminal = aTerminal();

    const status = await history(terminal, { console: client, place: 'policies/reads' });

    expect(status).toBe(0);
    expect(terminal.out()).toMatch(
      /^policies\/reads changed by user:admin@example.com at .*\n +in force from .*, when a gateway first decided by it\n/,
    );
    expect(terminal.out()).toMatch(/- effect: allow\n +\+ effect: deny/);
    expect(terminal.out().indexOf('changed by')).toBeLessThan(terminal.out().indexOf('created by'));
  });

  test('says so where there is none', async () => {
    const { client } = await withTraffic();
    const terminal = aTerminal();

    await history(terminal, { console: client, place: 'agents' });

    expect(terminal.out()).toBe('No change is recorded.\n');
  });
});

describe('the command', () => {
  async function run(rawArgs: string[]) {
    const { url, token } = await withTraffic();
    const terminal = aTerminal();
    const statuses: number[] = [];
    const environment = { SALLYPORT_CONSOLE: url, SALLYPORT_TOKEN: token };
    const command = createPolicyCommand({ terminal, environment, exit: (status) => void statuses.push(status) });
    await runCommand(command, { rawArgs });
    return { statuses, complaints: terminal.err() };
  }

  test.each([
    ['a limit that is no number', ['simulate', '/nowhere', '--limit', 'x'], 2, '--limit is a whole number'],
    ['an unknown option', ['simulate', '/nowhere', '--form', '2026-01-01'], 2, 'There is no option --form.'],
    ['a folder that is not there', ['simulate', '/nowhere'], 2, 'holds none of the folders'],
    ['a kind that does not exist', ['history', 'rules'], 1, 'Name a document as'],
    ['a path', ['history', 'policies/a/b'], 1, 'Name a document as'],
    ['a day that does not exist', ['history', '--from', '2026-02-30'], 1, 'from'],
  ])('refuses %s', async (_, rawArgs, status, complaint) => {
    const { statuses, complaints } = await run(rawArgs);

    expect(statuses).toEqual([status]);
    expect(complaints).toContain(complaint);
  });
});
