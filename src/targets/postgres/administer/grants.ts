import { type Catalog, isSystem, nameOf, type Relation } from '../catalog/catalog.ts';
import type { HiddenIn } from '../catalog/privileges.ts';
import { quoted } from '../language/syntax.ts';
import type { Protections } from '../rules/protections.ts';
import type { GrantFacts } from './grant-facts.ts';

export type Granting = {
  catalog: Catalog;
  protections: Protections;
  hiddenIn: HiddenIn;
  /** The hidden columns whose masks are made of the value (token, partial), which the role must be able to read. */
  readIn: HiddenIn;
  connection: string;
  database: string;
  role: string;
  write: boolean;
  create: boolean;
};

const readable = ['r', 'p', 'v', 'm', 'f'];

/** Every relation of users that could be read, by name. */
export function relationsToGrant(catalog: Catalog): Relation[] {
  return [...catalog.byOid.values()]
    .filter((relation) => readable.includes(relation.kind) && !isSystem(relation))
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

/**
 * R12: the least privileges with which the gateway can do its work, as SQL: with them the server itself refuses every
 * classified column. A comment says what only a human can mend. One statement or comment a line.
 */
export function grantsSql(granting: Granting, facts: GrantFacts): string[] {
  const { catalog, connection, database, role, create } = granting;
  const relations = relationsToGrant(catalog);
  const to = quoted(role);
  const schemas = [...new Set(relations.map(({ schema }) => schema))];
  const granted = relations.map((relation) => ({ relation, ...rightsOn(relation, granting, facts) }));
  const used = [...new Set(granted.filter(({ sql }) => sql.length > 0).map(({ relation }) => relation.schema))];
  const notes = [...granted.flatMap(({ note }) => note), ...warnings(granting, facts)];
  return [
    comment(`The least privileges for the connection ${connection}, by the classification in force.`),
    comment(
      'Run it as the owner of the tables or as a superuser. Who is exempt from a mask (unmask) is not served by this role.',
    ),
    'BEGIN;',
    ...(create
      ? [
          `CREATE ROLE ${to} LOGIN NOINHERIT;`,
          comment('Give it a password, in psql: \\password, and put it into the secret.'),
        ]
      : []),
    comment(
      'A grant on a table covers all of its columns, and REVOKE SELECT (column) takes nothing from it: it goes first.',
    ),
    ...schemas.flatMap((schema) => [
      `REVOKE ALL ON ALL TABLES IN SCHEMA ${quoted(schema)} FROM ${to};`,
      `REVOKE ALL ON ALL SEQUENCES IN SCHEMA ${quoted(schema)} FROM ${to};`,
      `REVOKE ALL ON SCHEMA ${quoted(schema)} FROM ${to};`,
    ]),
    `GRANT CONNECT ON DATABASE ${quoted(database)} TO ${to};`,
    ...used.map((schema) => `GRANT USAGE ON SCHEMA ${quoted(schema)} TO ${to};`),
    ...granted.flatMap(({ sql }) => sql),
    'COMMIT;',
    ...(notes.length > 0
      ? [comment('What the SQL above does not reach:'), ...notes.map((note) => comment(`- ${note}`))]
      : []),
  ];
}

function rightsOn(relation: Relation, granting: Granting, facts: GrantFacts): { sql: string[]; note: string[] } {
  const { protections, hiddenIn, readIn, role, write } = granting;
  const name = nameOf(relation);
  const { refusal } = protections(relation);
  if (refusal !== undefined) return { sql: [], note: [`${name} is left out, as it is refused: ${refusal.message}.`] };
  const hidden = new Set(hiddenIn(relation));
  const columns = relation.columns.filter((column) => !hidden.has(column.name));
  if (columns.length === 0) {
    return {
      sql: [],
      note: [`${name} is left out: nothing of it is unclassified, so not even its rows can be counted.`],
    };
  }
  const [on, to] = [`${quoted(relation.schema)}.${quoted(relation.name)}`, quoted(role)];
  const list = hidden.size === 0 ? '' : ` (${columns.map((column) => quoted(column.name)).join(', ')})`;
  const sql = [`GRANT SELECT${list} ON ${on} TO ${to};`];
  if (write && ['r', 'p'].includes(relation.kind)) {
    sql.push(`GRANT INSERT, UPDATE, DELETE ON ${on} TO ${to};`);
    for (const { schema, name: sequence } of facts.sequences.filter(({ relation: oid }) => oid === relation.oid)) {
      sql.push(`GRANT USAGE ON SEQUENCE ${quoted(schema)}.${quoted(sequence)} TO ${to};`);
    }
  }
  const read = [...readIn(relation)].map(
    (column) =>
      `${name}.${column} is masked by what is made of its value, so the role reads it; only the gateway hides it.`,
  );
  return { sql, note: hidden.size === 0 ? read : [...read, ...ownersRights(relation, [...hidden], facts)] };
}

function ownersRights(relation: Relation, hidden: readonly string[], facts: GrantFacts): string[] {
  if (relation.kind !== 'v' && relation.kind !== 'm') return [];
  const owner = facts.owners.get(relation.oid) ?? 'its owner';
  return [
    `${nameOf(relation)} gives ${hidden.join(', ')} by the rights of ${owner}; whoever is granted all of the view reads it.`,
  ];
}

/** What makes the role more than what it is granted here. */
function warnings({ catalog, hiddenIn, role, create }: Granting, facts: GrantFacts): string[] {
  const all: string[] = [];
  for (const relation of relationsToGrant(catalog)) {
    const open = facts.publicColumns.get(relation.oid);
    const shown = [...hiddenIn(relation)].filter((name) =>
      relation.columns.some((column) => column.name === name && open?.has(column.number)),
    );
    if (shown.length === 0) continue;
    const on = `${quoted(relation.schema)}.${quoted(relation.name)}`;
    all.push(
      `PUBLIC may read ${shown.join(', ')} of ${nameOf(relation)}, so it is not proven until: REVOKE SELECT ON ${on} FROM PUBLIC;`,
    );
  }
  for (const { owner, schema, grantee } of facts.defaults) {
    all.push(
      `What ${owner} makes${schema === null ? '' : ` in ${schema}`} may be read by ${grantee} (default privileges), before anything classifies it.`,
    );
  }
  if (!create && !facts.exists) all.push(`There is no role ${role} yet.`);
  if (!create && facts.attributes.length > 0) {
    all.push(
      `${role} is ${facts.attributes.join(', ')}, so grants do not hold it back: ALTER ROLE ${quoted(role)} ${facts.attributes.map((name) => `NO${name}`).join(' ')};`,
    );
  }
  if (!create)
    for (const group of facts.memberOf)
      all.push(`${role} is a member of ${group} and has its rights: REVOKE ${quoted(group)} FROM ${quoted(role)};`);
  if (!create && facts.owns.length > 0)
    all.push(`${role} owns ${facts.owns.join(', ')}; an owner can grant anything to itself.`);
  if (facts.definers.length > 0) {
    all.push(
      `Anybody may call functions that run with the rights of their owners; the gateway refuses them, the server does not: ${facts.definers.join(', ')}.`,
    );
  }
  for (const schema of facts.publicCreates)
    all.push(`PUBLIC may create objects in ${schema}: REVOKE CREATE ON SCHEMA ${quoted(schema)} FROM PUBLIC;`);
  if (facts.rowSecurity.length > 0) {
    all.push(`Row-level security of ${facts.rowSecurity.join(', ')} shows a new role no rows until a policy does.`);
  }
  return all;
}

/** Names come from the database: none may end the comment. */
const comment = (text: string) => `-- ${text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '?')}`;
