import { describe, expect, test } from 'vitest';
import { readPolicyFiles } from '../../src/cli/policy-files.ts';
import { aFolder, crm, reads } from './folders.ts';

describe('documents in files', () => {
  test('YAML and JSON are read, by the folder’s kind and the file’s name', async () => {
    const folder = await aFolder({
      'connections/crm.yaml': crm,
      'groups/dba.json': '{"members": ["user:dba@example.com"]}',
      'policies/reads.yml': reads,
    });

    const documents = await readPolicyFiles(folder, { guards: false });

    expect(documents.map(({ kind, name }) => `${kind}/${name}`)).toEqual([
      'connections/crm',
      'policies/reads',
      'groups/dba',
    ]);
    expect(documents[2]?.document).toEqual({ members: ['user:dba@example.com'] });
  });

  test('the built-in guards are there unless a file takes the place of one', async () => {
    const folder = await aFolder({ 'policies/guard-define.yaml': reads });

    const documents = await readPolicyFiles(folder);

    const define = documents.filter(({ name }) => name === 'guard-define');
    expect(define.map(({ document }) => document['effect'])).toEqual(['allow']);
    expect(documents.map(({ name }) => name)).toContain('guard-risks');
  });

  test('every complaint is told at once', async () => {
    const folder = await aFolder({ 'policies/a.yaml': 'effect: allow', 'groups/b.yaml': 'members: 7' });

    const reading = readPolicyFiles(folder);

    await expect(reading).rejects.toMatchObject({
      complaints: [expect.stringContaining('policies/a.yaml'), expect.stringContaining('groups/b.yaml: members')],
    });
  });

  test('a folder without documents is an error and not an empty wish', async () => {
    await expect(readPolicyFiles(await aFolder({ 'README.md': '' }))).rejects.toThrow('holds none of the folders');
  });
});

describe('a file is refused', () => {
  const bomb = `a: &a [x, x]\nb: &b [*a, *a]\nmembers: [*b]\n`;
  test.for([
    ['duplicate keys', 'groups/g.yaml', 'members: []\nmembers: []\n', 'unique'],
    ['anchors and aliases', 'groups/g.yaml', bomb, 'not allowed'],
    ['an alias to nothing', 'groups/g.yaml', 'members: [*x]\n', 'g.yaml'],
    ['merge keys', 'groups/g.yaml', '<<: {members: []}\n', 'not known here'],
    ['tags', 'groups/g.yaml', 'members: !!js/function "x"\n', 'g.yaml'],
    ['several documents', 'groups/g.yaml', 'members: []\n---\nmembers: []\n', 'g.yaml'],
    ['broken YAML', 'groups/g.yaml', 'members: [\n', 'g.yaml'],
    ['a transform that is not known', 'classifications/crm.yaml', 'transforms: {EMAIL_ADDRESS: rot13}\n', 'transforms'],
    ['nothing in it', 'groups/g.yaml', '', 'mapping'],
    ['bytes that are not UTF-8', 'groups/g.yaml', Buffer.from([0x6d, 0xff]), 'not valid'],
    ['a field named __proto__', 'groups/g.yaml', 'members: []\n__proto__: {a: 1}\n', 'not known here'],
    ['an unknown field', 'groups/g.yaml', 'members: []\nextra: 1\n', 'not known here'],
    ['a list', 'groups/g.yaml', '[]', 'mapping'],
    ['a name that is not allowed', 'groups/Große.yaml', 'members: []', 'its name must be'],
    ['another ending', 'groups/g.txt', 'members: []', 'only .yaml'],
    [
      'a condition that does not compile',
      'policies/p.yaml',
      `${reads}condition: 'user.x'\n`,
      'there is no variable user',
    ],
    ['a size that nobody writes', 'groups/g.yaml', `#${'x'.repeat(600_000)}\nmembers: []`, 'larger than'],
  ] as const)('for %s', async ([, file, content, words]) => {
    const folder = await aFolder({ [file]: content });

    await expect(readPolicyFiles(folder)).rejects.toThrow(words);
  });

  test('when another has the same name', async () => {
    const folder = await aFolder({ 'groups/g.yaml': 'members: []', 'groups/g.json': '{"members": []}' });

    await expect(readPolicyFiles(folder)).rejects.toThrow('another file has the same name');
  });
});
