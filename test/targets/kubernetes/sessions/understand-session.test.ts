import { describe, expect, test } from 'vitest';
import { understandSession } from '../../../../src/targets/kubernetes/sessions/sessions.ts';

const seal = (name: string) => `«${name}»`;
const upgrade = { to: 'websocket', protocols: ['v5.channel.k8s.io'] };
const exec = (command: readonly string[], flags: Record<string, string> = {}) =>
  understandSession('exec', {
    query: [...command.map((word) => ['command', word] as const), ...Object.entries(flags)],
    upgrade,
    seal,
  });

describe('what an exec means', () => {
  test.each<[string[], string[]]>([
    [['ls', '-l'], []],
    [['cat', '/etc/hosts'], []],
    [['sh', '-c', 'ls && cat /x'], []],
    [['sh'], ['opaque']],
    [['bash', '-i'], ['opaque']],
    [['sh', '-c', 'eval $X'], ['opaque']],
    [['rm', '-rf', '/data'], ['irreversible']],
    [['sh', '-c', 'cd /tmp; rm x'], ['irreversible']],
    [['cat', '/var/run/secrets/kubernetes.io/serviceaccount/token'], ['credential']],
    [['sh', '-c', 'cat < /run/secrets/db'], ['credential']],
    [
      ['sh', '-c', 'rm $X'],
      ['opaque', 'irreversible'],
    ],
  ])('%j has the risks %j', (command, risks) => {
    expect(exec(command).risks).toEqual(risks);
  });

  test('an approver reads the command as it could be typed, and what runs in it', () => {
    const { text } = exec(['sh', '-c', "ls 'a b' | wc -l"], { stdin: 'true', tty: 'true' });

    expect(text).toBe("Runs, with input, in a terminal: sh -c 'ls '\\''a b'\\'' | wc -l'\nPrograms in it: sh, ls, wc");
  });

  test('an approver reads why something is not understood', () => {
    expect(exec(['sh', '-c', '$X']).text).toContain('Not understood: it is not known beforehand which program runs');
  });

  test('the trail holds no password of it, in text, query or recording', () => {
    const command = ['sh', '-c', 'PGPASSWORD=hunter2 psql'];
    const meaning = exec(command, { container: 'db' });
    const query = [...command.map((word) => ['command', word] as const), ['container', 'db'] as const];
    const segments = ['api', 'v1', 'namespaces', 'a', 'pods', 'p', 'exec'];
    const recorded = meaning.recorded({
      method: 'GET',
      address: { segments, query },
      headers: [],
      body: { type: 'none' },
    });

    expect(meaning.text).toContain('hunter2');
    expect(JSON.stringify(meaning.plan)).not.toContain('hunter2');
    expect(recorded).not.toContain('hunter2');
    expect(recorded.split('\n')[0]).toMatch(
      /^GET \/api\/v1\/namespaces\/a\/pods\/p\/exec\?command=sh&command=-c&command=.*«CREDENTIAL».*&container=db$/,
    );
  });

  test('says that masking is best effort, and that kubectl cp is a copy', () => {
    expect(exec(['ls']).warnings.join()).toContain('best effort');
    expect(exec(['tar', 'cf', '-', '/x']).warnings.join()).toContain('kubectl copies files');
    expect(exec(['tar', '-xmf', '-', '-C', '/x']).warnings.join()).toContain('kubectl copies files');
  });

  test('without a command it is refused', () => {
    expect(() => exec([])).toThrow(expect.objectContaining({ code: 'operation-unreadable' }));
    expect(() => exec([''])).toThrow(expect.objectContaining({ code: 'operation-unreadable' }));
  });
});

test('input to the main program of a container cannot be understood; to look at it can', () => {
  const attach = (stdin: string) => understandSession('attach', { query: [['stdin', stdin]], upgrade, seal });

  expect(attach('true').risks).toEqual(['opaque']);
  expect(attach('false').risks).toEqual([]);
});

test('a forwarded port is told to be neither masked nor recorded', () => {
  const meaning = understandSession('portforward', { query: [], upgrade, seal });

  expect(meaning.warnings.join()).toContain('neither masked nor recorded');
  expect(meaning.text).toContain('not recorded');
});
