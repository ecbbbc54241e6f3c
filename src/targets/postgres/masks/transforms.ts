import type { Transform } from '../../../model/documents.ts';
import type { Catalog, Column, Type } from '../catalog/catalog.ts';
import { call, cast, column, type Expression, eachOf, nothing, number, text, when } from './expressions.ts';
import { numberToken, type TokenKeys, textToken, uuidToken } from './tokens.ts';

/** What stands in the place of a column. */
export type Replacement = {
  /** What is done in truth: `null` where the type cannot hold what was asked for. */
  transform: Transform;
  constant: Expression;
  /** Made of the value that stands there, which the gateway's login must then be able to read; else it is the constant. */
  value?: (keys: TokenKeys) => Expression;
};

/**
 * How a column is masked, by what its type can hold; domains as what they are made of, so that their checks are not run.
 *
 * | type                                         | redact      | token            | partial                                   |
 * | -------------------------------------------- | ----------- | ---------------- | ----------------------------------------- |
 * | `text`, `varchar`, `char(n)`, `name`, `citext` | `[CLASS]` | `tok_` + letters | `****` + the last 4, if it has 8 or more   |
 * | `smallint`, `integer`, `bigint`              | NULL        | `bigint`         | the last 4 digits, from 10,000,000 up      |
 * | `numeric`                                    | NULL        | `numeric`        | the same, of its whole part                |
 * | `uuid`                                       | NULL        | `uuid`           | zeros and the last 4 digits                |
 * | arrays of texts                              | `{[CLASS]}` | each element     | each element                               |
 * | arrays of the other types above              | NULL        | each element     | each element                               |
 * | all others                                   | NULL        | NULL             | NULL                                       |
 *
 * `redact` and `null` are the same for every row, NULL or not, so that nothing of the value is left. `token` and `partial` leave
 * NULL as it is. None of them fails, whatever the value.
 */
export function replacementOf(
  { name, type }: Column,
  transform: Transform,
  className: string,
  catalog: Catalog,
): Replacement {
  const held = heldBy(type, catalog);
  const own = column(name);
  if (held === undefined || transform === 'null') return nullOf(held, catalog);
  if (transform === 'redact') return redacted(held, `[${className}]`) ?? nullOf(held, catalog);
  const become = (transform === 'token' ? tokenOf : partOf)[held.holds](held.element ?? held.type, className);
  if (become === undefined) return nullOf(held, catalog);
  return {
    ...nullOf(held, catalog),
    transform,
    value: (keys) => {
      const one = (value: Expression) => become(value, keys);
      if (held.element === undefined) return one(own);
      // Without elements an array is empty, and NULL stays NULL.
      return when(call('int4ge', call('cardinality', own), number(0, 'int4')), eachOf(own, one));
    },
  };
}

/** NULL of the column's type, for what may not be read at all. */
export const nullFor = ({ type }: Column, catalog: Catalog): Replacement => nullOf(heldBy(type, catalog), catalog);

function nullOf(held: Held | undefined, catalog: Catalog): Replacement {
  const type = held?.type ?? catalog.typesByName.get('pg_catalog.text');
  if (type === undefined) throw new Error('The catalog has no type text.');
  return constantly('null', nothing, type);
}

function redacted({ holds, type, element }: Held, label: string): Replacement | undefined {
  if (holds !== 'text') return undefined;
  return constantly('redact', text(element === undefined ? label : `{"${label}"}`), type);
}

function constantly(transform: Transform, value: Expression, type: Type): Replacement {
  return { transform, constant: cast(value, type) };
}

type Holds = 'text' | 'integer' | 'numeric' | 'uuid' | 'other';

/** What a column's type is in truth: behind its domain, and behind its elements' where it is an array of what can be masked. */
type Held = { holds: Holds; type: Type; element?: Type };

function heldBy(oid: number, catalog: Catalog): Held | undefined {
  const type = withoutDomain(oid, catalog);
  if (type === undefined || type.kind === 'p') return undefined;
  const holds = holdings(type);
  const element = holds === 'other' && type.category === 'A' ? withoutDomain(type.element, catalog) : undefined;
  if (element === undefined) return { holds, type };
  // What is no array of its element by its name (`int2vector`) is left alone.
  const array = catalog.typesByName.get(`${element.schema}._${element.name}`);
  const isArray = array?.element === element.oid && type.name !== 'int2vector' && type.name !== 'oidvector';
  return isArray ? { holds: holdings(element), type: array, element } : { holds, type };
}

function withoutDomain(oid: number, catalog: Catalog): Type | undefined {
  let type = catalog.types.get(oid);
  for (let depth = 0; type?.kind === 'd' && depth < 32; depth += 1) type = catalog.types.get(type.base);
  return type;
}

const builtIn: Readonly<Record<string, Holds>> = {
  text: 'text',
  varchar: 'text',
  bpchar: 'text',
  name: 'text',
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  numeric: 'numeric',
  uuid: 'uuid',
};

function holdings({ schema, name, extension }: Type): Holds {
  if (extension) return name === 'citext' ? 'text' : 'other';
  return schema === 'pg_catalog' && Object.hasOwn(builtIn, name) ? (builtIn[name] ?? 'other') : 'other';
}

type Become = (value: Expression, keys: TokenKeys) => Expression;
type Masking = Readonly<Record<Holds, (type: Type, className: string) => Become | undefined>>;

/** `char(n)` loses its padding by this, and `numeric` its trailing zeros by `trim_scale`: equal values are equal texts. */
const asText = (value: Expression) => cast(value, 'text');

const tokenOf: Masking = {
  text: (type, className) => (value, keys) => cast(textToken(asText(value), className, keys), type),
  integer: (_type, className) => (value, keys) => numberToken(asText(value), className, keys),
  numeric: (_type, className) => (value, keys) =>
    cast(numberToken(asText(call('trim_scale', value)), className, keys), 'numeric'),
  uuid: (_type, className) => (value, keys) => uuidToken(asText(value), className, keys),
  other: () => undefined,
};

/** What is shorter is not shown in part: too much of it would be. */
const leastText = 8;
const leastNumber = 10_000_000;

const partOf: Masking = {
  text: (type, className) => (value) => {
    const end = call('textcat', text('****'), call('right', asText(value), number(4, 'int4')));
    const short = call('int4lt', call('length', asText(value)), number(leastText, 'int4'));
    return cast(when(short, text(`[${className}]`), end), type);
  },
  integer: (type) => {
    if (type.name === 'int2') return undefined;
    return (value) => {
      const wide = cast(value, 'int8');
      const end = call('mod', wide, number(10_000, 'int8'));
      return cast(when(call('int8ge', wide, number(leastNumber, 'int8')), end), type);
    };
  },
  numeric: () => (value) => {
    // Neither NaN nor infinity, which count as large, has last digits.
    const end = call('trunc', call('mod', value, number(10_000, 'numeric')));
    const known = when(call('numeric_ne', end, number('NaN', 'numeric')), end);
    return when(call('numeric_ge', value, number(leastNumber, 'numeric')), known);
  },
  uuid: () => (value) => {
    const end = call('right', asText(value), number(4, 'int4'));
    return cast(call('textcat', text('00000000-0000-0000-0000-00000000'), end), 'uuid');
  },
  other: () => undefined,
};
