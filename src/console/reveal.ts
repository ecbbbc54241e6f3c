/** Text in pieces: as it is, or something that an eye would miss or misread, with what it really is. */
export type Piece =
  | { kind: 'text'; text: string }
  /** A character that cannot be seen or that moves others about: only its name is shown. */
  | { kind: 'hidden'; code: string; name: string }
  /** The end of a line, and a tab: every text is full of them, so a small sign is enough. */
  | { kind: 'newline' }
  | { kind: 'tab' }
  /** A word whose letters are not what they seem. */
  | { kind: 'lookalike'; text: string; why: string };

export type Revealed = { pieces: readonly Piece[]; warnings: readonly string[] };

/**
 * Takes text apart so that a human sees every character that is in it: control, bidirectional, zero-width and other
 * invisible characters become names (Unicode TR36 and TR9), words of mixed or imitated scripts are marked (TR39).
 */
export function reveal(text: string): Revealed {
  const pieces = [...text.matchAll(parts)].map(([part]) => pieceOf(part));
  return { pieces: merged(pieces), warnings: warningsOn(pieces) };
}

/** What an eye cannot see, or can take for nothing: only the plain space is left in peace. */
const hidden = /[[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]--[ ]]/v;
const word = /[[\p{L}\p{M}\p{N}_]--\p{Default_Ignorable_Code_Point}]+/v;
const rest = /[^\p{L}\p{M}\p{N}_\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]+| +/v;
const parts = new RegExp([hidden, word, rest].map(({ source }) => source).join('|'), 'gv');

function pieceOf(part: string): Piece {
  if (part === '\n') return { kind: 'newline' };
  if (part === '\t') return { kind: 'tab' };
  if (hidden.test(part)) return named(part);
  const why = disguiseOf(part);
  return why === undefined ? { kind: 'text', text: part } : { kind: 'lookalike', text: part, why };
}

function named(character: string): Piece {
  const code = `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  return { kind: 'hidden', code, name: names[code] ?? groupOf(character) };
}

function groupOf(character: string) {
  if (/\p{Cc}/v.test(character)) return 'control character';
  if (/\p{Z}/v.test(character)) return 'unusual space';
  if (/\p{Default_Ignorable_Code_Point}/v.test(character)) return 'invisible character';
  return 'character without a shape';
}

const names: Record<string, string> = {
  'U+0000': 'null',
  'U+0008': 'backspace',
  'U+000B': 'vertical tab',
  'U+000C': 'form feed',
  'U+000D': 'carriage return',
  'U+001B': 'escape',
  'U+007F': 'delete',
  'U+0085': 'next line',
  'U+00A0': 'no-break space',
  'U+00AD': 'soft hyphen',
  'U+061C': 'Arabic letter mark',
  'U+180E': 'Mongolian vowel separator',
  'U+200B': 'zero-width space',
  'U+200C': 'zero-width non-joiner',
  'U+200D': 'zero-width joiner',
  'U+200E': 'left-to-right mark',
  'U+200F': 'right-to-left mark',
  'U+2028': 'line separator',
  'U+2029': 'paragraph separator',
  'U+202A': 'left-to-right embedding',
  'U+202B': 'right-to-left embedding',
  'U+202C': 'end of embedding',
  'U+202D': 'left-to-right override',
  'U+202E': 'right-to-left override',
  'U+2060': 'word joiner',
  'U+2066': 'left-to-right isolate',
  'U+2067': 'right-to-left isolate',
  'U+2068': 'first strong isolate',
  'U+2069': 'end of isolate',
  'U+3000': 'ideographic space',
  'U+3164': 'Hangul filler',
  'U+FEFF': 'byte order mark',
};

const scripts = {
  Latin: /\p{Script=Latin}/v,
  Cyrillic: /\p{Script=Cyrillic}/v,
  Greek: /\p{Script=Greek}/v,
  Armenian: /\p{Script=Armenian}/v,
  Cherokee: /\p{Script=Cherokee}/v,
  Georgian: /\p{Script=Georgian}/v,
  Hebrew: /\p{Script=Hebrew}/v,
  Arabic: /\p{Script=Arabic}/v,
  Coptic: /\p{Script=Coptic}/v,
};

/** Letters of other scripts that have the shape of a Latin letter (from Unicode's confusables, the common ones). */
const latinShapes = new Set(
  'аеорсухіјѕһԁԛԝгӏАВЕКМНОРСТУХІЈЅԌԜοανυτιρκχγΑΒΕΖΗΙΚΜΝΟΡΤΥΧօսհոցզƖǃ∕⁄։׃ꓸꓹаᎪᏴᏟᎠᎬᏀᎻᎥᎫᏦᏞᎷᏢᎡᏚᎢᏙᎳᏃ‚‛ʹʺ′″‐‑‒–—−∗⁎；：＇＂',
);

/** Why this word or sign is not what it seems; undefined when it is plain. */
function disguiseOf(part: string): string | undefined {
  if (/^[\x20-\x7e]*$/.test(part)) return undefined;
  const found = Object.entries(scripts).flatMap(([name, script]) => (script.test(part) ? [name] : []));
  if (found.length > 1) return `mixes ${found.join(' and ')} letters`;
  const characters = [...part];
  if (characters.some((character) => isVariant(character))) return 'holds letters or signs of an unusual form';
  const foreign = characters.filter((character) => character > '\x7e' && !/\p{M}/v.test(character));
  if (foreign.length > 0 && foreign.every((character) => latinShapes.has(character)))
    return found.length === 1 ? `${found[0]} letters that look Latin` : 'signs that look like others';
  if (/\p{M}{3}/v.test(part)) return 'holds marks on marks';
  return undefined;
}

/** Full-width, mathematical, circled and other forms of what ASCII has (UAX 15, compatibility). */
function isVariant(character: string) {
  const plain = character.normalize('NFKC');
  return plain !== character && /^[\x20-\x7e]+$/.test(plain);
}

function warningsOn(pieces: readonly Piece[]): string[] {
  const invisible = pieces.filter((piece) => piece.kind === 'hidden').length;
  const disguised = pieces.filter((piece) => piece.kind === 'lookalike').length;
  return [
    ...(invisible > 0 ? [`${counted(invisible, 'character')} in it cannot be seen. Each is shown by its name.`] : []),
    ...(disguised > 0
      ? [`${counted(disguised, 'word or sign', 'words or signs')} in it may not be what they seem.`]
      : []),
  ];
}

function counted(count: number, one: string, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

function merged(pieces: readonly Piece[]): Piece[] {
  const result: Piece[] = [];
  for (const piece of pieces) {
    const last = result.at(-1);
    if (piece.kind === 'text' && last?.kind === 'text')
      result[result.length - 1] = { kind: 'text', text: last.text + piece.text };
    else result.push(piece);
  }
  return result;
}
