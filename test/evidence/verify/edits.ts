import type { Finding } from '../../../src/evidence/evidence.ts';
import { canonicalJson, sha256 } from '../../../src/model/canonical.ts';
import { type ChainHead, type CheckpointBody, checkpointOf, rootOf } from '../../../src/model/checkpoint.ts';
import { type Honest, keys, type SigningKey, signedBy } from './honest.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Row = { [key: string]: Json };

/** A trail that somebody may write to as they like. */
export type Loose = { events: Row[]; checkpoints: Row[]; recordings: Row[] };

/** Where the edit was made: a finding must name one of these. */
export type Spot = { chain?: string; seq?: number; checkpoint?: number; event_id?: string };

/** Chances: each a number from 0 to below 1. */
export type Dice = () => number;

/** One way to edit a trail. Undefined where the dice found nothing to edit. */
export type Edit = (trail: Loose, dice: Dice) => Spot[] | undefined;

export const looseOf = (trail: Honest): Loose => structuredClone(trail) as unknown as Loose;

export const names = ({ chain, seq, to_seq = seq, checkpoint, event_id }: Finding, spot: Spot) =>
  (spot.event_id !== undefined && event_id === spot.event_id) ||
  (spot.checkpoint !== undefined && checkpoint === spot.checkpoint) ||
  (spot.chain !== undefined &&
    chain === spot.chain &&
    (spot.seq === undefined || (seq !== undefined && to_seq !== undefined && seq <= spot.seq && spot.seq <= to_seq)));

const pick = <T>(items: readonly T[], dice: Dice): T | undefined => items[Math.floor(dice() * items.length)];
const spotOf = (row: Row): Spot => ({ chain: String(row['chain']), seq: Number(row['seq']) });
const around = (row: Row): Spot[] => {
  const { chain = '', seq = 0 } = spotOf(row);
  return [
    { chain, seq },
    { chain, seq: seq + 1 },
  ];
};

/** Every place in a value that may be changed: leaves, empty lists, nothings. */
function places(value: Json, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path];
  const entries: [string | number, Json][] = Array.isArray(value)
    ? value.map((item, index) => [index, item])
    : Object.entries(value);
  return [...(path.length > 0 ? [path] : []), ...entries.flatMap(([key, item]) => places(item, [...path, key]))];
}

/** Another value for what stands there: of the same kind, of another, or nothing at all. */
function changed(value: Json, dice: Dice): Json | undefined {
  if (dice() < 0.1) return undefined;
  if (dice() < 0.1) return value === null ? 0 : null;
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + (pick([1, -1, 0.5, 1e6], dice) ?? 1);
  if (typeof value === 'string') return changedText(value, dice);
  if (value === null) return pick<Json>(['', 'x', 0, false, [], {}], dice) ?? '';
  if (Array.isArray(value)) return dice() < 0.5 && value.length > 0 ? value.slice(1) : [...value, 'x'];
  return { ...value, more: 1 };
}

function changedText(text: string, dice: Dice): string {
  const at = Math.floor(dice() * (text.length + 1));
  const letter = /^[0-9a-f]{64}$/.test(text)
    ? 'abcdef0123456789'.replace(text[at] ?? '', '')[0]
    : pick(['x', 'é', '0', ' ', '"'], dice);
  const other = `${text.slice(0, at)}${letter}${text.slice(at + 1)}`;
  return other === text ? `${text}${letter}` : other;
}

function setAt(root: Row, path: readonly (string | number)[], change: (value: Json) => Json | undefined) {
  const last = path.at(-1) ?? '';
  const parent = path.slice(0, -1).reduce<unknown>((value, key) => Reflect.get(Object(value), key), root);
  const next = change(Reflect.get(Object(parent), last));
  if (next !== undefined) Reflect.set(Object(parent), last, next);
  else if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else Reflect.deleteProperty(Object(parent), last);
}

/** The row with the hash that it has now. */
function rehash(row: Row) {
  const { hash: _, ...others } = row;
  row['hash'] = sha256(canonicalJson(others));
}

const linksOf = ({ events }: Loose, chain: string) => events.filter((row) => row['chain'] === chain);

/** Numbers and hashes the chain anew from that place on, as its writer would have. */
function rechain(trail: Loose, chain: string, from: number) {
  const links = linksOf(trail, chain);
  for (let seq = from; seq < links.length; seq++) {
    const row = links[seq];
    if (!row) continue;
    row['seq'] = seq;
    row['prev_hash'] = links[seq - 1]?.['hash'] ?? '0'.repeat(64);
    rehash(row);
  }
}

