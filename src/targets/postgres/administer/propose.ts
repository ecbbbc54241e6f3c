import { type Guess, guessByComment, guessByName, type Kind, type Named } from './column-names.ts';

/** What was counted of a column's sampled values. Numbers and class names: no value, and nothing made of one. */
export type Counts = {
  /** Values that were not null. */
  values: number;
  /** By class: values that are nothing else. */
  whole: ReadonlyMap<string, number>;
  /** By class: values that hold it somewhere. */
  within: ReadonlyMap<string, number>;
  /** Values in which anything was recognised. */
  recognised: number;
  /** By class: values that could be of it by their letters and digits alone. */
  plausible: ReadonlyMap<string, number>;
  /** Values that look like the digest or the ciphertext of something. */
  opaque: number;
};

export type Evidence = Named & {
  /** As `pg_type.typname`. */
  type: string;
  comment: string | undefined;
  /** Undefined where nothing could be sampled. */
  counts: Counts | undefined;
};

/** Without a class: why a column that is named like something classified is not proposed, or nothing at all. */
export type Proposal = { className?: string; confidence?: Guess['confidence'] | 'inherited'; reason: string };

/** What a value of a class cannot do without. Looser than the detectors: it decides only whether a name is believed. */
export const plausible: Readonly<Record<string, RegExp>> = {
  EMAIL_ADDRESS: /@/,
  PHONE_NUMBER: /(?:\d\D{0,3}){6}/,
  US_SOCIAL_SECURITY_NUMBER: /(?:\d\D?){9}|^\d{4}$/,
  CREDIT_CARD_NUMBER: /(?:\d\D?){12}|[*xX•]{4}|^\d{4}$/,
  IBAN_CODE: /^[A-Z]{2}\d{2}/i,
  IP_ADDRESS: /\d+\.\d+\.\d+|:[\da-f]*:/i,
  PERSON_NAME: /\p{L}{2}/u,
  STREET_ADDRESS: /[\p{L}\d]/u,
};

/** Few values prove little. */
const enough = 10;

/** Weighs what is known of one column. A guess by name or comment that no sampled value bears out is dropped. */
export function propose(evidence: Evidence): Proposal {
  const guess = guessByName(evidence);
  const { counts } = evidence;
  const seen = counts && byValues(evidence, counts, guess);
  if (seen !== undefined) return seen;
  if (guess !== undefined) return believed(guess, 'its name', counts);

  const told = evidence.comment === undefined ? undefined : guessByComment(evidence.comment, evidence.kind);
  if (told !== undefined) return believed({ className: told, confidence: 'medium' }, 'its comment', counts);
  if (evidence.kind === 'network') {
    const className = evidence.type.startsWith('macaddr') ? 'MAC_ADDRESS' : 'IP_ADDRESS';
    return { className, confidence: 'high', reason: `its type is ${evidence.type}` };
  }
  if (counts === undefined) return { reason: mayTell.has(evidence.kind) ? 'nothing was sampled' : '' };
  return among(evidence, counts) ?? { reason: '' };
}

/** Kinds whose values could have told more than the name. */
const mayTell: ReadonlySet<Kind> = new Set(['text', 'json']);

/** Most values are of one class. */
function byValues({ column, kind }: Evidence, counts: Counts, guess: Guess | undefined): Proposal | undefined {
  const [className, hits] = most(counts.whole);
  if (className === undefined || hits < 3) return undefined;
  const share = hits / counts.values;
  const reason = `${hits} of ${counts.values} sampled values look like ${className}`;
  if (guess?.className === className && share >= 0.3)
    return { className, confidence: 'high', reason: `its name; ${reason}` };
  // Digits in a row are mostly something else, and a name that says so weighs more than a shape.
  const needed = guess !== undefined || kind === 'number' || isCounter.test(column) ? 0.9 : 0.6;
  if (share < needed) return undefined;
  return { className, confidence: share >= 0.9 && counts.values >= 20 ? 'high' : 'medium', reason };
}

const isCounter =
  /(?:^|_)(?:id|uuid|guid|number|no|num|code|sku|ref|reference|key|version|build|tracking|barcode|isbn|ean|upc|hash|checksum)$/i;

function believed(guess: Guess, why: string, counts: Counts | undefined): Proposal {
  const { className } = guess;
  if (counts === undefined) return { className, confidence: guess.confidence, reason: `${why}; nothing was sampled` };
  if (counts.values === 0) return { className, confidence: guess.confidence, reason: `${why}; no values to sample` };
  const alike = counts.plausible.get(className);
  const sampled = `${counts.values} sampled values`;
  if (alike === undefined || counts.values < enough) return { className, confidence: guess.confidence, reason: why };
  if (alike >= counts.values * 0.05) {
    const recognised = counts.whole.get(className) ?? 0;
    const seen = recognised > 0 ? `; ${recognised} of ${sampled} look like it` : '';
    return { className, confidence: guess.confidence, reason: `${why}${seen}` };
  }
  if (counts.opaque > counts.values / 2) {
    return { className, confidence: 'medium', reason: `${why}; its values are digests or ciphertext` };
  }
  return { reason: `named or described like ${className}, but none or few of ${sampled} could be one` };
}

/** Free text, or a document, in which something is found now and then. */
function among(evidence: Evidence, counts: Counts): Proposal | undefined {
  const { recognised, values } = counts;
  if (evidence.kind === 'number' || (recognised < 2 && values > 20)) return undefined;
  const found = [...counts.within]
    .filter(([className]) => !isChance(className, evidence, counts))
    .sort(([, a], [, b]) => b - a);
  const [className, hits = 0] = found[0] ?? [];
  if (className === undefined) return undefined;
  const reason = `text; of ${values} sampled values ${found.map(([name, count]) => `${count} hold ${name}`).join(', ')}`;
  return { className, confidence: hits >= values * 0.1 ? 'medium' : 'low', reason };
}

/** One in ten numbers has the check digit of a card, and versions are written as addresses are. */
function isChance(className: string, { column }: Evidence, { within, plausible: alike, values }: Counts): boolean {
  if (className === 'IP_ADDRESS') return isVersion.test(column);
  const mostlyNumbers = (alike.get('CREDIT_CARD_NUMBER') ?? 0) > values / 2;
  return className === 'CREDIT_CARD_NUMBER' && mostlyNumbers && (within.get(className) ?? 0) < values / 2;
}

const isVersion = /(?:^|_)(?:user_?agent|ua|browser|versions?|release|build|firmware|oid|schema)(?:_|$)/i;

function most(counts: ReadonlyMap<string, number>): [string | undefined, number] {
  let best: [string | undefined, number] = [undefined, 0];
  for (const entry of counts) if (entry[1] > best[1]) best = entry;
  return best;
}
