/** One condition of a field selector: `metadata.name=x`. */
export type Term = { field: string; operator: '=' | '!='; value: string };

/**
 * The conditions of a field selector, all of which hold, as k8s.io/apimachinery's `fields.ParseSelector` reads them: joined by commas; `==`
 * is `=`; a backslash stands before a comma, an equals sign or a backslash of a value. Undefined for what is none.
 */
export function fieldTerms(selector: string): readonly Term[] | undefined {
  const terms: Term[] = [];
  for (const part of partsOf(selector)) {
    const term = termOf(part);
    if (term === undefined) return undefined;
    terms.push(term);
  }
  return terms;
}

/** The one name that a field selector leaves, where it leaves one. */
export function nameSelected(selector: string): string | undefined {
  const name = fieldTerms(selector)?.find(
    ({ field, operator }) => field === 'metadata.name' && operator === '=',
  )?.value;
  return name === undefined || name === '.' || name === '..' || /[/%]/.test(name) ? undefined : name;
}

/** At each comma that no backslash stands before. */
const partsOf = (selector: string): readonly string[] => selector.match(/(?:[^,\\]|\\[\s\S]?)+/g) ?? [];

function termOf(part: string): Term | undefined {
  const [, field, operator, escaped] = /^([\s\S]*?)(!=|==|=)([\s\S]*)$/.exec(part) ?? [];
  const value = unescaped(escaped ?? '');
  if (field === undefined || value === undefined) return undefined;
  return { field, operator: operator === '!=' ? '!=' : '=', value };
}

function unescaped(value: string): string | undefined {
  if (!/^(?:[^\\,=]|\\[\\,=])*$/.test(value)) return undefined;
  return value.replace(/\\(.)/g, '$1');
}