function changeField(trail: Loose, dice: Dice, allowed = (_: readonly (string | number)[]) => true) {
  const row = pick(trail.events, dice);
  const path = row && pick(places(row).filter(allowed), dice);
  if (!row || !path) return undefined;
  const before = structuredClone(row);
  setAt(row, path, (value) => changed(value, dice));
  return { row, before, spots: [...around(before), spotOf(row)] };
}

const unlinked = ([first]: readonly (string | number)[]) =>
  !['chain', 'seq', 'prev_hash', 'hash'].includes(String(first));

/** What an attacker who may write to the table of events can do. */
export const eventEdits: Record<string, Edit> = {
  'a field is changed': (trail, dice) => changeField(trail, dice)?.spots,
  'a field is changed and its row hashed anew'(trail, dice) {
    const edit = changeField(trail, dice, ([first]) => first !== 'hash');
    if (edit) rehash(edit.row);
    return edit?.spots;
  },
  'a field is changed and the chain hashed anew from there'(trail, dice) {
    const edit = changeField(trail, dice, unlinked);
    if (!edit) return undefined;
    rechain(trail, String(edit.before['chain']), Number(edit.before['seq']));
    return edit.spots;
  },
  'a row is removed'(trail, dice) {
    const row = pick(trail.events, dice);
    if (!row) return undefined;
    trail.events.splice(trail.events.indexOf(row), 1);
    return around(row);
  },
  'a row is removed and the chain closed over it'(trail, dice) {
    const row = pick(trail.events, dice);
    if (!row) return undefined;
    trail.events.splice(trail.events.indexOf(row), 1);
    rechain(trail, String(row['chain']), Number(row['seq']));
    return around(row);
  },
  'the first rows of a chain are removed'(trail, dice) {
    const chain = String(pick(trail.events, dice)?.['chain']);
    const most = Math.floor(dice() * (linksOf(trail, chain).length - 1));
    trail.events = trail.events.filter((row) => row['chain'] !== chain || Number(row['seq']) > most);
    return [{ chain, seq: most }];
  },
  'the last rows of a chain are removed'(trail, dice) {
    const chain = String(pick(trail.events, dice)?.['chain']);
    const least = Math.ceil(dice() * (linksOf(trail, chain).length - 1));
    trail.events = trail.events.filter((row) => row['chain'] !== chain || Number(row['seq']) < least);
    return [{ chain, seq: least }];
  },
  'a whole chain is removed'(trail, dice) {
    const chain = String(pick(trail.events, dice)?.['chain']);
    trail.events = trail.events.filter((row) => row['chain'] !== chain);
    return [{ chain }];
  },
  'a row is added in a place that is taken'(trail, dice) {
    const row = pick(trail.events, dice);
    if (!row) return undefined;
    const added: Row = { ...structuredClone(row), note: 'It was never so.' };
    if (dice() < 0.7) rehash(added);
    if (dice() < 0.5) added['event_id'] = 'ev_new';
    rehash(added);
    trail.events.splice(trail.events.indexOf(row) + Math.floor(dice() * 2), 0, added);
    return around(row);
  },
  'a row is added and all after it hashed anew'(trail, dice) {
    const row = pick(trail.events, dice);
    if (!row) return undefined;
    const added = { ...structuredClone(row), event_id: 'ev_new', phase: 'fact', type: 'denied' };
    trail.events.splice(trail.events.indexOf(row) + 1, 0, added);
    rechain(trail, String(row['chain']), Number(row['seq']) + 1);
    return around(row);
  },
  'a row is added behind the end of a chain'(trail, dice) {
    const chain = String(pick(trail.events, dice)?.['chain']);
    const last = linksOf(trail, chain).at(-1);
    if (!last) return undefined;
    const added = { ...structuredClone(last), event_id: 'ev_new', phase: 'fact', type: 'denied' };
    trail.events.splice(trail.events.indexOf(last) + 1, 0, added);
    rechain(trail, chain, Number(last['seq']) + 1);
    return [{ chain, seq: Number(last['seq']) + 1 }];
  },
  'two rows change places'(trail, dice) {
    const row = pick(trail.events, dice);
    const other = row && pick(linksOf(trail, String(row['chain'])), dice);
    if (!row || !other || row === other) return undefined;
    const [one, two] = [trail.events.indexOf(row), trail.events.indexOf(other)];
    [trail.events[one], trail.events[two]] = [other, row];
    return [...around(row), ...around(other)];
  },
  'two rows change numbers'(trail, dice) {
    const row = pick(trail.events, dice);
    const other = row && pick(linksOf(trail, String(row['chain'])), dice);
    if (!row || !other || row === other) return undefined;
    [row['seq'], other['seq']] = [other['seq'] ?? 0, row['seq'] ?? 0];
    if (dice() < 0.5) {
      const links = linksOf(trail, String(row['chain'])).sort((a, b) => Number(a['seq']) - Number(b['seq']));
      trail.events = [...trail.events.filter((one) => one['chain'] !== row['chain']), ...links];
      if (dice() < 0.5) rechain(trail, String(row['chain']), 0);
    }
    return [...around(row), ...around(other)];
  },
  'a row is moved to another chain'(trail, dice) {
    const row = pick(trail.events, dice);
    const target = pick(
      trail.events.filter((one) => one['chain'] !== row?.['chain']),
      dice,
    );
    if (!row || !target) return undefined;
    const [from, to] = [around(row), { chain: String(target['chain']), seq: Number(target['seq']) + 1 }];
    trail.events.splice(trail.events.indexOf(row), 1);
    trail.events.splice(trail.events.indexOf(target) + 1, 0, row);
    Object.assign(row, to);
    if (dice() < 0.7) rechain(trail, to.chain, to.seq);
    if (dice() < 0.5) rechain(trail, from[0]?.chain ?? '', from[0]?.seq ?? 0);
    return [...from, to];
  },
  /** One that claims to be so young that no checkpoint could have it yet is not told from others. */
  'a chain is invented'(trail, dice) {
    const end = Date.parse(String(trail.checkpoints.at(-1)?.['time']));
    const row = pick(
      trail.events.filter(({ seq, time }) => seq === 0 && Date.parse(String(time)) < end - 120_000),
      dice,
    );
    if (!row) return undefined;
    const links = linksOf(trail, String(row['chain'])).map((link, index) => ({
      ...structuredClone(link),
      chain: 'ch_invented',
      event_id: `ev_invented_${index}`,
    }));
    trail.events.push(...links);
    rechain(trail, 'ch_invented', 0);
    return [{ chain: 'ch_invented' }];
  },
};

