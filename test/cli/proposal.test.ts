import { describe, expect, test } from 'vitest';
import { proposedDocument, proposedYaml, readProposal } from '../../src/cli/proposal.ts';
import { proposalTable } from '../../src/cli/proposal-table.ts';
import { coloured, plain } from '../../src/cli/terminal.ts';
import { readYaml } from '../../src/policy/strict-yaml.ts';

type Given = { current?: string; proposed?: string; confidence?: string; reason?: string; known?: boolean };

const aColumn = (
  name: string,
  { current, proposed, confidence = 'high', reason = 'its name', known = false }: Given = {},
) => {
  const [table = '', column = ''] = name.split('/');
  return readProposal([
    table,
    column,
    'text',
    current ?? null,
    proposed ?? null,
    proposed ? confidence : null,
    proposed ? reason : '',
    known,
    9,
  ]);
};

describe('the proposed classification', () => {
  test('adds to what is in force and takes nothing away', () => {
    const inForce = { transforms: { EMAIL_ADDRESS: 'token' }, 'public.gone': {}, 'public.users': { email: 'CONTACT' } };

    const document = proposedDocument(inForce, [
      aColumn('public.users/email', { current: 'CONTACT', proposed: 'EMAIL_ADDRESS', known: true }),
      aColumn('public.users/phone', { proposed: 'PHONE_NUMBER', known: true }),
      aColumn('public.orders/total'),
    ]);

    expect(document).toEqual({
      transforms: { EMAIL_ADDRESS: 'token' },
      'public.gone': {},
      'public.users': { email: 'CONTACT', phone: 'PHONE_NUMBER' },
      'public.orders': {},
    });
  });

  test('repeats what a glob says of a table before it gives the table an entry of its own', () => {
    const inForce = { 'public.*': { email: 'EMAIL_ADDRESS' } };

    const document = proposedDocument(inForce, [
      aColumn('public.users/email', { current: 'EMAIL_ADDRESS', proposed: 'EMAIL_ADDRESS', known: true }),
      aColumn('public.users/iban', { proposed: 'IBAN_CODE', known: true }),
      aColumn('public.orders/total', { known: true }),
    ]);

    expect(document).toEqual({ ...inForce, 'public.users': { email: 'EMAIL_ADDRESS', iban: 'IBAN_CODE' } });
  });

  test('calls no table harmless that could not be read', () => {
    const unread = { reason: 'nothing was sampled' };
    const column = readProposal(['public.hidden', 'note', 'text', null, null, null, unread.reason, false, 1]);

    expect(proposedDocument({}, [column])).toEqual({});
    expect(proposalTable([column], { paint: plain, width: 80 })).toContain('public.hidden could not be read');
  });

  test('leaves out what a key or a generated column brings by itself', () => {
    const child = aColumn('public.letters/sender', { proposed: 'EMAIL_ADDRESS', confidence: 'inherited' });

    expect(proposedDocument({}, [child])).toEqual({ 'public.letters': {} });
  });

  test('is YAML whatever names a database has, with the reason beside each class', () => {
    const odd = aColumn('odd: "schema".t#1/a b: #c', { proposed: 'EMAIL_ADDRESS', reason: 'its name\nevil: {}' });
    const document = proposedDocument({}, [odd]);

    const yaml = proposedYaml(document, [odd]);

    expect(readYaml(yaml)).toEqual({ 'odd: "schema".t#1': { 'a b: #c': 'EMAIL_ADDRESS' } });
    expect(yaml).toContain('# high: its name\\u{a}evil: {}');
  });
});

describe('the table', () => {
  const proposals = [
    aColumn('public.users/email', { proposed: 'EMAIL_ADDRESS', reason: `its name; ${'x'.repeat(200)}` }),
    aColumn('public.users/phone', { current: 'CONTACT', proposed: 'PHONE_NUMBER' }),
    aColumn('public.users/id'),
  ];

  test('shows what is new, names what differs, and fits the terminal', () => {
    const lines = proposalTable(proposals, { paint: plain, width: 90 }).split('\n');

    expect(lines[1]).toMatch(/^public\.users\.email {2}text {2}EMAIL_ADDRESS {2}high {4}its name; x+…$/);
    expect(Math.max(...lines.slice(0, 2).map((line) => line.length))).toBeLessThanOrEqual(90);
    expect(lines).toContain('public.users.phone is CONTACT in force and looks like PHONE_NUMBER; it stays as it is.');
    expect(lines).toContain('1 of 3 columns in 1 table would be classified anew.');
  });

  test('is coloured for a terminal alone', () => {
    expect(proposalTable(proposals, { paint: plain, width: 90 })).not.toContain('\u001b');
    expect(proposalTable(proposals, { paint: coloured, width: 90 })).toContain('\u001b');
  });
});
