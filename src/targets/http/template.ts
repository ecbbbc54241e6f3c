/** What the value of a parameter of a path may be. `text` has no colon, as services put their own verbs behind one. */
export const parameterKinds = ['text', 'integer', 'uuid', 'any'] as const;
export type ParameterKind = (typeof parameterKinds)[number];

type Segment =
  | { kind: 'literal'; text: string }
  /** One segment; `suffix` is what it must end with, such as `:cancel`. */
  | { kind: 'one'; name: string; suffix: string }
  /** One segment or more, to the end. */
  | { kind: 'rest'; name: string };

export type Template = readonly Segment[];

const literal = /^[A-Za-z0-9\-._~!$&'()*+,=:@ ]*$/;
const parameter = /^\{([A-Za-z_][\w-]*(?:\.[\w-]+)*)(\.\.\.)?\}([A-Za-z0-9\-._~:]*)$/;

/** `/v1/orders/{id}`, `/v1/orders/{id}:cancel`, `/files/{path...}`. Throws an `Error` that says what is wrong. */
export function readTemplate(text: string): Template {
  if (!text.startsWith('/')) throw new Error(`${text} does not begin with a slash`);
  const parts = text.slice(1).split('/');
  const segments = parts.map((part, index) => segmentOf(part, text, index === parts.length - 1));
  const names = segments.flatMap((segment) => (segment.kind === 'literal' ? [] : [segment.name]));
  if (new Set(names).size < names.length) throw new Error(`${text} names a parameter twice`);
  return segments;
}

function segmentOf(part: string, text: string, isLast: boolean): Segment {
  const [, name, dots, suffix = ''] = parameter.exec(part) ?? [];
  if (name !== undefined && dots === undefined) return { kind: 'one', name, suffix };
  if (name !== undefined && suffix === '' && isLast) return { kind: 'rest', name };
  if (!literal.test(part) || /^\.+$/.test(part) || (part === '' && !isLast))
    throw new Error(`${text} has a segment that is neither plain text nor {a parameter}`);
  return { kind: 'literal', text: part };
}

export const namesIn = (template: Template): string[] =>
  template.flatMap((segment) => (segment.kind === 'literal' ? [] : [segment.name]));

/** The values of the parameters, or undefined where the path is another one. */
export function match(
  template: Template,
  segments: readonly string[],
  kinds: ReadonlyMap<string, ParameterKind>,
): ReadonlyMap<string, string> | undefined {
  const values = new Map<string, string>();
  const last = template.at(-1);
  if (last?.kind === 'rest' ? segments.length < template.length : segments.length !== template.length) return undefined;
  for (const [index, segment] of template.entries()) {
    const text = segments[index] ?? '';
    if (segment.kind === 'literal') {
      if (segment.text !== text) return undefined;
      continue;
    }
    const given = segment.kind === 'rest' ? segments.slice(index) : [valueBefore(segment.suffix, text)];
    const kind = kinds.get(segment.name) ?? 'text';
    if (!given.every((value) => value !== undefined && fits(value, kind))) return undefined;
    values.set(segment.name, given.join('/'));
  }
  return values;
}

const valueBefore = (suffix: string, text: string) =>
  text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : undefined;

const shapes: Readonly<Record<ParameterKind, RegExp>> = {
  text: /^[^:]+$/,
  integer: /^-?\d{1,40}$/,
  uuid: /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i,
  any: /^.+$/s,
};

const fits = (value: string, kind: ParameterKind) => shapes[kind].test(value);

/** How two templates are to each other: `apart` where no path fits both, else which of them says more about the path. */
export function compare(one: Template, other: Template): 'apart' | 'narrower' | 'wider' | 'ambiguous' {
  let narrower = false;
  let wider = false;
  const length = Math.max(one.length, other.length);
  for (let index = 0; index < length; index++) {
    const [left, right] = [segmentAt(one, index), segmentAt(other, index)];
    if (left === undefined || right === undefined || !overlap(left, right)) return 'apart';
    narrower ||= rank(left) > rank(right);
    wider ||= rank(left) < rank(right);
  }
  if (narrower === wider) return 'ambiguous';
  return narrower ? 'narrower' : 'wider';
}

/** A rest goes on for as long as the other does. */
function segmentAt(template: Template, index: number): Segment | undefined {
  const last = template.at(-1);
  return template[index] ?? (last?.kind === 'rest' ? last : undefined);
}

function overlap(one: Segment, other: Segment): boolean {
  if (one.kind === 'literal') return other.kind === 'literal' ? one.text === other.text : isWithin(one.text, other);
  if (other.kind === 'literal') return isWithin(other.text, one);
  const [left, right] = [suffixOf(one), suffixOf(other)];
  return left.endsWith(right) || right.endsWith(left);
}

const suffixOf = (segment: Segment) => (segment.kind === 'one' ? segment.suffix : '');
const isWithin = (text: string, segment: Segment) => text !== '' && text.endsWith(suffixOf(segment));

/** A longer suffix says more, and a whole text the most. */
function rank(segment: Segment): number {
  if (segment.kind === 'literal') return Number.POSITIVE_INFINITY;
  return segment.kind === 'one' ? 1 + segment.suffix.length : 0;
}
