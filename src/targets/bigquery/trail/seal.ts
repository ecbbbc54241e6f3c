import { recognise } from '../../../masking/masking.ts';
import type { Operation } from '../../../model/operation.ts';
import type { Seal } from '../../../model/seal.ts';
import type { Reading } from '../language/places.ts';
import type { Lexed, Token } from '../language/tokens.ts';
import { isName, type Line, lineOf } from '../language/words.ts';
import type { Parameter, Statement } from '../plan.ts';
import { notData, tiesIn } from './ties.ts';

export type Sealing = {
  seal: Seal;
  /** Column → class, of every table that is touched, in lower case; whoever may see it. */
  classes: ReadonlyMap<string, string>;
  /** Columns of these tables that hold nothing classified. */
  open: ReadonlySet<string>;
  /** Names of tables, datasets, projects and columns. */
  names: ReadonlySet<string>;
};

/** Beside nothing that is known. */
const unknownClass = 'LITERAL';
const credentialName =
  /passw|passphrase|pwd|secret|token|api_?key|private_?key|credential|(^|_)(pw|pin|otp|cvv|cvc|salt)($|_)/i;
const credentialText = /passw|passphrase|pwd\s*=|secret|token|api[-_]?key|bearer|-----BEGIN|:\/\/[^\s/]*:[^\s/]*@/i;
/** Digits up to which a number is a position, a length, a factor, where nothing classified is near. */
const shortNumber = 4;
const plainName = /^[A-Za-z_][\w-]{0,62}$/;

/**
 * The statement and its parameters as the trail may hold them. A literal stays only where it is compared with, or written to, a column that holds
 * nothing classified, and no detector knows it; all others become `«CLASS:hmac»`, and comments go. So do names that may be values. A text that
 * cannot be read (`lexed` undefined) is sealed as a whole; of what is refused (`closed`) every literal is.
 */
export function recordedAs(
  statement: Statement,
  lexed: Lexed | undefined,
  reading: Reading | undefined,
  sealing: Sealing,
  closed: boolean,
): Operation['recorded'] {
  const { seal } = sealing;
  if (lexed === undefined) {
    const parameters = statement.parameters.map((parameter) => sealedParameter(parameter, unknownClass, seal));
    return { statement: seal('STATEMENT', statement.text), parameters, returned: true };
  }
  const line = lineOf(lexed.tokens);
  const ties = tiesIn(line, lexed.tokens.length, reading);
  const renamed = aliasesIn(line, lexed.tokens);
  const judge: Judge = {
    ...sealing,
    closed,
    isOpen: (tie) => sealing.open.has(tie) && !renamed.has(tie) && !sealing.classes.has(tie),
  };
  const paths = [...(reading?.places ?? []), ...(reading?.target === undefined ? [] : [reading.target])].map(
    ({ path }) => path,
  );
  let returned = false;
  let text = '';
  let at = 0;
  const put = (start: number, end: number, instead: string) => {
    text += statement.text.slice(at, start) + instead;
    at = end;
  };
  const pieces = [
    ...lexed.tokens.map((token, index) => ({ ...token, index })),
    ...lexed.comments.map((span) => ({ ...span, index: -1 })),
  ];
  for (const piece of pieces.sort((one, other) => one.start - other.start)) {
    const token = lexed.tokens[piece.index];
    if (token === undefined) {
      put(piece.start, piece.end, statement.text.startsWith('/*', piece.start) ? '/*…*/' : '--…');
      continue;
    }
    if (paths.some(({ start, end }) => token.start >= start && token.end <= end)) continue;
    const tie = ties.get(piece.index);
    const className = classOf(token, tie, judge);
    if (className === undefined) continue;
    returned ||= tie === undefined;
    put(token.start, token.end, seal(className, literalOf(token)));
  }
  text += statement.text.slice(at);
  const parameters = statement.parameters.map((parameter, index) => {
    const tie = tieOf(parameter, index, line, lexed.tokens, ties);
    const className = classOfParameter(parameter, tie, judge);
    if (className === undefined) return parameter;
    returned ||= tie === undefined;
    return sealedParameter(parameter, className, seal);
  });
  return { statement: text, parameters, ...(returned && { returned: true }) };
}

type Judge = Sealing & { closed: boolean; isOpen: (tie: string) => boolean };

