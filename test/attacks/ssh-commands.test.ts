import { describe, expect, test } from 'vitest';
import { settingsSchema } from '../../src/targets/ssh/settings.ts';
import { settingsWith, understood } from '../targets/ssh/understood.ts';
import { declared, meant } from './ssh-commands/declared.ts';
import { tricks, values } from './ssh-commands/fooling.ts';
import { programs } from './ssh-commands/programs.ts';

const around = [
  'uptime',
  'df -h',
  'journalctl -u nginx --no-pager',
  'cat /etc/nginx/nginx.conf',
  'kubectl get pods -n web',
];
const told = (command: string | readonly string[]) => understood({ command }, { commands: declared });
const OPAQUE = { verb: 'execute', risks: expect.arrayContaining(['opaque']) };

test.each(meant)('%j is what its operator declared', (command, verb, resource) => {
  expect(told(command)).toMatchObject({ verb, risks: [], resources: [resource] });
});

describe('a script meant to fool its reader passes as no declared command', () => {
  test.each(tricks)('%s', (_, trick) => {
    const scripts = around.filter((command) => trick(command) !== command).map(trick);

    expect(scripts).not.toEqual([]);
    for (const script of scripts) expect(told(script), script).toMatchObject(OPAQUE);
  });

  test('is tried in hundreds of ways', () => {
    const scripts = new Set(tricks.flatMap(([, trick]) => around.map(trick)));

    expect(tricks.length).toBeGreaterThan(180);
    expect(scripts.size).toBeGreaterThan(900);
  });
});

const opened: readonly (readonly [before: readonly string[], prefix: string, after: readonly string[]])[] = [
  [['journalctl', '-u'], '', ['--no-pager']],
  [['systemctl', 'status'], '', []],
  [['tail', '-n', '5'], '/var/log/', []],
  [['cat'], '/etc/nginx/', []],
  [['kubectl', 'get', 'pods', '-n'], '', []],
  [['curl', '-s'], 'https://status.internal/health/', []],
  [['docker', 'logs', '--tail', '5'], '', []],
];

test.each(values.filter((value) => !value.includes('\u0000')))('no parameter may be %j', (value) => {
  for (const [before, prefix, after] of opened) {
    const operation = told([...before, `${prefix}${value}`, ...after]);

    expect(operation, before.join(' ')).toMatchObject(OPAQUE);
  }
});

test('a NUL reaches nothing', () => {
  expect(() => told('uptime\u0000; id')).toThrow(/NUL/);
  expect(() => told(['uptime', 'a\u0000b'])).toThrow(/NUL/);
});

describe('what lives off the land', () => {
  test('is known of many programs', () => {
    expect(new Set(programs.map(([name]) => name)).size).toBeGreaterThan(170);
  });

  test.each(programs)('%s passes as no declared command', (_, commands) => {
    for (const command of commands) expect(told(command), String(command)).toMatchObject(OPAQUE);
  });

  test.each(programs)('%s cannot be declared as harmless with room for it', (_, __, templates) => {
    for (const template of templates) {
      const parameters = { ...(template.includes('{path}') && { path: '[a-zA-Z0-9/][a-zA-Z0-9/._-]*' }) };
      const read = settingsSchema.safeParse(settingsWith([{ template, verb: 'read', parameters }]));

      expect(read.success, template).toBe(false);
    }
  });
});
