import { isSuspicious } from './secret-names.ts';

type Span = { start: number; end: number };

/** A form in which a value is given a name without `=` or `:`; `name` and `value` are its groups. */
const forms: readonly RegExp[] = [
  // <password>…</password>
  /<(?<name>[\w.:-]{1,100})(?:\s[^<>]{0,200})?>(?<value>[^<>]{1,2000})(?=<\/)/dg,
  // <property name="password" value="…"/>
  /\b(?:name|key|id)=(?<quote>["'])(?<name>[\w.:-]{1,100})\k<quote>[^<>]{0,200}?\bvalue=(?<other>["'])(?<value>[^"'<>]{1,2000})\k<other>/dg,
  // define("DB_PASSWORD", "…")
  /\(\s{0,4}(?<quote>["'])(?<name>[\w.-]{1,100})\k<quote>\s{0,4},\s{0,4}(?<other>["'])(?<value>[^"'\n]{1,2000})\k<other>/dg,
  // proxy_set_header Authorization "…";
  /(?:(?:_|\b)set_header|\badd_header|RequestHeader[ \t]+set)[ \t]+["']?(?<name>[\w-]{1,100})["']?[ \t]+["']?(?<value>[^"'\n;$]{1,2000})/dg,
  // requirepass … (Redis)
  /(?<![\w-])(?<name>requirepass|masterauth|auth-pass[ \t]+\S{1,100})[ \t]+["']?(?<value>[^\s"']{1,2000})["']?[ \t]*(?=[\r\n]|$)/dg,
];

const directive = /^(?:requirepass|masterauth|auth-pass)/;
const openers = /<\/|\bvalue=|\(\s{0,4}["']|_header|RequestHeader|requirepass|masterauth|auth-pass/;

/** Where values stand that are likely secrets by a name which markup, a call or a directive gives them; in order, none within another. */
export function markedIn(text: string): Span[] {
  if (!openers.test(text)) return [];
  const spans = forms.flatMap((form) => [...text.matchAll(form)].flatMap(spanOf));
  spans.sort((one, other) => one.start - other.start);
  return spans.filter(({ start }, index) => start >= (spans[index - 1]?.end ?? 0));
}

function spanOf({ groups, indices }: RegExpExecArray): Span[] {
  const [start, end] = indices?.groups?.['value'] ?? [0, 0];
  const name = groups?.['name'] ?? '';
  return start < end && (directive.test(name) || isSuspicious(name)) ? [{ start, end }] : [];
}
