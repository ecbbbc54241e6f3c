import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { connectionSchema } from '../../../src/model/documents.ts';
import { settingsSchema } from '../../../src/targets/http/settings.ts';

const page = readFileSync(new URL('../../../docs/http.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text);

test('the connections that the documentation shows are ones', () => {
  const [first = '', , , documented = ''] = examples;
  const one = connectionSchema.parse(parse(first));
  const other = connectionSchema.parse({ kind: 'http', ...parse(documented) });

  expect(settingsSchema.parse(one.settings).routes.all.map(({ name, verb }) => `${verb} ${name}`)).toEqual([
    ...['read orders.list', 'read orders.get', 'write orders.create', 'delete orders.cancel'],
    ...['read orders.events', 'read orders.label'],
  ]);
  expect(settingsSchema.parse(other.settings).routes.all.map(({ name }) => name)).toEqual([
    'orders.get',
    'orders.delete',
  ]);
});
