import { type Command, forEachChild, parse, type SyntaxNode } from 'unbash';
import type { Seal } from '../model/seal.ts';
import { wordOf } from './reading.ts';
import { mayPlaceSecrets, type Span, secretsByPlace, secretsInText, secretsInWords } from './secret-arguments.ts';

/**
 * A command as the trail may hold it: passwords, tokens and keys among its arguments are sealed, in scripts within it too. A script that
 * cannot be read is sealed whole. What detectors recognise by its own form is for the caller to seal besides.
 */
export function recordable(command: readonly string[], seal: Seal): string[];
export function recordable(command: string, seal: Seal): string;
export function recordable(command: readonly string[] | string, seal: Seal): string[] | string;
export function recordable(command: readonly string[] | string, seal: Seal): string[] | string {
  if (typeof command === 'string') return sealed(command, secretsInScript(command), seal);
  const spans = secretsInWords(command);
  return command.map((word, index) => {
    return sealed(word, isScript(command, index) ? secretsInScript(word) : (spans[index] ?? []), seal);
  });
}

/**
 * A script in which secrets that nothing but their place tells are replaced (`mysql -p…`, `curl -u user:…`); what is named otherwise is for the
 * caller. A script that cannot be read is looked through as far as it can be.
 */
export function withoutPlaced(script: string, label: string): string {
  if (script.length > MOST_CHARACTERS || !mayPlaceSecrets(script)) return script;
  const spans: Span[] = [];
  function visit(node: SyntaxNode) {
    if (node.type === 'Command') spans.push(...placedInCommand(node));
    forEachChild(node, visit);
  }
  visit(parse(script));
  return sealed(script, spans, () => label);
}

function placedInCommand(command: Command): Span[] {
  const nodes = [...(command.name === undefined ? [] : [command.name]), ...command.args];
  const words = nodes.map((node) => (node.type === 'Word' ? wordOf(node).text : node.text));
  return secretsByPlace(words).flatMap(({ index, start }) => {
    const [node, value = ''] = [nodes[index], words[index]];
    return node === undefined ? [] : located(node.text, value, node.pos, { start, end: value.length });
  });
}

/** What a shell is told to run: the word after an option with `c`. */
function isScript(words: readonly string[], index: number): boolean {
  return (
    index > 0 &&
    /^-[a-z]*c$/.test(words[index - 1] ?? '') &&
    /sh$/.test(words.slice(0, index).find((word) => /sh$/.test(word)) ?? '')
  );
}

function sealed(text: string, spans: readonly Span[], seal: Seal): string {
  let whole = '';
  let done = 0;
  for (const { start, end } of merged(spans)) {
    whole += text.slice(done, start) + seal('CREDENTIAL', text.slice(start, end));
    done = end;
  }
  return whole + text.slice(done);
}

function merged(spans: readonly Span[]): Span[] {
  const all: Span[] = [];
  for (const { start, end } of spans.toSorted((one, other) => one.start - other.start)) {
    const last = all.at(-1);
    if (last !== undefined && start < last.end) last.end = Math.max(last.end, end);
    else if (end > start) all.push({ start, end });
  }
  return all;
}

/** Characters of a script above which it is sealed whole. */
const MOST_CHARACTERS = 64 * 1024;

function secretsInScript(text: string): Span[] {
  const whole = [{ start: 0, end: text.length }];
  if (text.length > MOST_CHARACTERS || /[^\P{Cc}\t\n]/u.test(text)) return whole;
  const spans = secretsInText(text);
  // What is printed into one of these is a password.
  const asksForOne = /\b(chpasswd|passwd|--password-stdin|sudo\s+-\w*S|sshpass)\b|-pass(in|out)?\s+stdin/.test(text);
  let isReadable = true;

  function visit(node: SyntaxNode) {
    if (node.type === 'Script') isReadable &&= !('errors' in node) || (node.errors?.length ?? 0) === 0;
    if (node.type === 'Command') spans.push(...secretsInCommand(node, asksForOne));
    if (node.type === 'HereDoc' && asksForOne) spans.push({ start: node.body.pos, end: node.body.end });
    if (node.type === 'HereString' && asksForOne && node.target !== undefined)
      spans.push({ start: node.target.pos, end: node.target.end });
    // Its places are of another text, so it cannot be sealed in parts.
    if (node.type === 'CommandExpansion' && node.script?.source !== undefined) {
      if (secretsInScript(node.script.source).length > 0) spans.push({ start: node.pos, end: node.end });
      return;
    }
    forEachChild(node, visit);
  }

  visit(parse(text));
  return isReadable ? spans : whole;
}

function secretsInCommand(command: Command, asksForOne: boolean): Span[] {
  const nodes = [
    ...command.prefix.filter((each) => each.type === 'Assignment'),
    ...(command.name === undefined ? [] : [command.name]),
    ...command.args,
  ];
  const values = nodes.map((node) => {
    if (node.type === 'Word') return wordOf(node).text;
    return node.value.type === 'Word' ? `${node.name}=${wordOf(node.value).text}` : node.text;
  });
  const found = secretsInWords(values);
  const isPrinting = asksForOne && /^(echo|printf)$/.test(command.name?.text ?? '');
  return nodes.flatMap(({ text, pos, end }, index) => {
    const value = values[index] ?? '';
    if (isPrinting && index > 0) return [{ start: pos, end }];
    const inside = isScript(values, index) ? secretsInScript(value) : (found[index] ?? []);
    return inside.flatMap((span) => located(text, value, pos, span));
  });
}

/** Where in the source a part of a word's value stands; the whole word where quoting hides it. */
function located(text: string, value: string, pos: number, { start, end }: Span): Span[] {
  if (text === value) return [{ start: pos + start, end: pos + end }];
  const secret = value.slice(start, end);
  const at = text.indexOf(secret);
  if (at < 0 || text.indexOf(secret, at + 1) >= 0) return [{ start: pos, end: pos + text.length }];
  return [{ start: pos + at, end: pos + at + secret.length }];
}
