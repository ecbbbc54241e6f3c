import { recognise } from '../../../masking/masking.ts';
import { type Edit, splice, withGaps } from '../language/splice.ts';
import type { Fields, Parsed, Token } from '../language/syntax.ts';
import { columnNames, givenNames, introducedNames, wordsIn } from './names.ts';
import { returnedLiterals } from './returned.ts';
import { notData, type Ties, tiesIn, unknownClass } from './ties.ts';

/** What of a statement may be written to the trail. */
export type Recorded = {
  statement: string;
  parameters: (values: readonly unknown[]) => unknown[];
  /** Whether the answer may hold what is sealed here. */
  returns: (values: readonly unknown[]) => boolean;
};

export type Sealing = {
  /** A literal as the trail may hold it. */
  seal: (className: string, literal: string) => string;
  /** Column names that hold nothing classified in any relation the statement touches. */
  unclassified: ReadonlySet<string>;
  /** Of the columns that do. */
  classes: ReadonlyMap<string, string>;
  /** Nothing is certain: a definition over what is classified. */
  doubtful: boolean;
  /** Every name in the catalog. */
  names: ReadonlySet<string>;
  /** Columns of the table that the fields of a RangeVar name, for an INSERT without a column list. */
  columnsOf: (range: Fields) => readonly string[];
};

/** Columns that hold what opens something, and texts that say that they do. */
const credentialName =
  /passw|passphrase|pwd|secret|token|api_?key|private_?key|credential|(^|_)(pw|pin|otp|cvv|cvc|salt)($|_)/i;
const credentialText = /passw|passphrase|pwd\s*=|secret|token|api[-_]?key|bearer|-----BEGIN|:\/\/[^\s/]*:[^\s/]*@/i;

