import { mostIndex, type Step } from './paths.ts';

/** What is to be done at the end of a path, and below it. */
export type Act<Mask> =
  /** Every value is masked; `own`: but not those of objects within. */
  | { do: 'mask'; mask: Mask; own?: boolean }
  /** Every text is replaced by what is made of it. */
  | { do: 'rewrite'; rewrite: (text: string) => string }
  /** It holds no data, so nobody looks for any. */
  | { do: 'quiet' }
  /** Nor does any other rule speak of what is in it. */
  | { do: 'leave' }
  /** An object that is seen whole first: what its members of that name say adds rules to it. They must be ready-made. */
  | { do: 'peek'; name: string; choose: (texts: readonly string[]) => readonly Rule<Mask>[] }
  /** A list that is seen whole first, in the same way; what is no text in it is undefined. */
  | { do: 'list'; choose: (texts: readonly (string | undefined)[]) => readonly Rule<Mask>[] }
  /** A list that adds rules to what comes after it in the object it stands in. */
  | { do: 'learn'; choose: (json: string) => readonly Rule<Mask>[] };

export type Rule<Mask> = { steps: readonly Step[]; act: Act<Mask> };

type ActTo<Mask, Name> = Extract<Act<Mask>, { do: Name }>;

/** Where in a document one is, as far as rules go. Each set of rules that can be met there is one place, made once. */
export type Place<Mask> = {
  /** Its own, among those of one root. */
  readonly number: number;
  /** Of several, all that apply. */
  readonly masks: readonly Mask[];
  readonly rewrites: readonly ((text: string) => string)[];
  /** There are masks or rewrites. */
  readonly touched: boolean;
  readonly quiet: boolean;
  /** By the name that they ask for. */
  readonly peeks: readonly { name: Uint8Array; acts: readonly ActTo<Mask, 'peek'>[] }[];
  /** Where one text leads that such a member has, if all peeks ask for one name. */
  readonly peeked: Known<Mask>;
  readonly lists: readonly ActTo<Mask, 'list'>[];
  readonly learns: readonly ActTo<Mask, 'learn'>[];
  /** No rule speaks of what is below by name: it is all as here. */
  readonly level: boolean;
  /** Nothing is to be done here, nor below. */
  readonly silent: boolean;
  /** By `hintOf` a name without escapes: whether a rule may speak of it. Else it is `other`. */
  readonly hints: Uint8Array;
  readonly other: () => Place<Mask>;
  readonly member: (name: string) => Place<Mask>;
  /** The same by the name's bytes. */
  readonly named: Known<Mask>;
  readonly element: (index: number) => Place<Mask>;
  /** The place where these rules begin besides. */
  readonly with: (rules: readonly Rule<Mask>[]) => Place<Mask>;
};

/** Places by bytes that were asked about before. */
type Known<Mask> = {
  get(bytes: Uint8Array, start: number, end: number): Place<Mask> | undefined;
  set(bytes: Uint8Array, start: number, end: number, place: Place<Mask>): void;
};

/** A rule and how many of its steps are behind. */
type Reached<Mask> = { rule: Rule<Mask>; at: number };

/** What names were asked about before; forgotten when there are too many, as names may be data. */
const mostNames = 10_000;

/** The rule as the masks are put in by; a step by an element's name is a look at the element first. */
export function ruleOf<Mask>(steps: readonly Step[], act: Act<Mask>): Rule<Mask> {
  const at = steps.findIndex((step) => step.to === 'item');
  const item = steps[at];
  if (item?.to !== 'item') return { steps, act };
  const rest = [ruleOf(steps.slice(at + 1), act)];
  const choose = (texts: readonly string[]) => (texts.includes(item.name) ? rest : []);
  return { steps: steps.slice(0, at), act: { do: 'peek', name: 'name', choose } };
}

/** The place at the root of a document to which these rules apply. */
export function createPlaces<Mask>(rules: readonly Rule<Mask>[]): Place<Mask> {
  const numbers = new Map<Rule<Mask>, number>();
  const places = new Map<string, Place<Mask>>();
  let made = 0;

  function keyOf({ rule, at }: Reached<Mask>): number {
    const number = numbers.get(rule) ?? numbers.size;
    numbers.set(rule, number);
    return number * 64 + at;
  }

  function placeOf(reached: readonly Reached<Mask>[]): Place<Mask> {
    const passed = reached.flatMap(passedOver);
    const left = passed.find(({ rule, at }) => rule.act.do === 'leave' && at === rule.steps.length);
    const all = new Map((left === undefined ? passed : [left]).map((one) => [keyOf(one), one]));
    const key = [...all.keys()].sort((a, b) => a - b).join();
    const known = places.get(key) ?? makePlace([...all.values()]);
    if (places.size >= mostNames) places.clear();
    places.set(key, known);
    return known;
  }

  function makePlace(reached: readonly Reached<Mask>[]): Place<Mask> {
    const acts = reached.filter(({ rule, at }) => at === rule.steps.length).map(({ rule }) => rule.act);
    const members = new Map<string, Place<Mask>>();
    const elements: (Place<Mask> | undefined)[] = [];
    const joined = new WeakMap<readonly Rule<Mask>[], Place<Mask>>();
    const hints = hintsOf(reached);
    const masks = acts.flatMap((act) => (act.do === 'mask' ? [act.mask] : []));
    const rewriting = acts.filter((act) => act.do === 'rewrite');
    const peeks = acts.filter((act) => act.do === 'peek');
    const isLevel = reached.every(({ rule, at }) => at === rule.steps.length && lasts(rule.act));
    const counts = reached.some(({ rule, at }) => rule.steps[at]?.to === 'index');
    const below = (passes: (step: Step) => boolean, into: 'member' | 'element' = 'member') =>
      placeOf(reached.flatMap((one) => after(one, passes, into)));
    let other: Place<Mask> | undefined;
    const isQuiet = acts.some((act) => act.do === 'quiet' || act.do === 'leave');
    const isTouched = masks.length > 0 || rewriting.length > 0;
    made++;
    const place: Place<Mask> = {
      number: made,
      masks,
      rewrites: rewriting.map(({ rewrite }) => rewrite),
      touched: isTouched,
      quiet: isQuiet,
      peeks: [...Map.groupBy(peeks, ({ name }) => name)].map(([name, acts]) => ({ name: Buffer.from(name), acts })),
      peeked: createKnown(),
      lists: acts.filter((act) => act.do === 'list'),
      learns: acts.filter((act) => act.do === 'learn'),
      level: isLevel,
      silent: isLevel && isQuiet && !isTouched,
      hints,
      other() {
        other ??= isLevel ? place : below((step) => step.to === 'member');
        return other;
      },
      member(name) {
        const known = members.get(name) ?? below((step) => isStepTo(step, name));
        if (members.size >= mostNames) members.clear();
        members.set(name, known);
        return known;
      },
      named: createKnown(),
      element(index) {
        if (isLevel) return place;
        const slot = counts ? Math.min(index, mostIndex + 1) : 0;
        const known = elements[slot];
        if (known !== undefined) return known;
        const made = below((step) => isElement(step, slot), 'element');
        elements[slot] = made;
        return made;
      },
      with(more) {
        if (more.length === 0) return place;
        const known = joined.get(more) ?? placeOf([...reached, ...more.map(begun)]);
        joined.set(more, known);
        return known;
      },
    };
    return place;
  }

  return placeOf(rules.map(begun));
}