/** The class that a token is sealed as; undefined where it may stay. */
function classOf(token: Token, tie: string | undefined, judge: Judge): string | undefined {
  if (token.kind === 'string')
    return classOfText(literalOf(token), tie, judge, /^(?:'[^'\\]*'|"[^"\\]*")$/.test(token.text));
  if (token.kind === 'number') return classOfNumber(token.text, tie, judge);
  if (token.kind === 'quoted') return isKnownName(token.text, judge) ? undefined : 'NAME';
  return undefined;
}

function isKnownName(text: string, { names }: Judge): boolean {
  if (names.has(text.toLowerCase())) return true;
  return (
    text.split('.').every((part) => plainName.test(part)) && !credentialText.test(text) && recognise(text).length === 0
  );
}

function classOfText(text: string, tie: string | undefined, judge: Judge, plain: boolean): string | undefined {
  if (credentialName.test(tie ?? '') || credentialText.test(text)) return 'CREDENTIAL';
  const own = judge.classes.get(tie ?? '');
  if (own !== undefined || judge.closed || tie === undefined || !plain || !judge.isOpen(tie))
    return own ?? unknownClass;
  return recognise(text)[0]?.class;
}

function classOfNumber(text: string, tie: string | undefined, judge: Judge): string | undefined {
  if (credentialName.test(tie ?? '')) return 'CREDENTIAL';
  if (tie === notData) return text.length > 6 ? unknownClass : undefined;
  const own = judge.classes.get(tie ?? '');
  if (own !== undefined) return own;
  const bare = tie === undefined && judge.classes.size === 0 && text.length <= shortNumber;
  if (!judge.closed && (bare || (tie !== undefined && judge.isOpen(tie)))) return recognise(text)[0]?.class;
  return unknownClass;
}

function classOfParameter({ value }: Parameter, tie: string | undefined, judge: Judge): string | undefined {
  const scalar = scalarOf(value);
  if (scalar === null) return undefined;
  return scalar === undefined ? (judge.classes.get(tie ?? '') ?? unknownClass) : classOfText(scalar, tie, judge, true);
}

/** The text of a value that is one text; null for NULL; undefined for lists and records. */
function scalarOf(value: object): string | null | undefined {
  if (!('value' in value)) return Object.keys(value).length === 0 ? null : undefined;
  return typeof value.value === 'string' || value.value === null ? value.value : undefined;
}

function sealedParameter(parameter: Parameter, className: string, seal: Seal): Parameter {
  return {
    ...parameter,
    value: { value: seal(className, scalarOf(parameter.value) ?? JSON.stringify(parameter.value)) },
  };
}

/** The one column that a parameter stands beside, wherever it stands. */
function tieOf(
  { name }: Parameter,
  index: number,
  line: Line,
  tokens: readonly Token[],
  ties: ReadonlyMap<number, string>,
): string | undefined {
  const wanted = name?.toLowerCase();
  const numbers = tokens.flatMap(({ kind }, number) => (kind === 'parameter' ? [number] : []));
  const own =
    wanted === undefined
      ? numbers.filter((number) => line.at(number)?.text === '?').slice(index, index + 1)
      : numbers.filter((number) => line.at(number)?.text.replace(/[@`]/g, '').toLowerCase() === wanted);
  const found = new Set(own.map((number) => ties.get(number)));
  const [only] = found;
  return found.size === 1 ? only : undefined;
}

/** Names that the statement gives to something: a column of such a name need not be the table's. */
function aliasesIn(line: Line, tokens: readonly Token[]): ReadonlySet<string> {
  const found = tokens.flatMap((token, index) => {
    const given = line.key(index - 1) === 'AS' || (isName(token) && isOperandEnd(line, index - 1));
    return given ? [token.text.toLowerCase()] : [];
  });
  return new Set(found);
}

/** A name right after another, a bracket or a literal is an alias. */
function isOperandEnd(line: Line, index: number): boolean {
  const token = line.at(index);
  if (token === undefined) return false;
  return (
    token.key === ')' ||
    token.key === ']' ||
    isName(token) ||
    line.isMember(index) ||
    ['string', 'number', 'parameter'].includes(token.kind)
  );
}

/** Equal literals seal equally, whether written in the statement or sent as a parameter. */
function literalOf({ kind, text }: Token): string {
  return kind === 'string' && /^(?:'[^'\\]*'|"[^"\\]*")$/.test(text) ? text.slice(1, -1) : text;
}
