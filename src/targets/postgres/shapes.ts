import { isDeepStrictEqual } from 'node:util';
import type { Snapshot } from './catalog/snapshots.ts';
import { freeConstants } from './language/free-constants.ts';
import type { Outline } from './language/outline.ts';
import { type Edit, withGaps } from './language/splice.ts';
import { ofType, type Parsed, type Token } from './language/syntax.ts';
import type { Records } from './trail/seal.ts';
import type { Understanding } from './understand.ts';

/** A read that was understood, as a form for all that differ from it in the values of free constants alone. */
export type Shape = {
  outline: Outline;
  /** Of each constant, whether it is free. */
  free: readonly boolean[];
  /** What `understand` would say of the statement with these texts as its free constants. */
  fill(statement: string, texts: readonly string[]): Understanding;
};

/**
 * To be called before a statement is proven, as its tree is another then; what it answers makes the shape once it is. Undefined where
 * there is none: for what is no plain read, or where PostgreSQL's own scanner does not find the constants of the outline.
 */
export function prepareShape(
  statement: string,
  { statement: tree, tokens }: Parsed,
  { outline, record }: { outline: Outline; record: Records },
): ((understanding: Understanding, edits: readonly Edit[]) => Shape | undefined) | undefined {
  const found = ofType(tree, 'SelectStmt') && constantTokens(statement, outline, tokens);
  if (found === undefined) return undefined;
  const places = freeConstants(tree);
  // The tree places a negative number at its sign.
  const free = found.map(({ token, before }) =>
    places.has(before?.text === '-' && !places.has(token.start) ? before.start : token.start),
  );
  const slots = found.filter((_, index) => free[index]).map(({ token }) => token);
  const recorded = record.others(slots);
  return ({ operation, recorded: _, ...rest }, edits) => {
    const { plan } = operation;
    const text = withGaps(statement, edits, slots);
    const isWhole = rest.missing.length === 0 && rest.parameters === 0;
    if (plan.access !== 'read' || !isWhole || text === undefined || recorded === undefined) return undefined;
    // What was recorded of the first is not kept, as it holds on to its tree.
    const fill = (statement: string, texts: readonly string[]): Understanding => ({
      ...rest,
      operation: { ...operation, statement, plan: { ...plan, text: text(texts) } },
      recorded: recorded(texts),
    });
    return { outline, free, fill };
  };
}

/** The tokens of the outline's constants, each with the one before it; undefined where they are not just these, to the byte. */
function constantTokens(statement: string, { constants }: Outline, tokens: readonly Token[]) {
  const found = tokens.flatMap((token, index) => (isConstant(token) ? [{ token, before: tokens[index - 1] }] : []));
  let [units, bytes] = [0, 0];
  const isSame = constants.every(({ start, text }, index) => {
    bytes += Buffer.byteLength(statement.slice(units, start));
    units = start;
    const token = found[index]?.token;
    return token?.start === bytes && token.text === text;
  });
  return isSame && found.length === constants.length ? found : undefined;
}

const isConstant = ({ name, text }: Token) => /CONST$/.test(name) || /^['\d]/.test(text);

/** What a shape rests on: the catalog, and what the statement is understood for. */
type Base = { snapshot: Snapshot; key: string };

export type Shapes = {
  /** Undefined where the statement must be understood in full. */
  find(statement: string, outline: Outline, base: Base): Understanding | undefined;
  /** Told of each statement with an outline that was understood in full. */
  learn(
    statement: string,
    outline: Outline,
    base: Base,
    understood: { understanding: Understanding; shape?: Shape },
  ): void;
};

/** `tried`: of each constant, whether another value than the shape's own was understood in full, and alike. */
type Known = { shape: Shape; tried: boolean[] };

const most = 1000;
/** Shapes of one outline, which differ in constants that are not free. */
const mostVariants = 4;

/**
 * What was understood, by the outline of statements. A shape serves a constant only after it was tried: the statement was once understood
 * in full with another value there, and nothing of that differed from what the shape gave. One that ever differed is
 * never used again.
 */
export function createShapes(): Shapes {
  const known = new WeakMap<Snapshot, Map<string, Known[]>>();

  const knownIn = ({ snapshot }: Base) => {
    const shapes = known.get(snapshot) ?? new Map<string, Known[]>();
    known.set(snapshot, shapes);
    return shapes;
  };

  return {
    find(statement, outline, base) {
      const shapes = knownIn(base);
      const key = keyOf(outline, base);
      const variants = shapes.get(key);
      if (variants === undefined) return undefined;
      shapes.delete(key);
      shapes.set(key, variants);
      const variant = variants.find(({ shape }) => isOf(shape, outline));
      return variant !== undefined && isTried(variant, outline) ? filled(variant.shape, statement, outline) : undefined;
    },
    learn(statement, outline, base, { understanding, shape }) {
      const shapes = knownIn(base);
      const key = keyOf(outline, base);
      const variants = shapes.get(key) ?? [];
      const variant = variants.find((one) => isOf(one.shape, outline));
      if (variant !== undefined) {
        if (isAlike(filled(variant.shape, statement, outline), understanding)) return addTried(variant, outline);
        // An outline without variants would begin anew.
        shapes.set(key, never);
      } else if (shape !== undefined && variants !== never) {
        const tried = outline.constants.map(() => false);
        shapes.set(key, [...variants.slice(1 - mostVariants), { shape, tried }]);
        if (shapes.size > most) for (const oldest of shapes.keys()) if (shapes.delete(oldest)) break;
      }
    },
  };
}

/** Of what is never understood by its shape. */
const never: Known[] = [];

const keyOf = (outline: Outline, { key }: Base) => `${key}\n${outline.key}`;

/** Whether all that is not free is the same. */
const isOf = ({ free, outline }: Shape, { constants }: Outline) =>
  constants.every(({ text }, index) => free[index] || text === outline.constants[index]?.text);

const isTried = ({ shape, tried }: Known, { constants }: Outline) =>
  constants.every(({ text }, index) => tried[index] || text === shape.outline.constants[index]?.text);

function addTried({ shape, tried }: Known, { constants }: Outline) {
  for (const [index, { text }] of constants.entries()) tried[index] ||= text !== shape.outline.constants[index]?.text;
}

const filled = (shape: Shape, statement: string, { constants }: Outline) =>
  shape.fill(
    statement,
    constants.filter((_, index) => shape.free[index]).map(({ text }) => text),
  );

const isAlike = (one: Understanding, other: Understanding) => isDeepStrictEqual(plain(one), plain(other));

/** All of an understanding that can be compared: what its functions answer where it has functions. */
function plain({ operation, recorded, ...rest }: Understanding) {
  const { plan, ...said } = operation;
  if (plan.access !== 'read' && plan.access !== 'write') return { ...rest, said, plan: plan.access };
  const { typeOf: _typeOf, maskedOrigin: _maskedOrigin, bindings, ...run } = plan;
  return {
    ...{ ...rest, said },
    plan: { ...run, bindings: bindings() },
    recorded: [recorded.statement, recorded.returns([])],
  };
}