const bodyOf = (row: Row): CheckpointBody => JSON.parse(String(row['body']));
const headsOf = (row: Row): ChainHead[] => JSON.parse(String(row['heads']));

/** A checkpoint that says something else, as whoever had that key would have made it. */
function remade(
  row: Row,
  key: SigningKey | undefined,
  change: { body?: Partial<CheckpointBody>; heads?: ChainHead[] },
) {
  const heads = change.heads ?? headsOf(row);
  const made = checkpointOf({ ...bodyOf(row), root: rootOf(heads), heads: heads.length, ...change.body }, heads);
  const signature = key ? signedBy(key, made.body) : row['signature'];
  Object.assign(row, made, { signature });
}

/** All checkpoints from one on, chained again and signed. */
function resign({ checkpoints }: Loose, from: number, key: SigningKey) {
  for (const [index, row] of checkpoints.entries())
    if (index >= from) {
      const previous = String(checkpoints[index - 1]?.['hash'] ?? '0'.repeat(64));
      remade(row, key, { body: { previous } });
    }
}

function withHeads(row: Row, dice: Dice): ChainHead[] {
  const heads = headsOf(row);
  const head = pick(heads, dice);
  if (!head) return heads;
  const way = dice();
  if (way < 0.3) return heads.filter((one) => one !== head);
  if (way < 0.5) return heads.map((one) => (one === head ? { ...one, hash: sha256('other') } : one));
  if (way < 0.7) return heads.map((one) => (one === head ? { ...one, seq: one.seq + 1 } : one));
  if (way < 0.8) return heads.map((one) => (one === head ? { ...one, closed: !one.closed } : one));
  return [...heads, { ...head, chain: 'ch_invented' }];
}

const at = (row: Row | undefined): Spot[] | undefined => {
  const number = Number(row?.['number']);
  return row && [{ checkpoint: number }, { checkpoint: number + 1 }];
};

