import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { connectionSchema, policySchema } from '../../../src/model/documents.ts';
import { decide } from '../../../src/policy/policy.ts';
import { settingsSchema } from '../../../src/targets/ssh/settings.ts';
import { aPolicySet, aQuestion, type RawPolicy } from '../../policy/questions.ts';
import { understood } from './understood.ts';

const page = readFileSync(new URL('../../../docs/ssh.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/```yaml\n# (\w+)\/([\w-]+)\.yaml[^\n]*\n([\s\S]*?)```/g)].map(
  ([, kind = '', name = '', text = '']) => ({ kind, name, document: parse(text) }),
);
const excerpts = [...page.matchAll(/```yaml settings of ssh\n([\s\S]*?)```/g)].map(([, text = '']) => parse(text));
const connection = connectionSchema.parse(examples.find(({ kind }) => kind === 'connections')?.document);
const policies: Record<string, RawPolicy> = Object.fromEntries(
  examples.filter(({ kind }) => kind === 'policies').map(({ name, document }) => [name, document]),
);

test('the settings that the documentation shows are ones', () => {
  expect(settingsSchema.parse(connection.settings).commands.declared.map(({ verb }) => verb)).toEqual([
    ...['read', 'read', 'read', 'write', 'execute'],
  ]);
  expect(excerpts.map((excerpt) => settingsSchema.parse(excerpt).jump)).toMatchObject([[{}]]);
  for (const policy of Object.values(policies)) expect(() => policySchema.parse(policy)).not.toThrow();
  expect(Object.keys(policies)).toHaveLength(4);
});

describe('its policies', () => {
  const { commands } = connection.settings;
  const asked = (request: unknown, names: readonly string[]) => {
    const operation = understood(request, { commands });
    const chosen = Object.fromEntries(names.flatMap((name) => (policies[name] ? [[name, policies[name]]] : [])));
    const everybody = Object.fromEntries(
      Object.entries(chosen).map(([name, policy]) => [name, { ...policy, principals: ['*'], connections: ['*'] }]),
    );
    return decide(aQuestion(aPolicySet({ policies: everybody }), { connection: { kind: 'ssh' }, operation })).effect;
  };

  test.each<[string, unknown, string]>([
    ['a declared read', { command: "journalctl -u nginx --since '2 hours ago' --no-pager" }, 'allow'],
    ['another one', { command: ['tail', '-n', '50', '/var/log/syslog'] }, 'allow'],
    ['uptime', { command: 'uptime', attached: true }, 'allow'],
    ['a restart', { command: 'sudo -n systemctl restart nginx' }, 'deny'],
    ['what nobody declared', { command: 'uptime; id' }, 'deny'],
    ['a pager', { command: 'uptime', terminal: {} }, 'deny'],
    ['a shell', { shell: true, terminal: {}, attached: true }, 'deny'],
    ['a port', { forward: { host: 'db.internal.example.com', port: 5432 }, attached: true }, 'deny'],
  ])('of analysts who look: %s', (_, request, effect) => {
    expect(asked(request, ['analysts-look-at-bastion'])).toBe(effect);
  });

  test.each<[string, unknown, string]>([
    ['any command', { command: 'uptime; id' }, 'allow'],
    ['no shell', { shell: true, terminal: {}, attached: true }, 'deny'],
  ])('of operators: %s', (_, request, effect) => {
    expect(asked(request, ['operators-run-anything', 'no-shells-on-bastion'])).toBe(effect);
  });

  test.each<[string, string, number, string]>([
    ['the database', 'DB.internal.example.com.', 5432, 'allow'],
    ['another port', 'db.internal.example.com', 22, 'deny'],
    ['another host', 'crm.internal.example.com', 5432, 'deny'],
  ])('of forwarded ports: %s', (_, host, port, effect) => {
    const request = { forward: { host, port }, attached: true };

    expect(asked(request, ['analysts-reach-the-database'])).toBe(effect);
  });
});