/** What a token is, by its letters: the scanner has no name for some kinds. Only names and strings have quotes. */
function sortOf({ text, name, keyword }: Token): 'comment' | 'string' | 'number' | 'name' | undefined {
  if (name.endsWith('COMMENT')) return 'comment';
  if (/^(u&)?"/i.test(text)) return 'name';
  if (name === 'SCONST' || text.includes("'")) return 'string';
  if (/^\.?\d/.test(text)) return 'number';
  return name === 'IDENT' && !keyword ? 'name' : undefined;
}

/** Units and spans of time, patterns of dates, separators: words of the language that stand in quotes. */
const vocabulary =
  /^'((\d{1,3} )?(second|minute|hour|day|week|month|quarter|year)s?|utc|((YYYY|YY|Month|Mon|MM|Day|DD|HH24|HH|MI|SS|MS)[-:/. ,T]{0,2}){1,8}|[-\s,;:|/._()]{0,3})'$/i;
/** Digits up to which a number that comes back tells nothing. */
const tellsNothing = 2;
/** Digits up to which a number beside nothing is a position, a length, a factor, where nothing classified is near. */
const shortNumber = 4;
/** Digits up to which a position or a number of rows is taken for one. */
const countDigits = 6;

/**
 * The statement and its parameters as the trail may hold them: `open` where it may run, `closed` where it was refused. Literals are
 * sealed unless the tree shows that they belong to an unclassified column, so that one that is overlooked is sealed too, and what
 * detectors recognise is sealed wherever it stands. Comments are dropped. Names that nobody gave are sealed where a value could
 * have been meant by them. In what was refused every literal is sealed.
 */
export function recordedAs(statement: string, parsed: Parsed, sealing: Sealing): Records {
  const ties = tiesIn(parsed.statement, sealing.columnsOf);
  const renamed = introducedNames(parsed.statement);
  const isOpen = openTies(renamed, sealing.unclassified);
  const returned = returnedLiterals(parsed.statement);
  const words = wordsIn(parsed.statement);
  const judge: Judge = { ...sealing, ties, returned, words, isOpen, isName: nameJudge(parsed.statement, sealing) };
  const closed: Judge = { ...judge, doubtful: true };
  const found = sealedTokens(parsed.tokens, judge);
  return {
    open: recorded(statement, found, judge),
    closed: () => recorded(statement, sealedTokens(parsed.tokens, closed), closed),
    others: (constants) => recordedOthers(statement, { found, constants }, judge),
  };
}

/** Made here, so that who keeps it keeps nothing else of the statement. */
const openTies =
  (renamed: ReadonlySet<string>, unclassified: ReadonlySet<string>): Judge['isOpen'] =>
  (tie) =>
    tie === notData || (tie !== undefined && !renamed.has(tie) && unclassified.has(tie));

/** What is recorded of one statement, and of those that differ from it in the values of constants. */
export type Records = {
  open: Recorded;
  closed: () => Recorded;
  /**
   * As `open` of the same statement with other constants, of the same kinds, in the places of these tokens. Undefined where these
   * are not all constants in the order of the text.
   */
  others: (constants: readonly Token[]) => ((texts: readonly string[]) => Recorded) | undefined;
};

type Judge = Sealing & {
  ties: Ties;
  /** Keys of what may come back in the answer. */
  returned: ReadonlySet<string>;
  /** Where constant texts stand. */
  words: ReadonlySet<number>;
  isOpen: (tie: string | undefined) => boolean;
  /** Whether a token is surely a name, and not a value in the place of one. */
  isName: (token: Token) => boolean;
};

/** A token that does not stay as it is, and whether it may come back in the answer. */
type Sealed = { token: Token; text: string; returns: boolean };

function sealedTokens(tokens: readonly Token[], judge: Judge): Sealed[] {
  const found: Sealed[] = [];
  for (const token of tokens) {
    const text = sealed(token, judge);
    if (text !== undefined) found.push({ token, text, returns: mayReturn(token, judge) });
  }
  return found;
}

const editOf = ({ token: { start, end }, text }: Sealed): Edit => ({ start, end, text });

function recorded(statement: string, found: readonly Sealed[], judge: Judge): Recorded {
  const returns = found.some((each) => each.returns);
  return recordedAt(splice(statement, found.map(editOf)), returns, judge);
}

function recordedAt(statement: string, returns: boolean, judge: Judge): Recorded {
  const isSealed = (value: unknown, index: number) =>
    judge.returned.has(`$${index + 1}`) && parameter(value, judge.ties.get(`$${index + 1}`), judge) !== value;
  return {
    returns: (values) => returns || values.some(isSealed),
    statement,
    parameters: (values) => values.map((value, index) => parameter(value, judge.ties.get(`$${index + 1}`), judge)),
  };
}

/** A constant is judged by where it stands in the statement that was read, and by what it says now. */
function recordedOthers(
  statement: string,
  { found, constants }: { found: readonly Sealed[]; constants: readonly Token[] },
  open: Judge,
): ((texts: readonly string[]) => Recorded) | undefined {
  // No constant is a name, and all that is tied is so already: the tree need not be kept.
  const judge: Judge = { ...open, isName: () => false, columnsOf: () => [] };
  const fixed = found.filter(({ token }) => !constants.includes(token));
  const fixedReturns = fixed.some((each) => each.returns);
  const filled = withGaps(statement, fixed.map(editOf), constants);
  return (
    filled &&
    ((texts) => {
      let returns = fixedReturns;
      const written = constants.map((constant, index) => {
        const token = { ...constant, text: texts[index] ?? constant.text };
        const instead = sealed(token, judge);
        returns ||= instead !== undefined && mayReturn(token, judge);
        return instead ?? token.text;
      });
      return recordedAt(filled(written), returns, judge);
    })
  );
}

/** Names are those of columns of the answer, or the values of nothing. */
function mayReturn(token: Token, { returned }: Judge): boolean {
  const sort = sortOf(token);
  if (sort === 'name') return true;
  if (sort === 'number' && token.text.length <= tellsNothing) return false;
  return sort !== 'comment' && [token.start, token.start - 1].some((start) => returned.has(String(start)));
}

/** What stands in a token's place; undefined where it may stay. */
function sealed(token: Token, judge: Judge): string | undefined {
  const { start, text, name } = token;
  const sort = sortOf(token);
  if (sort === 'comment') return name === 'C_COMMENT' ? '/*…*/' : '--…';
  // A word can be the value of a setting.
  if (sort === 'string' || (sort === 'name' && judge.words.has(start))) {
    const tie = judge.ties.get(String(start));
    const className = classOfString(text, tie, judge);
    return className && judge.seal(className, literalOf(text));
  }
  if (sort === 'number') {
    // The tree places a negative number at its sign.
    const tie = judge.ties.get(String(start)) ?? judge.ties.get(String(start - 1));
    const className = classOfNumber(text, tie, judge);
    return className && judge.seal(className, text);
  }
  if (/^(true|false)$/i.test(text)) {
    const className = judge.classes.get(judge.ties.get(String(start)) ?? '');
    return className && judge.seal(className, text.toLowerCase());
  }
  return sort === 'name' && !judge.isName(token) ? judge.seal('NAME', text) : undefined;
}

/** The class that a string is sealed as; undefined where it may stay. What is written in an unusual way may say anything. */
function classOfString(
  text: string,
  tie: string | undefined,
  { classes, doubtful, isOpen }: Judge,
): string | undefined {
  if (isCredential(tie, text)) return 'CREDENTIAL';
  const ownClass = classes.get(tie ?? '') ?? unknownClass;
  if (vocabulary.test(text) && ownClass === unknownClass) return undefined;
  if (doubtful || tie === notData || !isOpen(tie) || !isPlain(text)) return ownClass;
  return recognise(literalOf(text))[0]?.class;
}

function classOfNumber(
  text: string,
  tie: string | undefined,
  { classes, doubtful, isOpen }: Judge,
): string | undefined {
  if (isCredential(tie, '')) return 'CREDENTIAL';
  if (tie === notData) return text.length > countDigits ? unknownClass : undefined;
  const bare = tie === undefined && classes.size === 0 && text.length <= shortNumber;
  if (!doubtful && (bare || isOpen(tie))) return recognise(text)[0]?.class;
  return classes.get(tie ?? '') ?? unknownClass;
}

function parameter(value: unknown, tie: string | undefined, judge: Judge): unknown {
  const { classes, doubtful, isOpen, seal } = judge;
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  const ownClass = classes.get(tie ?? '');
  if (value === null || typeof value === 'boolean') return value !== null && ownClass ? seal(ownClass, text) : value;
  if (isCredential(tie, text)) return seal('CREDENTIAL', text);
  if (doubtful || !isOpen(tie)) return seal(ownClass ?? unknownClass, text);
  const found = recognise(text)[0]?.class;
  return found === undefined ? value : seal(found, text);
}

const isCredential = (tie: string | undefined, text: string) =>
  credentialName.test(tie ?? '') || credentialText.test(text);

/** As everybody writes a string: no escapes, no prefix, no dollars, in one piece. */
const isPlain = (token: string) => /^'([^']|'')*'$/.test(token);

