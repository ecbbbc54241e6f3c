import { constant, type Fields, type Node, quoted } from '../language/syntax.ts';

/**
 * An expression twice over: as text that stands on its own, and as the tree that the parser must make of that text. Every
 * function, type and collation is named with its schema, so that nothing the database defines can take its place.
 */
export type Expression = { text: string; tree: Node };

/** The name of a type: of `pg_catalog` where no schema is given. */
export type TypeName = string | { schema: string; name: string };

const word = (sval: string): Node => ({ String: { sval } });
const path = (names: readonly string[]) => names.map(quoted).join('.');
const builtIn = (name: string) => ['pg_catalog', name];

export const column = (name: string): Expression => ({
  text: quoted(name),
  tree: { ColumnRef: { fields: [word(name)] } },
});

export const text = (value: string): Expression => ({
  text: constant(value),
  tree: { A_Const: { sval: { sval: value } } },
});

export const nothing: Expression = { text: 'NULL', tree: { A_Const: { isnull: true } } };

/** `$n`, which is 1 or more. */
export const parameter = (number: number): Expression => ({ text: `$${number}`, tree: { ParamRef: { number } } });

export function cast(value: Expression, type: TypeName): Expression {
  const names = typeof type === 'string' ? builtIn(type) : [type.schema, type.name];
  const typeName = { names: names.map(word), typemod: -1 };
  return { text: `(${value.text}::${path(names)})`, tree: { TypeCast: { arg: value.tree, typeName } } };
}

export const number = (value: number | string, type: 'int4' | 'int8' | 'numeric'): Expression =>
  cast(text(String(value)), type);

export function call(name: string, ...args: readonly Expression[]): Expression {
  const funcname = builtIn(name).map(word);
  return {
    text: `${path(builtIn(name))}(${args.map((arg) => arg.text).join(', ')})`,
    tree: { FuncCall: { funcname, args: args.map(({ tree }) => tree), funcformat: 'COERCE_EXPLICIT_CALL' } },
  };
}

/** Compares byte by byte, whatever the collation of the value. */
export const bytewise = (value: Expression): Expression => ({
  text: `(${value.text} COLLATE ${path(builtIn('C'))})`,
  tree: { CollateClause: { arg: value.tree, collname: builtIn('C').map(word) } },
});

/** NULL where the condition does not hold and nothing is said for that. */
export function when(condition: Expression, result: Expression, otherwise?: Expression): Expression {
  const fields: Fields = { args: [{ CaseWhen: { expr: condition.tree, result: result.tree } }] };
  if (otherwise !== undefined) fields['defresult'] = otherwise.tree;
  return {
    text: `(CASE WHEN ${condition.text} THEN ${result.text}${otherwise === undefined ? '' : ` ELSE ${otherwise.text}`} END)`,
    tree: { CaseExpr: fields },
  };
}

/** An array of what becomes of each element, in order and in one dimension. */
export function eachOf(array: Expression, become: (element: Expression) => Expression): Expression {
  const made = become(column('element'));
  const unnested = call('unnest', array);
  const source = { List: { items: [unnested.tree, {}] } };
  const alias = { aliasname: 'each', colnames: [word('element'), word('place')] };
  const order = {
    node: column('place').tree,
    sortby_dir: 'SORTBY_DEFAULT',
    sortby_nulls: 'SORTBY_NULLS_DEFAULT',
  };
  const subselect = {
    SelectStmt: {
      targetList: [{ ResTarget: { val: made.tree } }],
      fromClause: [{ RangeFunction: { ordinality: true, functions: [source], alias } }],
      sortClause: [{ SortBy: order }],
      limitOption: 'LIMIT_OPTION_DEFAULT',
      op: 'SETOP_NONE',
    },
  };
  const from = `${unnested.text} WITH ORDINALITY AS "each"("element", "place")`;
  return {
    text: `ARRAY(SELECT ${made.text} FROM ${from} ORDER BY "place")`,
    tree: { SubLink: { subLinkType: 'ARRAY_SUBLINK', subselect } },
  };
}
