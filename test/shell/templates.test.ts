import { describe, expect, test } from 'vitest';
import { fill, matchTemplate, namesIn, readTemplate, wordsOf } from '../../src/shell/shell.ts';

const matched = (template: string, command: string | string[], patterns: Record<string, string> = {}) => {
  const words = wordsOf(command);
  const found = words === undefined ? undefined : matchTemplate(readTemplate(template, patterns), words);
  return found === undefined ? undefined : Object.fromEntries(found.values);
};

describe('a declared command', () => {
  test.each<[string, string | string[], Record<string, string>]>([
    ['uptime', 'uptime', {}],
    ['journalctl -u {unit}', 'journalctl -u nginx.service', { unit: 'nginx.service' }],
    ['journalctl -u {unit}', ['journalctl', '-u', 'nginx'], { unit: 'nginx' }],
    ['journalctl -u {unit}', '  journalctl   \'-u\' "ngi"nx  ', { unit: 'nginx' }],
    ['journalctl --unit={unit} -n {n}', 'journalctl --unit=nginx -n 50', { unit: 'nginx', n: '50' }],
    ["docker ps --format '{{.Names}}'", ['docker', 'ps', '--format', '{{.Names}}'], {}],
    ["docker ps --format '{{.Names}}'", "docker ps --format '{{.Names}}'", {}],
    ['id {user}@{host}'.replace('{user}@', 'app@'), 'id app@web-1', { host: 'web-1' }],
    ['tail -n {n} /var/log/{file}.log', 'tail -n 5 /var/log/a..b.log', { n: '5', file: 'a..b' }],
  ])('%j is meant by %j', (template, command, values) => {
    expect(matched(template, command)).toEqual(values);
  });

  test.each<[string, string | string[]]>([
    ['uptime', 'Uptime'],
    ['uptime', '/usr/bin/uptime'],
    ['uptime', 'uptime -p'],
    ['journalctl -u {unit}', 'journalctl -u'],
    ['journalctl -u {unit}', 'journalctl -u a b'],
    ['journalctl -u {unit}', 'journalctl -u ""'],
    ['journalctl -u {unit}', 'journalctl -u -x'],
    ['journalctl -u {unit}', ['journalctl', '-u', '--output=x']],
    ['journalctl -u {unit}', ['journalctl', '-u', 'a/b']],
    ['journalctl -u {unit}', ['journalctl', '-u', 'a b']],
    ['journalctl -u {unit}', ['journalctl', '-u', 'a*']],
    ['journalctl -u {unit}', ['journalctl', '-u', 'a\n']],
    ['journalctl -u {unit}', ['journalctl', '-u', 'a\u0000']],
    ['journalctl -u {unit}', ['journalctl', '-u', 'a'.repeat(300)]],
    ['journalctl --unit={unit}', 'journalctl --unit=-x'],
    ['journalctl --unit={unit}', 'journalctl --unit='],
    ['journalctl --unit={unit}', 'journalctl --unitnginx'],
  ])('%j is not meant by %j', (template, command) => {
    expect(matched(template, command)).toBeUndefined();
  });

  test.each(['../shadow', 'a/../../shadow', '..', 'nginx/..', 'a:../b'])(
    'never leads out of a folder, whatever a pattern says: %j',
    (value) => {
      expect(matched('cat /var/log/{file}', ['cat', `/var/log/${value}`], { file: '[a-z./:]+' })).toBeUndefined();
    },
  );

  test('takes the values that its own pattern describes, whole', () => {
    const patterns = { time: '\\d+ (hour|minute)s? ago' };

    expect(matched('journalctl --since {time}', "journalctl --since '2 hours ago'", patterns)).toEqual({
      time: '2 hours ago',
    });
    expect(matched('journalctl --since {time}', "journalctl --since '2 hours ago x'", patterns)).toBeUndefined();
    expect(matched('a {x}', 'a bc', { x: 'b|c' })).toBeUndefined();
  });

  test('is sent as the words that were matched, each of them quoted', () => {
    const words = wordsOf('journalctl  -u "nginx"') ?? [];

    expect(matchTemplate(readTemplate('journalctl -u {unit}'), words)?.text).toBe("'journalctl' '-u' 'nginx'");
  });
});

describe('a template is refused', () => {
  test.each([
    ['', /plain words/],
    ['{program} x', /its program must stand there/],
    ['/opt/{x} y', /its program must stand there/],
    ['ls | wc', /plain words/],
    ['ls; id', /plain words/],
    ['ls $HOME', /plain words/],
    ['ls ~/x', /plain words/],
    ['ls *.log', /plain words/],
    ['ls {a,b}', /plain words/],
    ['ls > /x', /plain words/],
    ['A=b ls', /plain words/],
    ['ls # x', /plain words/],
    ["ls 'a\\b'", /plain words/],
    ["ls 'a!b'", /plain words/],
    ['ls\nid', /plain words/],
    ['lś', /plain words/],
    ['ls {x} {x}', /twice/],
    ['ls {x}{y}', /one parameter/],
    ["ls '{{x}}'", /not clear/],
    ['ls {x}', /no parameter \{y\}/, { y: 'a' }],
    ['eval x', /the shell's own/],
    ['command ls', /the shell's own/],
    ['time ls', /plain words|the shell's own/],
    ['ls {x}', /begin with a dash/, { x: '.*' }],
    ['ls {x}', /begin with a dash/, { x: '[\\w-]+' }],
    ['ls {x}', /signs that shells read/, { x: '[^-].*' }],
    ['ls {x}', /is not a regular expression/, { x: 'a)|(b' }],
    ['ls {x}', /looks around or back/, { x: '(?=a).' }],
    ['ls {x}', /looks around or back/, { x: '(a)\\1' }],
    ['ls {x}', /without end/, { x: '(a+)+' }],
    ['ls {x}', /too much/, { x: 'a*a*a*a*a*a*b' }],
  ] as [string, RegExp, Record<string, string>?][])('%j: %s', (text, message, patterns) => {
    expect(() => readTemplate(text, patterns)).toThrow(message);
  });
});

test('a resource is told with the values', () => {
  expect(fill('unit/{unit}', new Map([['unit', 'nginx']]))).toBe('unit/nginx');
  expect(namesIn('unit/{unit}/{x}')).toEqual(['unit', 'x']);
});
