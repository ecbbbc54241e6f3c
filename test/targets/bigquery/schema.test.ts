import { afterAll, beforeAll, expect, test } from 'vitest';
import { structureQuerySchema } from '../../../src/model/structure.ts';
import { agentAt, aWarehouse, type Closing } from './warehouse.ts';

const closing: Closing = [];
let agent: ReturnType<typeof agentAt>;

beforeAll(async () => {
  const { url } = await aWarehouse(closing);
  const classification = {
    'sales.customers': { email: 'EMAIL_ADDRESS', 'address.street': 'STREET_ADDRESS' },
    'sales.orders': {},
  };
  agent = agentAt(url, closing, { classification, settings: { datasets: ['sales'] }, unclassified: 'deny' });
});
afterAll(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const schema = async (query: object, hidden: readonly string[] = []) => {
  const mayTouch = (resource: string) => !hidden.includes(resource);
  const question = { query: structureQuerySchema.parse(query), mayTouch, mayTouchSome: mayTouch };
  return agent.target.schema(await agent.target.inspect(agent.access()), question, agent.access());
};

test('an agent learns the columns it may touch, each with its class and mask, also those inside records and those with a policy tag', async () => {
  const page = await schema({ table: 'sales.customers' });

  expect(page).toMatchObject({ connection: 'warehouse', tables: [{ table: 'sales.customers', type: 'TABLE' }] });
  const text = JSON.stringify(page);
  expect(text).toContain('{"name":"email","type":"STRING","nullable":true,"class":"EMAIL_ADDRESS","mask":"redact"}');
  expect(text).toContain('{"name":"street","type":"STRING","nullable":true,"class":"STREET_ADDRESS","mask":"redact"}');
  expect(text).toContain(
    '{"name":"ssn","type":"STRING","nullable":true,"class":"US_SOCIAL_SECURITY_NUMBER","mask":"redact"}',
  );
});

test('tables that policy hides are not among them, and of those that nobody classified it is said that they cannot be read', async () => {
  const text = JSON.stringify(await schema({ match: 'sales.*' }, ['sales.orders']));

  expect(text).not.toContain('sales.orders"');
  expect(text).toMatch(/"table":"sales.payroll","type":"TABLE","refused":"/);
});

test('datasets that the connection does not have are not told of', async () => {
  expect(await schema({ table: 'sallyport_audit.events' })).toMatchObject({ tables: [] });
});
