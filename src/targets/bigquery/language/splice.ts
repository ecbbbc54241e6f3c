import { Refusal } from '../refusal.ts';
import type { NamedPlace, Subject } from './subject.ts';
import { tokensOf } from './tokens.ts';

type Edit = { start: number; end: number; text: string };

/**
 * The statement with what `relationFor` gives in each place instead of the table, under the alias that it had, and without what may only stand after a
 * table. Read again, every other word of it must be where it was.
 */
export function replaced(subject: Subject, relationFor: (place: NamedPlace) => string | undefined): string {
  const edits = subject.places.flatMap((place) => {
    const relation = relationFor(place);
    return relation === undefined ? [] : editsOf(place, relation);
  });
  edits.sort((one, other) => one.start - other.start);
  const { text } = subject.lexed;
  let [made, at] = ['', 0];
  const put: { start: number; end: number }[] = [];
  for (const edit of edits) {
    made += text.slice(at, edit.start);
    put.push({ start: made.length, end: made.length + edit.text.length });
    made += edit.text;
    at = edit.end;
  }
  made += text.slice(at);
  const before = wordsOutside(subject.lexed.tokens, edits);
  const after = wordsOutside(tokensOf(made).tokens, put);
  if (before !== after)
    throw new Refusal(
      'R1',
      'The statement reads otherwise once its tables are replaced; put blanks around their names',
    );
  return made;
}

function editsOf({ path, alias, aliased, time, sample }: NamedPlace, relation: string): Edit[] {
  const name = aliased ? '' : `AS \`${alias}\` `;
  const gone = [time, sample].filter((span) => span !== undefined).map((span) => ({ ...span, text: ' ' }));
  return [{ start: path.start, end: path.end, text: ` ${relation} ${name}` }, ...gone];
}

type Span = { start: number; end: number };

/** What is read of a text apart from some spans; a word that is only partly in one stays. */
function wordsOutside(tokens: readonly (Span & { kind: string; text: string })[], spans: readonly Span[]): string {
  let next = 0;
  const words: string[] = [];
  for (const token of tokens) {
    while ((spans[next]?.end ?? Number.POSITIVE_INFINITY) <= token.start) next += 1;
    const span = spans[next];
    if (span !== undefined && token.start >= span.start && token.end <= span.end) continue;
    words.push(`${token.kind} ${token.text}`);
  }
  return words.join('\n');
}
