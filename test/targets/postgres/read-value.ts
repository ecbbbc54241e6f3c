import type pg from 'pg';
import { type TypeFacts, writerFor } from '../../../src/targets/postgres/results/values.ts';

/** How an answer holds the server's text of a value of some type, for what was asked without the gateway. */
export async function createValueReader(client: pg.Client): Promise<(oid: number, text: string) => unknown> {
  const { rows } = await client.query<TypeFacts & { oid: number }>({
    text: 'SELECT oid::int, typtype AS kind, typcategory AS category, typbasetype::int AS base, typelem::int AS element FROM pg_type',
    types: { getTypeParser: (oid: number) => (text: string) => (oid === 23 ? Number(text) : text) },
  });
  const types = new Map(rows.map((row) => [row.oid, row]));
  return (oid, text) => {
    const source = Buffer.from(text);
    const output = { bytes: Buffer.alloc(0), length: 0 };
    writerFor(oid, (type) => types.get(type))(output, source, 0, source.length);
    return JSON.parse(output.bytes.toString('utf8', 0, output.length));
  };
}
