import type { Command, Pipeline, Redirection as RedirectionNode, Script, Statement } from 'unbash';
import {
  type AndOr,
  type CommandArgument,
  type CommandNode,
  type CompoundList,
  type ParsedScript,
  parse,
} from 'unbash';
import { readExpansions } from './expansions.ts';
import { setVariable } from './names.ts';
import { isLiteral, type Reading, type Redirection, unknown, type Word, wordOf } from './reading.ts';

/**
 * Reads a script as bash would, and says so where another shell of the family might read it otherwise: `sh` may be any of them. Whatever
 * has no rule here is opaque.
 */
export function readScript(text: string, reading: Reading) {
  if (/[^\P{Cc}\t\n]/u.test(text)) return reading.opaque('the script holds a control character');
  readParsed(parse(text), reading);
}

function readParsed(script: ParsedScript | Script, reading: Reading) {
  if ('errors' in script && (script.errors?.length ?? 0) > 0) reading.opaque('the script is not well formed');
  reading.deeper(() => readStatements(script.commands, reading));
}

function readStatements(statements: readonly Statement[], reading: Reading) {
  for (const { command } of statements) readNode(command, reading);
}

function readList(list: CompoundList, reading: Reading) {
  reading.deeper(() => readStatements(list.commands, reading));
}

function readNode(node: CommandNode | Pipeline | AndOr, reading: Reading) {
  switch (node.type) {
    case 'Command':
      return readCommand(node, reading);
    case 'Pipeline':
    case 'AndOr':
      for (const each of node.commands) readNode(each, reading);
      return;
    case 'Redirected': {
      const redirections = readRedirections(node.redirects, reading);
      reading.run([], redirections);
      return readNode(node.command, reading);
    }
    case 'If':
      for (const { clause, then } of [node, ...node.elif]) {
        readList(clause, reading);
        readList(then, reading);
      }
      if (node.else !== undefined) readList(node.else, reading);
      return;
    case 'While':
      readList(node.clause, reading);
      return readList(node.body, reading);
    case 'For':
      setVariable(node.name.text, reading);
      for (const word of node.wordlist ?? []) readWord(word, reading);
      return readList(node.body, reading);
    case 'Case':
      readWord(node.word, reading);
      for (const { pattern, body } of node.items) {
        for (const word of pattern) readWord(word, reading);
        readList(body, reading);
      }
      return;
    case 'Subshell':
    case 'BraceGroup':
      return readList(node.body, reading);
    case 'Function':
      return reading.opaque('a function may stand in the place of any program');
    default:
      // `[[`, `((`, `select` and `coproc` are programs, or something else altogether, to other shells.
      return reading.opaque('not every shell reads this script in the same way');
  }
}

function readCommand(command: Command, reading: Reading) {
  const { name, prefix, suffix } = command;
  for (const each of prefix) if (each.type === 'Assignment') readAssignment(each, reading);
  const words: Word[] = name === undefined ? [] : [readWord(name, reading)];
  for (const each of suffix) {
    if (each.type === 'Word' || each.type === 'Assignment') words.push(readArgument(each, reading));
  }
  // `ls &>log rm` is one command to bash; to others `ls &`, and then `rm` into the log.
  const last = suffix.at(-1);
  for (const each of command.redirects) {
    if (each.type === 'Redirect' && each.operator.startsWith('&') && each !== last)
      reading.opaque('not every shell reads &> in the same way');
  }
  reading.run(words, readRedirections(command.redirects, reading));
}

function readAssignment(node: Extract<CommandArgument, { type: 'Assignment' }>, reading: Reading): Word {
  const { name, value, append, index, text } = node;
  if (append === true || index !== undefined || value.type === 'ArrayValue') {
    reading.opaque('not every shell knows arrays');
    return unknown(text);
  }
  setVariable(name, reading);
  readWord(value, reading);
  return unknown(text);
}

/** What looks like an assignment after the program is a word to most programs, as in `dd if=a of=b`. */
function readArgument(node: CommandArgument, reading: Reading): Word {
  if (node.type === 'Word') return readWord(node, reading);
  const { name, value, append, index, text } = node;
  if (append === true || index !== undefined || value.type === 'ArrayValue') {
    reading.opaque('not every shell knows arrays');
    return unknown(text);
  }
  const word = readWord(value, reading);
  return { ...word, text: `${name}=${word.text}` };
}

function readWord(node: Parameters<typeof wordOf>[0], reading: Reading): Word {
  readExpansions(node.parts ?? [], inner(reading));
  return wordOf(node);
}

function readRedirections(nodes: readonly RedirectionNode[], reading: Reading): Redirection[] {
  return nodes.map((node) => {
    if (node.descriptor?.type === 'FileDescriptorVariable') reading.opaque('not every shell knows {name}>');
    if (node.type === 'HereDoc') {
      readExpansions(node.body.parts ?? [], inner(reading));
      return { operator: node.operator };
    }
    const { operator, target } = node;
    if (target === undefined) return { operator };
    const word = readWord(target, reading);
    if (node.type === 'HereString') return { operator };
    if (!isLiteral(word)) reading.opaque('it is not known beforehand which file is opened');
    else if (/^\/dev\/(tcp|udp)\//.test(word.text)) reading.opaque('the shell itself opens a connection');
    return { operator, target: word };
  });
}

const inner = (reading: Reading) => ({ reading, script: (script: ParsedScript) => readParsed(script, reading) });
