import { describe, expect, test } from 'vitest';
import { settingsSchema } from '../../../src/targets/ssh/settings.ts';
import { type Declaration, settingsWith, understood } from './understood.ts';

const journal: Declaration = {
  template: 'journalctl -u {unit} --since {time}',
  verb: 'read',
  resources: ['unit/{unit}'],
  parameters: { time: '\\d+ hours ago|today' },
};
const restart: Declaration = {
  template: 'sudo -n systemctl restart {unit}',
  verb: 'write',
  resources: ['unit/{unit}'],
  risks: ['bulk'],
};
const commands = [journal, restart];

describe('a command that the connection declares', () => {
  test('is what its declaration says, whatever way it is written', () => {
    const asText = understood({ command: "journalctl -u nginx  --since '2 hours ago'" }, { commands });
    const asWords = understood({ command: ['journalctl', '-u', 'nginx', '--since', '2 hours ago'] }, { commands });

    expect(asText).toMatchObject({
      verb: 'read',
      risks: [],
      resources: ['unit/nginx'],
      statement: "'journalctl' '-u' 'nginx' '--since' '2 hours ago'",
      plan: { text: "'journalctl' '-u' 'nginx' '--since' '2 hours ago'" },
    });
    expect(asWords).toEqual(asText);
  });

  test('has its own verb and risks, and the name of its program where it names no resource', () => {
    const uptime = { template: '/usr/bin/uptime', verb: 'read' };

    expect(understood({ command: 'sudo -n systemctl restart nginx' }, { commands })).toMatchObject({
      verb: 'write',
      risks: ['bulk'],
      resources: ['unit/nginx'],
    });
    expect(understood({ command: '/usr/bin/uptime' }, { commands: [uptime] }).resources).toEqual(['command/uptime']);
  });

  test('that several declare is as dangerous as the worst of them, and touches what any does', () => {
    const wide: Declaration = { template: 'tail {file}', verb: 'read', resources: ['file/{file}'] };
    const narrow: Declaration = {
      template: 'tail secrets',
      verb: 'administer',
      resources: ['secrets'],
      risks: ['credential'],
    };

    expect(understood({ command: 'tail secrets' }, { commands: [narrow, wide] })).toMatchObject({
      verb: 'administer',
      risks: ['credential'],
      resources: ['secrets', 'file/secrets'],
    });
  });

  test.each([
    ['in a terminal, where a program may ask or page', { terminal: {} }],
    ['with input', { stdin: 'id' }],
    ['with a variable that is no plain value', { environment: { LC_ALL: '../x' } }],
  ])('is opaque %s', (_, more) => {
    const operation = understood({ command: 'journalctl -u nginx --since today', ...more }, { commands });

    expect(operation).toMatchObject({ verb: 'execute', risks: ['opaque'] });
  });

  test('is run with its input closed where a client is attached to it', () => {
    const request = { command: 'journalctl -u nginx --since today', attached: true };

    const operation = understood(request, { commands });

    expect(operation).toMatchObject({ verb: 'read', live: true, plan: { deaf: true, attached: true } });
    expect(operation.parameters).toEqual([{ kind: 'command', input: 'none' }]);
  });

  test('may be declared to take input, which is then part of what is approved', () => {
    const load: Declaration = { template: 'psql -f - crm', verb: 'execute', input: true };

    const one = understood({ command: 'psql -f - crm', stdin: 'select 1' }, { commands: [load] });
    const other = understood({ command: 'psql -f - crm', stdin: 'select 2' }, { commands: [load] });

    expect(one).toMatchObject({ verb: 'execute', risks: [], resources: ['command/psql'] });
    expect(one.parameters).toEqual([
      { kind: 'command', input: { bytes: 8, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } },
      'select 1',
    ]);
    expect(other.parameters).not.toEqual(one.parameters);
    expect(one.recorded.parameters).toEqual([{ kind: 'command', input: { bytes: 8, sealed: '«INPUT»' } }]);
  });
});