/** Equal literals seal equally, whether written in the statement or sent as a parameter. */
function literalOf(token: string): string {
  return isPlain(token) ? token.slice(1, -1).replaceAll("''", "'") : token;
}

/** Names of relations as the trail may hold them: one that the catalog does not know may be a value, unless it looks like a name. */
export function recordedNames(
  all: readonly string[],
  missing: readonly string[],
  seal: Sealing['seal'],
): readonly string[] {
  return all.map((name) => (missing.includes(name) && !/^[\w$.-]{1,200}$/.test(name) ? seal('NAME', name) : name));
}

/** What stays readable of a quoted name that the statement itself gives. */
const givenInQuotes = /^[A-Za-z_][\w$]{0,62}$/;

/**
 * A name that the catalog knows is one. So is one that the statement gives, if it looks like a name: who writes a value in double
 * quotes, or bare, where a column is meant has written no name.
 */
function nameJudge(statement: Fields, { names }: Sealing): Judge['isName'] {
  let given: ReadonlySet<string> | undefined;
  let columns: ReadonlySet<string> | undefined;
  return ({ text }) => {
    if (/^u&/i.test(text)) return false;
    const quoted = text.startsWith('"');
    const word = quoted ? text.slice(1, -1).replaceAll('""', '"') : text.toLowerCase();
    if (names.has(word)) return true;
    given ??= givenNames(statement);
    columns ??= columnNames(statement);
    if (credentialText.test(word) || recognise(word).length > 0) return false;
    if (quoted) return given.has(word) && givenInQuotes.test(word);
    return given.has(word) || !columns.has(word);
  };
}