const begun = <Mask>(rule: Rule<Mask>): Reached<Mask> => ({ rule, at: 0 });

/** A name in bytes, and where it leads: one that comes to the same slot takes its place. */
type Slot<Mask> = { name: Uint8Array; place: Place<Mask> };

const slotCount = 256;
const longestName = 64;

/** Of two slots that bytes may be in, the second is for those that find the first taken. */
function createKnown<Mask>(): Known<Mask> {
  let slots: (Slot<Mask> | undefined)[] = [];
  return {
    get(bytes, start, end) {
      if (slots.length === 0) return undefined;
      const hash = hashOf(bytes, start, end) & (slotCount - 1);
      const slot = slots[hash];
      if (slot === undefined) return undefined;
      if (isName(slot.name, bytes, start, end)) return slot.place;
      const second = slots[hash ^ 1];
      return second !== undefined && isName(second.name, bytes, start, end) ? second.place : undefined;
    },
    set(bytes, start, end, place) {
      if (end - start > longestName) return;
      if (slots.length === 0) slots = new Array(slotCount);
      const hash = hashOf(bytes, start, end) & (slotCount - 1);
      // A copy: a view of a chunk, as a `Buffer` slices itself, would hold all of it in memory.
      const name = new Uint8Array(bytes.subarray(start, end));
      slots[slots[hash] === undefined ? hash : hash ^ 1] = { name, place };
    },
  };
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (bytes[at] ?? 0)) | 0;
  return hash ^ (hash >>> 11);
}

function isName(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let at = 0; at < name.length; at++) if (name[at] !== bytes[start + at]) return false;
  return true;
}

/** `**` may stand for no level at all. */
function passedOver<Mask>(one: Reached<Mask>): Reached<Mask>[] {
  const found = [one];
  for (let { at } = one; one.rule.steps[at]?.to === 'deep'; at++) found.push({ rule: one.rule, at: at + 1 });
  return found;
}

/** Whether an act applies to all that is below as well. */
const lasts = <Mask>(act: Act<Mask>) =>
  act.do === 'mask' ? act.own !== true : act.do === 'rewrite' || act.do === 'quiet' || act.do === 'leave';

/** Where the rule is one level below. */
function after<Mask>(
  { rule, at }: Reached<Mask>,
  passes: (step: Step) => boolean,
  into: 'member' | 'element',
): Reached<Mask>[] {
  const step = rule.steps[at];
  if (step === undefined) {
    const stays = lasts(rule.act) || (rule.act.do === 'mask' && into === 'element');
    return stays ? [{ rule, at }] : [];
  }
  if (step.to === 'deep') return [{ rule, at }];
  return passes(step) ? [{ rule, at: at + 1 }] : [];
}

function isStepTo(step: Step, name: string): boolean {
  if (step.to === 'key') return step.name === name;
  if (step.to === 'oneOf') return step.names.has(name);
  return step.to === 'named' ? step.passes(name) : step.to === 'member';
}

const isElement = (step: Step, index: number) => step.to === 'element' || (step.to === 'index' && step.index === index);

/** By a name's first byte and its length in bytes, of which long ones count as equal. */
export const hintOf = (first: number, length: number) => (first << 5) | (length < 31 ? length : 31);

function hintsOf<Mask>(reached: readonly Reached<Mask>[]): Uint8Array {
  const hints = new Uint8Array(256 << 5);
  for (const { rule, at } of reached) {
    const step = rule.steps[at];
    if (step?.to === 'named') hints.fill(1);
    const names = step?.to === 'key' ? [step.name] : step?.to === 'oneOf' ? step.names : [];
    for (const name of names) {
      const bytes = Buffer.from(name);
      // After an empty name comes its closing quote.
      hints[hintOf(bytes[0] ?? 0x22, bytes.length)] = 1;
    }
  }
  return hints;
}