describe('any other command', () => {
  test.each<[string | string[], string[], string[]]>([
    ['uptime', ['command/uptime', 'command/*'], ['opaque']],
    ['/bin/rm -rf /data', ['command/rm', 'command/*'], ['opaque', 'irreversible']],
    ['ls; cat /etc/shadow', ['command/cat', 'command/ls', 'command/*'], ['opaque', 'credential']],
    ['$X', ['command/*'], ['opaque']],
    [
      ['rm', '$(id)'],
      ['command/rm', 'command/*'],
      ['opaque', 'irreversible'],
    ],
    ['journalctl -u nginx --since today; id', ['command/id', 'command/journalctl', 'command/*'], ['opaque']],
  ])('%j may do anything', (command, resources, risks) => {
    expect(understood({ command }, { commands })).toMatchObject({ verb: 'execute', resources, risks });
  });

  test('is sent as it came, and words as a shell parts them into the same', () => {
    expect(understood({ command: 'ls  $HOME' }).statement).toBe('ls  $HOME');
    expect(understood({ command: ['ls', "it's", '$HOME'] }).statement).toBe(`'ls' 'it'"'"'s' '$HOME'`);
  });

  test('tells its approver which programs can be read in it, and why not all', () => {
    expect(understood({ command: 'ls | sh' }).estimates.plan).toBe(
      'Programs in it: ls, sh\nNot understood: a shell runs what it is sent',
    );
  });

  test('stands in the trail without the secrets among its arguments', () => {
    const recorded = (command: string | string[]) => understood({ command }).recorded.statement;

    expect(recorded('mysql -phunter2 -h db')).toBe('mysql -p«CREDENTIAL» -h db');
    expect(recorded(['mysql', '-phunter2'])).toBe("'mysql' '-p«CREDENTIAL»'");
    expect(recorded('mail bob@example.com')).toBe('mail «EMAIL_ADDRESS»');
  });

  test('that is too large for a human to read is told by the digest of its input', () => {
    const { parameters } = understood({ command: 'cat > /x', stdin: 'a'.repeat(20_000) });

    expect(parameters).toEqual([{ kind: 'command', input: { bytes: 20_000, sha256: expect.any(String) } }]);
  });

  test('differs from a shell and from the same without a terminal in what is approved', () => {
    const asked = [
      understood({ command: 'shell', attached: true }),
      understood({ command: 'shell', attached: true, terminal: {} }),
      understood({ shell: true, attached: true, terminal: {} }),
      understood({ command: 'shell' }),
    ].map(({ statement, parameters }) => JSON.stringify([statement, parameters]));

    expect(new Set(asked).size).toBe(4);
  });
});

test('a shell is approved as a whole', () => {
  expect(understood({ shell: true, attached: true, terminal: {} })).toMatchObject({
    verb: 'execute',
    risks: ['opaque'],
    resources: ['shell'],
    live: true,
  });
});

test('secrets in variables do not stand in the trail', () => {
  const operation = understood(
    { command: 'app', environment: { APP_TOKEN: 'hunter2', LANG: 'C' } },
    { environment: ['APP_TOKEN'] },
  );

  expect(operation.parameters).toEqual([
    { kind: 'command', environment: { APP_TOKEN: 'hunter2', LANG: 'C' }, input: 'none' },
  ]);
  expect(JSON.stringify(operation.recorded)).not.toContain('hunter2');
});

test('a variable that the connection does not name is refused', () => {
  expect(() => understood({ command: 'ls', environment: { PAGER: 'sh' } })).toThrow(
    expect.objectContaining({ code: 'operation-unreadable', detail: expect.stringContaining('PAGER') }),
  );
});

describe('a forwarded connection', () => {
  test.each([
    ['DB.Internal.', 'db.internal:5432'],
    ['10.0.0.7', '10.0.0.7:5432'],
    ['2600:DB8:0:0::1', '[2600:db8::1]:5432'],
    ['::ffff:10.0.0.7', '10.0.0.7:5432'],
    ['::1', '[::1]:5432'],
  ])('to %s is one to %s', (host, resource) => {
    const operation = understood({ forward: { host, port: 5432 }, attached: true });

    expect(operation).toMatchObject({ verb: 'connect', risks: [], resources: [resource], live: true });
    expect(operation.statement).toBe(`forward ${resource}`);
  });

  test.each([
    '127.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '1.2.3.4.5',
    '0.0.0.0',
    '::',
    '1::2::3',
    'a..b',
    '-a',
    'a-',
    'fe80::1%eth0',
  ])('to %s is refused', (host) => {
    expect(() => understood({ forward: { host, port: 22 }, attached: true })).toThrow();
  });
});

describe('settings are refused', () => {
  test.each<[Declaration, RegExp]>([
    [{ template: 'ls | wc', verb: 'read' }, /plain words/],
    [{ template: 'ls {x}', verb: 'read', parameters: { y: 'a' } }, /no parameter \{y\}/],
    [{ template: 'ls {x}', verb: 'read', resources: ['a/{y}'] }, /no parameter \{y\}/],
    [{ template: 'ls {x}', verb: 'read', resources: ['a/{x'] }, /braces/],
    [{ template: 'ls {x}', verb: 'read', parameters: { x: '.*' } }, /dash/],
    [{ template: 'ls', verb: 'define' }, /option/i],
    [{ template: 'ls', verb: 'read', inputs: true } as Declaration, /not known here/],
  ])('%j: %s', (declared, message) => {
    const read = settingsSchema.safeParse(settingsWith([declared]));

    expect(
      read.success ? '' : read.error.issues.map(({ path, message: told }) => `${path.join('.')}: ${told}`).join(),
    ).toMatch(new RegExp(`^commands\\.0.*${message.source}`, 'i'));
  });
});
