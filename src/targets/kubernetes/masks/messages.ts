import { maskAssignments } from '../../../masking/masking.ts';

/** What a server says: a Status, an event, a warning. Values that it quotes are masked. `closed`: of what holds secrets, whatever is quoted is. */
export function maskMessage(text: string, label: string, closed: boolean): string {
  const short = withoutAccess(withoutContext(withoutDump(withoutObjects(text, label), label), label), label);
  return maskAssignments(maskQuoted(short, label, closed), label, 'prose');
}

/** What no object could be made of is quoted whole, as JSON or as a map of Go: `Invalid value: "{\\"apiVersion\\":…}": unrecognized type`. */
function withoutObjects(text: string, label: string): string {
  return text.replace(/"(?:\{|\[|map\[|&)(?:[^"\\]|\\.)*"/g, `"${label}"`);
}

/** What changed in a Pod is told with the whole of it, from the next line on, or as a struct or a map of Go. */
function withoutDump(text: string, label: string): string {
  const dump = /\n|(?:\b(?:core|v\d\w*|api)\.|&)[A-Z]\w*\{|: \{"|\bmap\[(?!string\])/.exec(text);
  if (dump === null) return text;
  const start = dump.index + (dump[0].startsWith(': ') ? 2 : 0);
  const rest = text.slice(start);
  const after = /[\]}"]: ([a-z][\w .,'-]{0,200})$/.exec(rest)?.[1];
  return `${text.slice(0, start)}${label}${after === undefined ? '' : `: ${after}`}`;
}

/** Where a document cannot be read, decoders quote it around the place: `…error found in #10 byte of ...|…|..., bigger context ...|…|...`. */
function withoutContext(text: string, label: string): string {
  const start = text.indexOf('...|');
  if (start === -1) return text;
  const end = text.lastIndexOf('|...');
  return `${text.slice(0, start)}...|${label}|...${end > start ? text.slice(end + 4) : ''}`;
}

/** What stands where an object should: `accessor error: … is of the type string, expected map[string]interface{}`. */
function withoutAccess(text: string, label: string): string {
  return text.replace(/(\baccessor error: ).+?(?= is of the type )/gs, `$1${label}`);
}

const quoting = /\b(?:(?:Invalid|Duplicate|Unsupported) value|Not found): /g;
const quoted = /"(?:[^"\\]|\\.)*"|[^\s:]+/y;

function maskQuoted(text: string, label: string, closed: boolean): string {
  if (!closed) return text;
  let masked = '';
  let done = 0;
  quoting.lastIndex = 0;
  for (let found = quoting.exec(text); found !== null; found = quoting.exec(text)) {
    quoted.lastIndex = quoting.lastIndex;
    const value = quoted.exec(text)?.[0];
    if (value === undefined) continue;
    masked += `${text.slice(done, quoting.lastIndex)}"${label}"`;
    done = quoting.lastIndex + value.length;
    quoting.lastIndex = done;
  }
  return masked + text.slice(done);
}