/** What an attacker who may write to the table of checkpoints can do; with a key of their own. */
export const checkpointEdits: Record<string, Edit> = {
  'a field of a checkpoint is changed'({ checkpoints }, dice) {
    const row = pick(checkpoints, dice);
    const path = row && pick(places(row), dice);
    const spots = at(row);
    if (row && path) setAt(row, path, (value) => changed(value, dice));
    return spots && [...spots, ...(at(row) ?? []), ...(row?.['number'] === undefined ? [{}] : [])];
  },
  'a checkpoint is removed'({ checkpoints }, dice) {
    const row = pick(checkpoints.slice(0, -1), dice);
    if (row) checkpoints.splice(checkpoints.indexOf(row), 1);
    return at(row);
  },
  'two checkpoints change places'({ checkpoints }, dice) {
    const [one, two] = [Math.floor(dice() * checkpoints.length), Math.floor(dice() * checkpoints.length)];
    const [row, other] = [checkpoints[one], checkpoints[two]];
    if (!row || !other || one === two) return undefined;
    [checkpoints[one], checkpoints[two]] = [other, row];
    return [...(at(row) ?? []), ...(at(other) ?? [])];
  },
  'a checkpoint is there twice'({ checkpoints }, dice) {
    const row = pick(checkpoints, dice);
    if (!row) return undefined;
    const twin = structuredClone(row);
    remade(twin, dice() < 0.5 ? keys.strange : undefined, { body: { keeper: 'other' } });
    checkpoints.splice(checkpoints.indexOf(row) + Math.floor(dice() * 2), 0, twin);
    return at(row);
  },
  'a checkpoint is signed by another key'({ checkpoints }, dice) {
    const row = pick(checkpoints, dice);
    if (row) remade(row, keys.strange, {});
    return at(row);
  },
  'a checkpoint has other heads'({ checkpoints }, dice) {
    const row = pick(checkpoints, dice);
    if (row) remade(row, pick([undefined, keys.strange], dice), { heads: withHeads(row, dice) });
    return at(row);
  },
  'all checkpoints from one on are signed by another key'(trail, dice) {
    const from = Math.floor(dice() * trail.checkpoints.length);
    resign(trail, from, keys.strange);
    return [{ checkpoint: from }];
  },
};

/** What only whoever has the keeper's key can do; what they cannot is to make the checkpoints agree with each other and the rows. */
export const keeperEdits: Record<string, Edit> = {
  'a signed checkpoint has other heads'({ checkpoints }, dice) {
    const row = pick(checkpoints, dice);
    if (row) remade(row, keys.checkpoint, { heads: withHeads(row, dice) });
    return at(row);
  },
  'a signed checkpoint is of another time'({ checkpoints }, dice) {
    const row = pick(checkpoints.slice(1), dice);
    if (row) remade(row, keys.checkpoint, { body: { time: '2025-12-31T00:00:00.000Z' } });
    return at(row);
  },
  'checkpoints are signed again after one was changed'(trail, dice) {
    const from = Math.floor(dice() * trail.checkpoints.length);
    const row = trail.checkpoints[from];
    if (!row) return undefined;
    const heads = headsOf(row).map((head, index) => (index === 0 ? { ...head, hash: sha256('other') } : head));
    remade(row, keys.checkpoint, { heads });
    resign(trail, from, keys.checkpoint);
    return [...(at(row) ?? []), ...headsOf(row).map(({ chain }) => ({ chain }))];
  },
};

const outcomeOf = ({ events }: Loose, row: Row): Spot[] => {
  const outcome = events.find(({ event_id, recording }) => event_id === row['event_id'] && recording !== null);
  return [{ event_id: String(row['event_id']) }, ...(outcome ? [spotOf(outcome)] : [])];
};

/** What an attacker who may write to the table of recordings can do. */
export const recordingEdits: Record<string, Edit> = {
  'a field of a recording is changed'(trail, dice) {
    const row = pick(trail.recordings, dice);
    const path =
      row &&
      pick(
        places(row).filter(([name]) => name !== 'offset_ms'),
        dice,
      );
    if (!row || !path) return undefined;
    const before = structuredClone(row);
    setAt(row, path, (value) => changed(value, dice));
    return [...outcomeOf(trail, before), ...outcomeOf(trail, row)];
  },
  'what was returned is changed, with its hash'(trail, dice) {
    const row = pick(trail.recordings, dice);
    if (!row) return undefined;
    const content = `${row['content']}[2]\n`;
    Object.assign(row, { content, sha256: sha256(content) });
    return outcomeOf(trail, row);
  },
  'a chunk is removed'(trail, dice) {
    const row = pick(trail.recordings, dice);
    if (!row) return undefined;
    trail.recordings.splice(trail.recordings.indexOf(row), 1);
    return outcomeOf(trail, row);
  },
  'a recording is put in the place of another'(trail, dice) {
    const [row, other] = [pick(trail.recordings, dice), pick(trail.recordings, dice)];
    if (!row || !other || row['event_id'] === other['event_id']) return undefined;
    const spots = [...outcomeOf(trail, row), ...outcomeOf(trail, other)];
    row['event_id'] = other['event_id'] ?? '';
    return spots;
  },
  'a recording is added'(trail, dice) {
    const row = pick(trail.recordings, dice);
    if (!row) return undefined;
    const added = { ...structuredClone(row), event_id: 'ev_invented' };
    trail.recordings.splice(Math.floor(dice() * trail.recordings.length), 0, added);
    return [{ event_id: 'ev_invented' }, ...trail.recordings.flatMap((one) => outcomeOf(trail, one))];
  },
};
