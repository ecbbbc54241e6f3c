import { structureSchema } from '../../../src/api/structure-schemas.ts';
import { check } from '../../../src/model/check.ts';
import type { Connection } from '../../../src/model/connection.ts';
import {
  type ConnectionDocument,
  connectionSchema,
  type Limits,
  type Transform,
} from '../../../src/model/documents.ts';
import { Problem } from '../../../src/model/problem.ts';
import type { Column } from '../../../src/model/result.ts';
import { createTokenKey } from '../../../src/model/seal.ts';
import { Secret } from '../../../src/model/secret.ts';
import type { StructureQuery } from '../../../src/model/structure.ts';
import { createPostgres } from '../../../src/targets/postgres/postgres.ts';
import { type Row, rowsOf } from '../../fakes/batches.ts';
import { aCaller } from '../../fakes/caller.ts';
import { unkeptTranscript } from '../../fakes/transcript.ts';

type Postgres = ReturnType<typeof createPostgres>;

/** `lines` are the rows to the last byte: reading JSON rounds long numbers. */
export type Reply = { columns: readonly Column[]; rows: Row[]; lines: string; affected?: number; truncated: boolean };

export type Database = { port: number; database: string; user: string; password: string };

export type AgentOptions = {
  classification?: Record<string, Record<string, string>>;
  transforms?: Record<string, Transform>;
  unclassified?: ConnectionDocument['unclassified'];
  unmask?: readonly string[];
  searchPath?: readonly string[];
  target?: Postgres;
};

/** An agent at one database, as the gateway would serve it: inspect, understand, refuse what is unprovable, count, execute. */
export function agentAt(database: Database, options: AgentOptions = {}) {
  const {
    classification = {},
    transforms = {},
    unclassified = 'allow',
    unmask = [],
    searchPath = ['public'],
    target = createPostgres({ allowPlaintext: false }),
  } = options;
  const settings = target.settings.parse({
    host: '127.0.0.1',
    port: database.port,
    database: database.database,
    tls: 'disable',
    search_path: searchPath,
  });
  const document = connectionSchema.parse({
    kind: 'postgres',
    settings,
    credential: { secret: 'projects/p/secrets/s' },
    unclassified,
  });
  const connection: Connection = {
    name: database.database,
    version: JSON.stringify([database.database, database.user, classification, transforms, unclassified]),
    document,
    classification: new Map(
      Object.entries(classification).map(([name, columns]) => [name, new Map(Object.entries(columns))]),
    ),
    transforms: new Map(Object.entries(transforms)),
  };
  const secret = new Secret(
    JSON.stringify({ username: database.user, password: database.password }),
    `${database.user}/1`,
  );
  const seal = (className: string, literal: string) => `«${className}:${Buffer.from(literal).toString('hex')}»`;
  const tokenKey = createTokenKey('a key for tests');
  const never = new AbortController().signal;
  const access = (signal = never, limits: Limits = {}) => ({
    ...{ connection, settings, secret, signal, limits },
    caller: aCaller(),
    transcript: unkeptTranscript,
  });

  const understand = async (
    statement: string,
    parameters: (string | number | boolean | null)[] = [],
    more: { at_most?: number } = {},
  ) => {
    const facts = await target.inspect(access());
    const request = { statement, parameters, ...more };
    const { plan, ...operation } = await target.understand(request, facts, { connection, unmask, seal, tokenKey });
    if (plan.access === 'administer') throw new Error('A statement is no task.');
    return { ...operation, plan };
  };
  type Understood = Parameters<Postgres['execute']>[0];
  const execute = (operation: Understood, limits: Limits = {}, signal = never) =>
    target.execute(operation, access(signal, limits));

  const estimate = async (operation: Understood, signal = never) =>
    (await target.estimate?.(operation, access(signal))) ?? { risks: [], estimates: {} };

  return {
    target,
    connection,
    access,
    understand,
    estimate,
    execute,
    /** Runs to the end. Throws what the gateway would answer with. */
    async run(
      statement: string,
      parameters: (string | number | boolean | null)[] = [],
      limits: Limits = {},
    ): Promise<Reply> {
      const operation = await understand(statement, parameters);
      if (operation.unprovable !== undefined) {
        throw new Problem('masking-unprovable', {
          detail: `${operation.unprovable.rule}: ${operation.unprovable.detail}`,
        });
      }
      const result = await execute({ ...operation, ...(await estimate(operation)) }, limits);
      const rows: Row[] = [];
      let lines = '';
      for await (const batch of result.batches) {
        rows.push(...rowsOf(batch));
        lines += Buffer.from(batch.bytes).toString('utf8');
      }
      return { columns: result.columns, rows, lines, ...result.summary() };
    },
    /** What is asked beside SQL, read as the gateway would read it, to the end. */
    async ask(task: unknown, limits: Limits = {}, signal = never) {
      const facts = await target.inspect(access());
      const operation = await target.understand(check(task, target.request), facts, {
        connection,
        unmask,
        seal,
        tokenKey,
      });
      const result = await execute(operation, limits, signal);
      const rows: Row[] = [];
      for await (const batch of result.batches) rows.push(...rowsOf(batch));
      return { operation, rows, columns: result.columns, truncated: result.summary().truncated };
    },
    schema: async (query: Partial<StructureQuery> = {}, mayTouch: (resource: string) => boolean = () => true) => {
      const question = { query: { page_size: 100, ...query }, mayTouch, mayTouchSome: mayTouch };
      return structureSchema.parse(await target.schema(await target.inspect(access()), question, access()));
    },
  };
}

export type Agent = ReturnType<typeof agentAt>;
