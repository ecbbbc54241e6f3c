import type { parse } from '@bufbuild/cel';

type Expr = ReturnType<typeof parse>['expr'];

/** What can be told of a condition without running it. */
export type Shape = {
  nodes: number;
  /** The depth of comprehensions within comprehensions; the range of one counts as within it. */
  nesting: number;
  /** How often a regular expression is asked. */
  regexes: number;
  /** Those of `variableNames` that it names. */
  variables: ReadonlySet<string>;
  /** The fields that it reads, as `identity.claims`; `identity.*` where it reads the variable as a whole. */
  fields: ReadonlySet<string>;
  /** The fields that it asks the presence of, as `has(operation.statement)`. */
  presences: ReadonlySet<string>;
};

export const variableNames = ['identity', 'agent', 'connection', 'operation', 'time'] as const;

/** Names of types, which CEL compares with `type(x)`. */
const typeNames = ['bool', 'int', 'uint', 'double', 'string', 'bytes', 'list', 'map', 'null_type', 'type'];
const known: readonly string[] = [...variableNames, ...typeNames];

/** Nobody writes longer conditions by hand; each node costs time at every call. */
const mostNodes = 1000;
const deepestNesting = 3;

/** Looks an expression through. Throws, in words for its author, at a name that means nothing and at what would be too costly. */
export function measure(root: Expr, isFunction: (name: string) => boolean): Shape {
  let nodes = 0;
  let nesting = 0;
  let regexes = 0;
  const variables = new Set<string>();
  const fields = new Set<string>();
  const presences = new Set<string>();

  function visit(expr: Expr | undefined, bound: readonly string[], depth: number) {
    if (expr === undefined) return;
    if (++nodes > mostNodes) throw new Error(`it is longer than ${mostNodes} terms`);
    const { exprKind } = expr;
    switch (exprKind.case) {
      case 'identExpr':
        return name(exprKind.value.name, '*', bound);
      case 'selectExpr':
        return select(exprKind.value, bound, depth);
      case 'callExpr':
        return call(exprKind.value, bound, depth);
      case 'listExpr':
        return each(exprKind.value.elements, bound, depth);
      case 'structExpr':
        for (const { keyKind, value } of exprKind.value.entries)
          each([keyKind.case === 'mapKey' ? keyKind.value : undefined, value], bound, depth);
        return;
      case 'comprehensionExpr':
        return comprehension(exprKind.value, bound, depth + 1);
    }
  }

  const each = (list: readonly (Expr | undefined)[], bound: readonly string[], depth: number) => {
    for (const item of list) visit(item, bound, depth);
  };

  function name(text: string, field: string, bound: readonly string[]) {
    if (bound.includes(text)) return;
    if (!known.includes(text)) throw new Error(`there is no variable ${text}; there are ${variableNames.join(', ')}`);
    variables.add(text);
    fields.add(`${text}.${field}`);
  }

  type Select = Extract<Expr['exprKind'], { case: 'selectExpr' }>['value'];

  function select({ operand, field, testOnly }: Select, bound: readonly string[], depth: number) {
    if (operand?.exprKind.case === 'identExpr') {
      nodes++;
      const { name: variable } = operand.exprKind.value;
      name(variable, field, bound);
      if (testOnly && !bound.includes(variable)) presences.add(`${variable}.${field}`);
    } else visit(operand, bound, depth);
  }

  function call(
    { function: called, target, args }: { function: string; target?: Expr | undefined; args: Expr[] },
    bound: readonly string[],
    depth: number,
  ) {
    if (/^[a-z]/i.test(called) && !isFunction(called)) throw new Error(`there is no function ${called}`);
    if (called === 'matches') regexes++;
    each([target, ...args], bound, depth);
  }

  type Comprehension = Extract<Expr['exprKind'], { case: 'comprehensionExpr' }>['value'];

  function comprehension(value: Comprehension, bound: readonly string[], depth: number) {
    nesting = Math.max(nesting, depth);
    if (depth > deepestNesting) throw new Error(`its macros are nested more than ${deepestNesting} deep`);
    const inner = [...bound, value.accuVar, value.iterVar, value.iterVar2].filter((text) => text !== '');
    each([value.iterRange, value.accuInit], bound, depth);
    each([value.loopCondition, value.loopStep, value.result], inner, depth);
  }

  visit(root, [], 0);
  return { nodes, nesting, regexes, variables, fields, presences };
}
